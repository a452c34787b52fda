import assert from "node:assert/strict";
import fc from "fast-check";
import { cpio, FILE, FOLDER, LINK } from "./cpio.ts";

const text = new TextDecoder();

/** Reads the format as it is described, without looking at how it is written. */
function members(archive: Uint8Array): { path: string; mode: number; data: Uint8Array }[] {
  const found = [];
  for (let at = 0; at < archive.length;) {
    assert.equal(at % 4, 0, "each member begins at a multiple of 4");
    assert.equal(text.decode(archive.subarray(at, at + 6)), "070701");
    const field = (index: number) =>
      parseInt(text.decode(archive.subarray(at + 6 + index * 8, at + 14 + index * 8)), 16);
    const [mode, size, nameSize] = [field(1), field(6), field(11)];
    const path = text.decode(archive.subarray(at + 110, at + 110 + nameSize - 1));
    const start = Math.ceil((at + 110 + nameSize) / 4) * 4;
    found.push({ path, mode, data: archive.slice(start, start + size) });
    at = Math.ceil((start + size) / 4) * 4;
  }
  return found;
}

Deno.test("cpio() gives back any members, in order, and ends with TRAILER!!! (newc)", () => {
  const member = fc.record({
    path: fc.stringMatching(/^[a-z./ä]{1,30}$/),
    mode: fc.constantFrom(FILE, FOLDER, LINK),
    data: fc.uint8Array({ maxLength: 40 }),
  }, { noNullPrototype: true });
  fc.assert(fc.property(fc.array(member, { maxLength: 8 }), (wanted) => {
    const found = members(cpio(wanted));
    assert.equal(found.pop()?.path, "TRAILER!!!");
    assert.deepEqual(found, wanted);
  }));
});
