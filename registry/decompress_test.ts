import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { type Compression, compressionOf, decompressor } from "./decompress.ts";
import { LayerError, PullError, TooLargeError, UnsupportedError } from "./errors.ts";
import { ZstdFrames } from "./zstd_frames.ts";

const text = new Uint8Array(300_000).map((_, i) => (i * i) >> 7);
const gzip = new Uint8Array(gzipSync(text));
const zstd = new Uint8Array(zstdCompressSync(text));
const skip = Uint8Array.of(0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9);
const join = (...parts: Uint8Array[]) => new Uint8Array(parts.flatMap((part) => [...part]));

async function unpack(compression: Compression, bytes: Uint8Array, piece: number): Promise<Uint8Array> {
  const out: Uint8Array[] = [];
  const stream = decompressor(compression, (part) => void out.push(part.slice()));
  try {
    for (let at = 0; at < bytes.length; at += piece) await stream.write(bytes.subarray(at, at + piece));
    await stream.finish();
  } finally {
    stream.close();
  }
  return join(...out);
}

const GOOD: readonly (readonly [name: string, compression: Compression, bytes: Uint8Array, times: number])[] = [
  ["gzip", "gzip", gzip, 1],
  ["gzip of two members", "gzip", join(gzip, gzip), 2],
  ["gzip with zeros behind it", "gzip", join(gzip, new Uint8Array(100)), 1],
  ["zstd", "zstd", zstd, 1],
  ["zstd of two frames", "zstd", join(zstd, zstd), 2],
  ["zstd with frames to skip", "zstd", join(skip, zstd, skip, zstd, skip), 2],
  ["no compression", "none", text, 1],
];
for (const [name, compression, bytes, times] of GOOD) {
  Deno.test(`decompressor(): ${name}, in pieces of any size`, async () => {
    for (const piece of [bytes.length, 4099, 997]) {
      const out = await unpack(compression, bytes, piece);
      assert.equal(out.length, text.length * times);
      assert.deepEqual(out.subarray(0, text.length), text);
      assert.deepEqual(out.subarray(-text.length), text);
    }
  });
}

const BAD: readonly (readonly [name: string, compression: Compression, bytes: Uint8Array])[] = [
  ["gzip cut short", "gzip", gzip.subarray(0, -9)],
  ["gzip with a wrong checksum", "gzip", gzip.with(gzip.length - 6, gzip[gzip.length - 6]! ^ 1)],
  ["no gzip", "gzip", text],
  ["zstd cut short", "zstd", zstd.subarray(0, -3)],
  ["zstd cut in its second frame", "zstd", join(zstd, zstd.subarray(0, 40))],
  ["zstd with garbage behind it", "zstd", join(zstd, Uint8Array.of(1, 2, 3, 4, 5))],
  ["zstd with a content size that is wrong", "zstd", zstd.with(6, zstd[6]! ^ 1)],
];
for (const [name, compression, bytes] of BAD) {
  Deno.test(`decompressor() refuses ${name}`, async () => {
    await assert.rejects(unpack(compression, bytes, 4096), LayerError);
  });
}

Deno.test("an error of who takes the output comes out of write()", async () => {
  for (const [compression, bytes] of [["gzip", gzip], ["zstd", zstd], ["none", text]] as const) {
    const stream = decompressor(compression, () => {
      throw new TooLargeError("full");
    });
    await assert.rejects(async () => {
      await stream.write(bytes);
      await stream.finish();
    }, TooLargeError);
    stream.close();
  }
});

Deno.test("compressionOf() trusts the bytes, not the media type", () => {
  assert.equal(compressionOf(gzip), "gzip");
  assert.equal(compressionOf(zstd), "zstd");
  assert.equal(compressionOf(skip), "zstd");
  assert.equal(compressionOf(new TextEncoder().encode("disk/file")), "none");
  assert.equal(compressionOf(new Uint8Array(0)), "none");
  assert.throws(() => compressionOf(Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0)), UnsupportedError);
  assert.throws(() => compressionOf(new TextEncoder().encode("BZh91AY")), /packed with bzip2/);
});

Deno.test("ZstdFrames follows frames cut anywhere, and refuses windows that are memory", () => {
  const frames = join(skip, zstd, skip, zstd);
  for (let cut = 1; cut < 60; cut++) {
    const splitter = new ZstdFrames();
    const parts = [...splitter.push(frames.subarray(0, cut)), ...splitter.push(frames.subarray(cut))];
    splitter.finish();
    assert.deepEqual(join(...parts.map(({ bytes }) => bytes)), join(zstd, zstd), `cut at ${cut}`);
    assert.equal(parts.filter(({ last }) => last).length, 2);
  }
  const wide = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 0, 0, 0);
  assert.throws(() => [...new ZstdFrames().push(wide)], TooLargeError);
});

Deno.test("200,000 damaged zstd streams: an error of ours or pieces, never a hang", () => {
  const frame = join(skip, new Uint8Array(zstdCompressSync(text.subarray(0, 200))), skip);
  let seed = 3;
  const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
  let whole = 0;
  for (let i = 0; i < 200_000; i++) {
    const copy = frame.slice(0, random(4) === 0 ? random(frame.length) : frame.length);
    for (let changes = random(3); changes > 0 && copy.length > 0; changes--) copy[random(copy.length)] = random(256);
    const splitter = new ZstdFrames();
    try {
      for (const { bytes } of splitter.push(copy)) assert.ok(bytes.length <= copy.length);
      splitter.finish();
      whole++;
    } catch (error) {
      if (!(error instanceof PullError)) throw error;
    }
  }
  assert.ok(whole > 1000 && whole < 199_000);
});
