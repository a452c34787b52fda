import assert from "node:assert/strict";
import fc from "fast-check";
import { fat16 } from "./fat16.ts";

/** Reads a file system as the FAT specification describes it, without looking at how it is written. */
function read(image: Uint8Array): Record<string, Uint8Array> {
  const view = new DataView(image.buffer);
  const sector = view.getUint16(11, true);
  const cluster = image[13]! * sector;
  const fatAt = view.getUint16(14, true) * sector;
  const rootAt = fatAt + image[16]! * view.getUint16(22, true) * sector;
  const dataAt = rootAt + view.getUint16(17, true) * 32;
  const chain = (first: number): Uint8Array => {
    const pieces: number[] = [];
    for (let at = first; at < 0xfff8; at = view.getUint16(fatAt + at * 2, true)) {
      const start = dataAt + (at - 2) * cluster;
      pieces.push(...image.subarray(start, start + cluster));
    }
    return Uint8Array.from(pieces);
  };
  const files: Record<string, Uint8Array> = {};
  const folder = (bytes: Uint8Array, path: string) => {
    for (let at = 0; at < bytes.length && bytes[at] !== 0; at += 32) {
      const entry = new DataView(bytes.buffer, bytes.byteOffset + at, 32);
      const raw = new TextDecoder().decode(bytes.subarray(at, at + 11));
      if (raw.startsWith(".")) continue;
      const extension = raw.slice(8).trim();
      const name = `${path}${raw.slice(0, 8).trim()}${extension === "" ? "" : `.${extension}`}`;
      const first = entry.getUint16(26, true);
      const content = first === 0 ? new Uint8Array(0) : chain(first);
      if (bytes[at + 11] === 0x10) folder(content, `${name}/`);
      else files[name] = content.slice(0, entry.getUint32(28, true));
    }
  };
  folder(image.slice(rootAt, dataAt), "");
  return files;
}

Deno.test("fat16() gives back any files in any folders", () => {
  const name = fc.stringMatching(/^[A-Z0-9]{1,8}(\.[A-Z]{1,3})?$/);
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/"));
  const files = fc.dictionary(path, fc.uint8Array({ maxLength: 3000 }), { maxKeys: 6 })
    // A path cannot be a file and a folder.
    .filter((found) => Object.keys(found).every((a) => !Object.keys(found).some((b) => b.startsWith(`${a}/`))));
  fc.assert(
    fc.property(files, (wanted) => assert.deepEqual(read(fat16(wanted, { hiddenSectors: 0 })), { ...wanted })),
    { numRuns: 30 },
  );
});

Deno.test("fat16() folds names to upper case and folders may be longer than a cluster", () => {
  const files = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`efi/f${i}`, Uint8Array.of(i)]));
  const found = read(fat16(files, { hiddenSectors: 0 }));
  assert.equal(Object.keys(found).length, 40);
  assert.deepEqual(found["EFI/F39"], Uint8Array.of(39));
});

Deno.test("fat16() is FAT16 by its number of clusters (FAT specification, FAT type determination)", () => {
  for (const [size, perCluster] of [[0, 1], [2_200_000, 1], [5_000_000, 2], [22_000_000, 8], [70_000_000, 32]]) {
    const image = fat16({ "a": new Uint8Array(size!) }, { hiddenSectors: 2048 });
    const view = new DataView(image.buffer);
    const sectors = view.getUint16(19, true) || view.getUint32(32, true);
    assert.equal(image[13], perCluster, `sectors a cluster for ${size} bytes`);
    const system = 1 + 2 * view.getUint16(22, true) + 32;
    const clusters = Math.floor((sectors - system) / image[13]!);
    assert.ok(clusters >= 4085 && clusters < 65525, `${clusters} clusters for ${size} bytes`);
    assert.equal(sectors * 512, image.length);
    assert.equal(view.getUint32(28, true), 2048, "hidden sectors");
  }
});

Deno.test("fat16() refuses names that are not 8.3", () => {
  for (const name of ["initrd.gzip", "ninechars", "a.b.c", "grub cfg", "ä"]) {
    assert.throws(() => fat16({ [name]: new Uint8Array(1) }, { hiddenSectors: 0 }), RangeError, name);
  }
});
