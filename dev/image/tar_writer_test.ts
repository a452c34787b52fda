import assert from "node:assert/strict";
import fc from "fast-check";
import { type TarMember, TarReader } from "../../registry/tar.ts";
import { type TarEntry, tarPieces } from "./tar_writer.ts";

const MTIME = 1_700_000_000;

function read(entries: readonly TarEntry[]): { path: string; type: string; content: string }[] {
  const found: { path: string; type: string; content: string }[] = [];
  const decoder = new TextDecoder();
  const reader = new TarReader({
    member: ({ path, type }: TarMember) => void found.push({ path, type, content: "" }),
    data: (bytes) => void (found.at(-1)!.content += decoder.decode(bytes)),
    end() {},
  });
  for (const piece of tarPieces(entries, MTIME)) reader.push(piece);
  reader.finish();
  return found;
}

const file = (path: string, text = ""): TarEntry => ({ type: "file", path, content: new TextEncoder().encode(text) });

Deno.test("tarPieces(): a header is as POSIX.1-1988 lays it out", () => {
  const [block] = tarPieces([file("disk/a", "hello")], MTIME);
  const text = (at: number, length: number) => new TextDecoder().decode(block!.subarray(at, at + length));
  assert.equal(block!.length, 512);
  assert.equal(text(0, 7), "disk/a\0");
  assert.deepEqual([text(100, 8), text(124, 12), text(136, 12)], ["0000644\0", "00000000005\0", "14524770400\0"]);
  assert.deepEqual([text(156, 1), text(257, 8)], ["0", "ustar\x0000"]);
  assert.match(text(148, 8), /^[0-7]{6}\0 $/);
});

Deno.test("tarPieces(): archives end with empty blocks, in records of 10 KiB (POSIX.1-1988)", () => {
  for (const size of [0, 1, 511, 512, 513, 10 * 1024]) {
    const all = [...tarPieces([file("f", "x".repeat(size))], MTIME)];
    const length = all.reduce((sum, piece) => sum + piece.length, 0);
    assert.equal(length % 10_240, 0);
    assert.ok(all.at(-1)!.length >= 1024 && all.at(-1)!.every((byte) => byte === 0));
  }
});

Deno.test("tarPieces(): names that do not fit into a header are in pax records (POSIX.1-2001)", () => {
  const names = [
    "x".repeat(99),
    "x".repeat(100),
    "x".repeat(101),
    `${"d".repeat(155)}/${"f".repeat(100)}`,
    `${"d".repeat(156)}/${"f".repeat(100)}`,
    `a/${"f".repeat(101)}`,
    `${"d/".repeat(300)}f`,
    "größe/文件",
    // The length that begins a record counts its own digits: around a power of ten it has one more than what it counts.
    ...Array.from({ length: 16 }, (_, i) => "y".repeat(985 + i)),
  ];
  assert.deepEqual(read(names.map((name) => file(name, "x"))).map(({ path }) => path), names);
});

Deno.test("tarPieces(): folders end with a slash, and no header has a prefix without a name", () => {
  for (const path of ["d".repeat(99), "d".repeat(100), "d".repeat(120), `${"p".repeat(50)}/${"d".repeat(99)}`]) {
    for (const block of tarPieces([{ type: "directory", path }], MTIME)) {
      if (new TextDecoder().decode(block.subarray(257, 262)) === "ustar") assert.notEqual(block[0], 0, path);
    }
    assert.deepEqual(read([{ type: "directory", path }]), [{ path: `${path}/`, type: "directory", content: "" }]);
  }
});

Deno.test("tarPieces(): our reader finds what was written", () => {
  const name = fc.array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 12 })
    .map((parts) => parts.map((part) => part.replaceAll(/[/\0]/g, "_")).join("/"));
  const entry = fc.oneof(
    fc.record({ path: name, text: fc.string({ maxLength: 1200 }) }).map(({ path, text }) => file(path, text)),
    name.map((path): TarEntry => ({ type: "directory", path })),
  );
  fc.assert(fc.property(fc.array(entry, { maxLength: 5 }), (entries) => {
    const decoder = new TextDecoder();
    assert.deepEqual(
      read(entries),
      entries.map((it) => ({
        path: it.type === "directory" ? `${it.path}/` : it.path,
        type: it.type,
        content: it.type === "directory" ? "" : decoder.decode(it.content),
      })),
    );
  }));
});
