import { Buffer } from "node:buffer";
import { deepEqual, equal, ok } from "node:assert/strict";
import { ContentStore, explainDiskError } from "./content_store.ts";
import { CacheFullError } from "./errors.ts";

/** Puts contents, each in pieces, into a new folder; reads them back by what the store says of their place. */
async function roundTrip(contents: readonly { size: number; pieces: readonly (readonly [number, Uint8Array])[] }[]) {
  const folder = await Deno.makeTempDir();
  try {
    using store = new ContentStore(folder, "move it");
    for (const [id, { size, pieces }] of contents.entries()) {
      store.begin({ id, size });
      for (const [offset, bytes] of pieces) store.write(bytes, offset);
      store.end();
    }
    store.finish(new Set(contents.keys()));
    const files = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    const read = contents.map(({ size }, id) => {
      const at = store.packedAt(id);
      const whole = Deno.readFileSync(`${folder}/${at < 0 ? id : "pack"}`);
      return at < 0 ? whole : whole.subarray(at, at + size);
    });
    return { files, read };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const filled = (size: number, seed: number) => new Uint8Array(size).map((_, i) => (i * 31 + seed) & 255);

Deno.test("ContentStore keeps small contents in one pack and large ones in files of their own, byte for byte", async () => {
  const sizes = [10, 300_000, 0, 262_144, 262_145, 1, ...Array.from({ length: 100 }, (_, i) => 100_000 + i)];
  const wanted = sizes.map(filled);
  const { files, read } = await roundTrip(
    wanted.map((bytes) => {
      const half = bytes.length >> 1;
      return { size: bytes.length, pieces: [[0, bytes.subarray(0, half)], [half, bytes.subarray(half)]] };
    }),
  );
  deepEqual(files, ["1", "4", "pack"]);
  for (const [i, bytes] of wanted.entries()) equal(Buffer.compare(read[i]!, bytes), 0, `content ${i}`);
});

Deno.test("ContentStore fills holes with zeros, small and large (sparse files)", async () => {
  const part = filled(5, 1);
  const { read } = await roundTrip([
    { size: 20, pieces: [[3, part]] },
    { size: 300_000, pieces: [[1000, part]] },
    { size: 20, pieces: [] },
  ]);
  for (const [i, [size, at]] of ([[20, 3], [300_000, 1000]] as const).entries()) {
    const wanted = new Uint8Array(size);
    wanted.set(part, at);
    equal(Buffer.compare(read[i]!, wanted), 0);
  }
  deepEqual(read[2], new Uint8Array(20));
});

Deno.test("ContentStore makes the pack also when all contents are empty", async () => {
  deepEqual((await roundTrip([{ size: 0, pieces: [] }])).files, ["pack"]);
});

Deno.test("ContentStore removes large contents that no name leads to any more", async () => {
  const folder = await Deno.makeTempDir();
  try {
    using store = new ContentStore(folder, "move it");
    for (const id of [0, 1]) {
      store.begin({ id, size: 300_000 });
      store.write(filled(300_000, id), 0);
      store.end();
    }
    store.finish(new Set([1]));
    deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["1"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a full disk is told in the words of whoever opened the cache", () => {
  const error = explainDiskError({ code: "ENOSPC" }, "/cache", "name another with --state");
  ok(error instanceof CacheFullError);
  equal(error.message, "the disk of cache folder /cache is full; free space there or name another with --state");
});
