/**
 * A disk with a GUID partition table (UEFI 2.10, 5.3), in sectors of 512 bytes.
 *
 * ```
 * protective MBR | header | entries, 32 sectors | ... partitions, aligned to 1 MiB ... | entries | header
 * ```
 */
import { crc32 } from "node:zlib";
import { Fields } from "./little_endian.ts";

const SECTOR = 512;
const ENTRIES = 128;
const ENTRY = 128;
const TABLE_SECTORS = ENTRIES * ENTRY / SECTOR;
/** 1 MiB, what partitioning tools align to. */
const ALIGNMENT = 2048;
/** Where the first partition begins. */
export const FIRST_SECTOR: number = ALIGNMENT;

/** Partition types (UEFI 2.10, table 5.7; Linux: the Discoverable Partitions Specification calls it generic data). */
export const PARTITION_TYPE = {
  efiSystem: "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
  linuxData: "0fc63daf-8483-4772-8e79-3d69d8477de4",
} as const;

/** A partition; its place follows from those before it. */
export interface Partition {
  /** Its type's GUID. */
  readonly type: string;
  /** Its own GUID. */
  readonly id: string;
  /** Its name, at most 36 characters. */
  readonly name: string;
  /** What it holds; it ends with the sector that this ends in. */
  readonly content: Uint8Array;
}

/** A GUID's 16 bytes: the first three groups are little-endian. */
export function guid(text: string): number[] {
  const bytes = text.replaceAll("-", "").match(/../g)!.map((pair) => parseInt(pair, 16));
  return [
    ...bytes.slice(0, 4).reverse(),
    ...bytes.slice(4, 6).reverse(),
    ...bytes.slice(6, 8).reverse(),
    ...bytes.slice(8),
  ];
}

interface Placed extends Partition {
  readonly first: number;
  readonly last: number;
}

function place(partitions: readonly Partition[]): Placed[] {
  let first = FIRST_SECTOR;
  return partitions.map((partition) => {
    const last = first + Math.max(1, Math.ceil(partition.content.length / SECTOR)) - 1;
    const placed = { ...partition, first, last };
    first = Math.ceil((last + 1) / ALIGNMENT) * ALIGNMENT;
    return placed;
  });
}

function table(partitions: readonly Placed[]): Uint8Array {
  const entries = new Uint8Array(ENTRIES * ENTRY);
  for (const [index, { type, id, name, first, last }] of partitions.entries()) {
    const entry = new Fields(entries.subarray(index * ENTRY, (index + 1) * ENTRY));
    entry.bytes(0, guid(type)).bytes(16, guid(id)).u64(32, first).u64(40, last);
    for (const [at, character] of [...name.slice(0, 36)].entries()) entry.u16(56 + at * 2, character.charCodeAt(0));
  }
  return entries;
}

/** One of the two headers. */
function header(own: number, other: number, entriesAt: number, sectors: number, diskId: string, entries: Uint8Array) {
  const bytes = new Uint8Array(SECTOR);
  const fields = new Fields(bytes).text(0, "EFI PART").u32(8, 0x10000).u32(12, 92).u64(24, own).u64(32, other)
    .u64(40, 2 + TABLE_SECTORS).u64(48, sectors - TABLE_SECTORS - 2).bytes(56, guid(diskId)).u64(72, entriesAt)
    .u32(80, ENTRIES).u32(84, ENTRY).u32(88, crc32(entries));
  fields.u32(16, crc32(bytes.subarray(0, 92)));
  return bytes;
}

/** The whole disk, just large enough for its partitions. */
export function gptDisk(diskId: string, partitions: readonly Partition[]): Uint8Array<ArrayBuffer> {
  const placed = place(partitions);
  const end = (placed.at(-1)?.last ?? FIRST_SECTOR - 1) + 1;
  const sectors = Math.ceil((end + TABLE_SECTORS + 1) / ALIGNMENT) * ALIGNMENT;
  const disk = new Uint8Array(sectors * SECTOR);
  // One MBR entry of type EE over all of it keeps programs that know no GPT away.
  new Fields(disk).bytes(446, [0, 0, 2, 0, 0xee, 0xff, 0xff, 0xff]).u32(454, 1).u32(458, sectors - 1)
    .bytes(510, [0x55, 0xaa]);
  const entries = table(placed);
  const last = sectors - 1;
  disk.set(header(1, last, 2, sectors, diskId, entries), SECTOR);
  disk.set(entries, 2 * SECTOR);
  disk.set(entries, (last - TABLE_SECTORS) * SECTOR);
  disk.set(header(last, 1, last - TABLE_SECTORS, sectors, diskId, entries), last * SECTOR);
  for (const { content, first } of placed) disk.set(content, first * SECTOR);
  return disk;
}
