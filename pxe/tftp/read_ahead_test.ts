import assert from "node:assert/strict";
import fc from "fast-check";
import { fileSource, type OpenFile } from "./file_source.ts";
import { MAX_BLOCK_SIZE, MAX_WINDOW } from "./options.ts";
import type { Mode } from "./packet.ts";
import { MemorySource, pieceBytesFor, SourceTooShort } from "./read_ahead.ts";

/** A file in memory that reads as little at a time as it likes, and counts. */
class FakeFile implements OpenFile {
  closed = 0;
  reads = 0;
  #at = 0;
  constructor(readonly bytes: Uint8Array, readonly most: number) {}
  read(target: Uint8Array): Promise<number | null> {
    assert.equal(this.closed, 0, "read after close");
    this.reads++;
    const piece = this.bytes.subarray(this.#at, this.#at + Math.min(this.most, target.length));
    target.set(piece);
    this.#at += piece.length;
    return Promise.resolve(piece.length === 0 ? null : piece.length);
  }
  seek(offset: number): Promise<number> {
    return Promise.resolve(this.#at = offset);
  }
  close(): void {
    this.closed++;
  }
}
const bytesOf = (size: number) => Uint8Array.from({ length: size }, (_, i) => (i * 7 + (i >> 8)) & 0xff);

Deno.test("fileSource() gives every byte through windows that move forward, and closes the file once at its end", async () => {
  await fc.assert(fc.asyncProperty(
    fc.nat(300),
    fc.integer({ min: 10, max: 90 }),
    fc.integer({ min: 1, max: 100 }),
    fc.constantFrom<Mode>("octet", "netascii"),
    async (size, pieceBytes, most, mode) => {
      // What lies before and behind in the same file is none of it.
      const offset = size % 7;
      const content = bytesOf(size);
      const file = new FakeFile(Uint8Array.from([...bytesOf(offset), ...content, 10, 13, 10]), most);
      const source = await fileSource(file, { offset, size, mode, pieceBytes });
      const out = new Uint8Array(source.size);
      const window = Math.min(10, pieceBytes);
      for (let at = 0; at < out.length; at += 3) {
        const end = Math.min(at + window, out.length);
        await source.need(at, at + window);
        const target = new Uint8Array(end - at);
        source.copy(at, target);
        out.set(target, at);
      }
      const plain = [...content];
      assert.deepEqual(
        [...out],
        mode === "octet" ? plain : plain.flatMap((b) => b === 10 ? [13, 10] : b === 13 ? [13, 0] : [b]),
      );
      assert.equal(file.closed, 1);
      await source.close();
      assert.equal(file.closed, 1);
    },
  ));
});

Deno.test("fileSource() reads ahead one piece and no more, and closes an unfinished file when told", async () => {
  const file = new FakeFile(bytesOf(100), 10);
  const source = await fileSource(file, { offset: 0, size: 100, mode: "octet", pieceBytes: 10 });
  await source.need(0, 5);
  await source.need(0, 5);
  await source.need(0, 15);
  assert.equal(file.reads, 2);
  assert.equal(source.need(0, 20), undefined);
  assert.equal(file.closed, 0);
  await source.close();
  assert.equal(file.closed, 1);
});

Deno.test("a file that is shorter than announced is an error that says so", async () => {
  const source = await fileSource(new FakeFile(bytesOf(12), 5), {
    offset: 0,
    size: 100,
    mode: "octet",
    pieceBytes: 10,
  });
  await source.need(0, 10);
  await assert.rejects(async () => await source.need(10, 20), SourceTooShort);
  await source.close();
});

Deno.test("a file that cannot be converted is closed", async () => {
  const file = new FakeFile(bytesOf(12), 5);
  file.read = () => Promise.reject(new Error("input/output error"));
  await assert.rejects(
    fileSource(file, { offset: 0, size: 12, mode: "netascii", pieceBytes: 10 }),
    /input\/output error/,
  );
  assert.equal(file.closed, 1);
});

Deno.test("pieceBytesFor() holds any window, and less the more transfers share the memory", () => {
  const largest = MAX_BLOCK_SIZE * MAX_WINDOW;
  for (const transfers of [1, 32, 33, 128, 129, 512]) assert.ok(pieceBytesFor(transfers, largest) >= largest);
  const pieces = [1, 32, 33, 128, 129, 512].map((transfers) => pieceBytesFor(transfers, 512) / 1024);
  assert.deepEqual(pieces, [512, 512, 128, 128, 32, 32]);
});

Deno.test("MemorySource has its bytes at hand", () => {
  const source = new MemorySource(bytesOf(20));
  const target = new Uint8Array(5);
  source.copy(10, target);
  assert.equal(source.need(), undefined);
  assert.deepEqual(target, bytesOf(20).subarray(10, 15));
});
