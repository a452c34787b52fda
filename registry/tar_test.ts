import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { LayerError, PullError } from "./errors.ts";
import { ImageTree } from "./layer.ts";
import { type TarMember, TarReader } from "./tar.ts";

const encoder = new TextEncoder();

/** What a test's archive is made of. */
interface Part {
  name: string;
  type?: string;
  link?: string;
  data?: Uint8Array | string;
  /** Overrides the size field. */
  size?: number;
  /** Writes more into the header before its checksum is taken. */
  header?: (block: Uint8Array) => void;
}

/** The test's own writer of ustar headers; names beyond 100 bytes are cut. */
function write(parts: readonly Part[], end = true): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (const { name, type = "0", link = "", data = "", size, header } of parts) {
    const bytes = typeof data === "string" ? encoder.encode(data) : data;
    const block = new Uint8Array(512);
    const put = (at: number, text: string) => block.set(encoder.encode(text), at);
    block.set(encoder.encode(name).subarray(0, 100), 0);
    put(100, "0000644\0");
    put(124, (size ?? bytes.length).toString(8).padStart(11, "0") + "\0");
    put(156, type);
    block.set(encoder.encode(link).subarray(0, 100), 157);
    put(257, "ustar\x0000");
    header?.(block);
    put(148, "        ");
    put(148, block.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, "0") + "\0 ");
    blocks.push(block, bytes, new Uint8Array(-bytes.length & 511));
  }
  if (end) blocks.push(new Uint8Array(1024));
  // A Buffer's slice shares its bytes; a Uint8Array's does not.
  return new Uint8Array(Buffer.concat(blocks));
}

const pax = (records: readonly (readonly [string, string])[]): Part => ({
  name: "pax",
  type: "x",
  data: records.map(([key, value]) => {
    const rest = encoder.encode(` ${key}=${value}\n`).length;
    let length = rest + 1;
    while (String(length).length + rest !== length) length++;
    return `${length} ${key}=${value}\n`;
  }).join(""),
});

interface Read extends TarMember {
  content: Uint8Array;
}

/** Reads an archive that comes in pieces of the given size. */
function read(archive: Uint8Array, piece = archive.length): Read[] {
  const members: Read[] = [];
  const reader = new TarReader({
    member: (member) => void members.push({ ...member, content: new Uint8Array(Math.min(member.size, 1 << 20)) }),
    data: (bytes, offset) => members.at(-1)!.content.set(bytes, offset),
    end() {},
  });
  for (let at = 0; at < archive.length; at += piece) reader.push(archive.subarray(at, at + piece));
  reader.finish();
  return members;
}

const name = fc.stringMatching(/^[a-z./ü]{1,40}$/);
const content = fc.uint8Array({ maxLength: 2000 });

Deno.test("TarReader reads back what a writer wrote, in pieces of any size", () => {
  const members = fc.array(fc.record({ path: name, long: fc.boolean(), content }), { maxLength: 6 });
  fc.assert(
    fc.property(members, fc.integer({ min: 1, max: 1500 }), (members, piece) => {
      const parts = members.flatMap(({ path, long, content }) => {
        const full = long ? path.padEnd(180, "x") : path;
        const file = { name: full, data: content };
        return long ? [{ name: "././@LongLink", type: "L", data: full + "\0" }, file] : [file];
      });
      const wanted = members.map((
        { path, long, content },
      ) => [long ? path.padEnd(180, "x") : path, Buffer.from(content)]);
      assert.deepEqual(read(write(parts), piece).map((m) => [m.path, Buffer.from(m.content)]), wanted);
    }),
    { seed: 7, numRuns: 300 },
  );
});

const CASES: readonly (readonly [name: string, parts: readonly Part[], wanted: string])[] = [
  ["a file", [{ name: "a", data: "x" }], "file a 1"],
  [
    "pax path, linkpath and size",
    [pax([["path", "p"], ["size", "3"]]), { name: "a", data: "xyz", size: 0 }],
    "file p 3",
  ],
  ["pax records hold for one member", [pax([["path", "p"]]), { name: "a" }, { name: "b" }], "file p 0;file b 0"],
  ["an empty pax value means the header's", [pax([["path", ""]]), { name: "a" }], "file a 0"],
  ["a global pax header changes no member", [{ ...pax([["path", "p"]]), type: "g" }, { name: "a" }], "file a 0"],
  [
    "a GNU long link",
    [{ name: "l", type: "K", data: "t".repeat(120) + "\0" }, { name: "a", type: "2" }],
    `symlink a 0 ${"t".repeat(120)}`,
  ],
  [
    "a hard link has no data, whatever its size says",
    [{ name: "a", type: "1", link: "b", size: 700 }, { name: "c" }],
    "hardlink a 0 b;file c 0",
  ],
  ["a directory of old tar: a name that ends with a slash", [{ name: "d/", type: "\0" }], "directory d/ 0"],
  ["a device", [{ name: "d", type: "3" }], "other d 0"],
  ["an unknown type with data", [{ name: "d", type: "V", data: "label" }, { name: "a" }], "other d 0;file a 0"],
  ["a contiguous file", [{ name: "d", type: "7", data: "x" }], "file d 1"],
  ["a prefix", [{ name: "n", header: (b) => b.set(encoder.encode("dir"), 345) }], "file dir/n 0"],
  ["a size in base 256", [{
    name: "n",
    data: "abc",
    header: (b) => b.set([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3], 124),
  }], "file n 3"],
];
for (const [title, parts, wanted] of CASES) {
  Deno.test(`TarReader: ${title}`, () => {
    const show = ({ type, path, size, link }: Read) => `${type} ${path} ${size}${link === "" ? "" : ` ${link}`}`;
    assert.equal(read(write(parts)).map(show).join(";"), wanted);
  });
}

const REFUSED: readonly (readonly [name: string, archive: () => Uint8Array, message: RegExp])[] = [
  ["a wrong checksum", () => write([{ name: "a" }]).fill(1, 0, 1), /checksum/],
  ["an end inside a header", () => write([{ name: "a" }]).subarray(0, 300), /ends in the middle/],
  [
    "an end inside data",
    () => write([{ name: "a", data: "x".repeat(600) }], false).subarray(0, 1000),
    /ends in the middle/,
  ],
  [
    "an end inside data of the last block",
    () => write([{ name: "a", data: "xyz" }], false).subarray(0, 514),
    /ends in the middle/,
  ],
  [
    "an end inside the padding of a name",
    () => write([{ name: "l", type: "L", data: "x" }], false).subarray(0, 600),
    /ends in the middle/,
  ],
  ["an end after a pax header", () => write([pax([["path", "p"]])], false), /ends in the middle/],
  ["more after one zero block", () => Buffer.concat([new Uint8Array(512), write([{ name: "a" }])]), /goes on/],
  ["a name without end", () => write([{ name: "l", type: "L", size: 2 ** 21 }]), /announces 2097152 bytes/],
  ["a negative size", () => write([{ name: "a", header: (b) => b.fill(0xff, 124, 136) }]), /negative/],
  [
    "an absurd size",
    () => write([{ name: "a", header: (b) => b.set([0x80, 0x7f, 255, 255, 255, 255], 124) }]),
    /too large/,
  ],
  ["letters as a size", () => write([{ name: "a", header: (b) => b.set(encoder.encode("9x"), 124) }]), /no number/],
  [
    "a pax record with a wrong length",
    () => write([{ name: "p", type: "x", data: "99 path=a\n" }]),
    /malformed record/,
  ],
  ["a pax record without length", () => write([{ name: "p", type: "x", data: "path=a\n" }]), /malformed record/],
  [
    "a sparse map out of order",
    () => write([pax([["GNU.sparse.size", "10"], ["GNU.sparse.map", "5,2,1,2"]]), { name: "a", data: "1234" }]),
    /out of order/,
  ],
  [
    "a sparse map beyond the file",
    () => write([pax([["GNU.sparse.size", "3"], ["GNU.sparse.map", "0,4"]]), { name: "a", data: "1234" }]),
    /out of order/,
  ],
  [
    "a sparse map that does not fit the data",
    () => write([pax([["GNU.sparse.size", "9"], ["GNU.sparse.map", "0,3"]]), { name: "a", data: "1234" }]),
    /map says 3/,
  ],
  [
    "a sparse format of the future",
    () => write([pax([["GNU.sparse.major", "2"], ["GNU.sparse.size", "9"]]), { name: "a" }]),
    /unknown format 2/,
  ],
];
for (const [title, archive, message] of REFUSED) {
  Deno.test(`TarReader refuses ${title}`, () => {
    assert.throws(() => read(archive()), (error) => error instanceof LayerError && message.test(error.message));
  });
}

Deno.test("an archive may end without padding and without zero blocks, as umoci insert writes it and Go reads it", () => {
  const archive = write([{ name: "a", data: "x".repeat(600) }, { name: "b", data: "xyz" }], false);
  for (const length of [archive.length - 512 + 3, archive.length - 100, archive.length]) {
    assert.deepEqual(read(archive.subarray(0, length)).map(({ path, size }) => [path, size]), [["a", 600], ["b", 3]]);
  }
});

Deno.test("what follows the end of an archive is ignored", () => {
  assert.equal(read(Buffer.concat([write([{ name: "a" }]), new Uint8Array(3000).fill(7)])).length, 1);
});

/** One run of 4 bytes at 8 in a file of 64. */
function oldSparse(block: Uint8Array): void {
  block.set(encoder.encode("00000000010\x0000000000004\0"), 386);
  block.set(encoder.encode("00000000100\0"), 483);
}

/** Small and fast, so that a failure can be repeated. */
function mulberry(seed: number): () => number {
  return () => {
    seed = seed + 0x6d2b79f5 | 0;
    let t = Math.imul(seed ^ seed >>> 15, 1 | seed);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return (t ^ t >>> 14) >>> 0;
  };
}

Deno.test("200,000 damaged archives: an error of ours or a tree, never more", () => {
  const random = mulberry(20261123);
  const archives = [
    [
      pax([["GNU.sparse.major", "1"], ["GNU.sparse.minor", "0"], ["GNU.sparse.realsize", "2000"], ["path", "disk/p"]]),
      { name: "x", data: "1\n100\n4\n".padEnd(512, "\0") + "data" },
    ],
    [{ name: "././@LongLink", type: "L", data: "disk/long\0" }, { name: "disk/lo", data: "hello" }],
    [{ name: "disk/old", type: "S", data: "abcd", header: oldSparse }],
    [{ name: "disk/a" }, { name: "disk/h", type: "1", link: "disk/a" }, { name: "disk/s", type: "2", link: "h" }],
    [{ name: "disk/", type: "5" }, { name: "disk/s" }, { name: "disk/.wh.s" }],
  ].map((parts) => write(parts));
  for (const archive of archives) assert.ok(read(archive).length > 0);
  let whole = 0;
  for (let i = 0; i < 200_000; i++) {
    const archive = archives[random() % archives.length]!;
    const copy = archive.slice(0, random() % 8 === 0 ? random() % archive.length : archive.length);
    for (let changes = random() % 3; changes >= 0; changes--) copy[random() % copy.length] = random();
    // Half of them get right checksums, to come past the first gate.
    if (i % 2 === 0) { for (let at = 0; at < copy.length; at += 512) repair(copy, at); }
    const tree = new ImageTree();
    tree.beginLayer();
    const reader = new TarReader({
      member: ({ type, path, link, size }) => {
        if (type === "file") tree.file(path, size);
        else if (type === "symlink") tree.symlink(path, link);
        else if (type === "hardlink") tree.hardLink(path, link);
        else if (type === "directory") tree.directory(path);
        else tree.special(path);
      },
      data: (bytes, offset) => assert.ok(bytes.length > 0 && offset >= 0),
      end() {},
    });
    try {
      reader.push(copy);
      reader.finish();
      tree.index();
      whole++;
    } catch (error) {
      if (!(error instanceof PullError)) throw error;
    }
  }
  assert.ok(whole > 1000 && whole < 199_000, `${whole} were whole`);
});

/** Where the block looks like a header: its checksum again. */
function repair(archive: Uint8Array, at: number): void {
  if (at + 512 > archive.length || archive[at + 257] !== 0x75) return;
  archive.fill(32, at + 148, at + 156);
  let sum = 0;
  for (let i = 0; i < 512; i++) sum += archive[at + i]!;
  archive.set(encoder.encode(sum.toString(8).padStart(6, "0") + "\0 "), at + 148);
}
