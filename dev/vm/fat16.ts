/**
 * A FAT16 file system, as an EFI system partition may have (UEFI 2.10, 13.3; Microsoft's FAT specification 1.03).
 *
 * ```
 * boot sector | FAT | FAT | root folder, 512 entries | clusters, numbered from 2
 * ```
 *
 * Names are 8.3 only: all that firmware and GRUB look for here are.
 */
import { Fields } from "./little_endian.ts";

const SECTOR = 512;
const ROOT_ENTRIES = 512;
const ROOT_SECTORS = ROOT_ENTRIES * 32 / SECTOR;
/** A FAT is FAT16 by its number of clusters alone. */
const LEAST_CLUSTERS = 4085;
const MOST_CLUSTERS = 65508;
const MOST_SECTORS_PER_CLUSTER = 64;
/** Readers disagree by a few about where FAT16 begins and ends. */
const SPARE_CLUSTERS = 16;
const LAST = 0xffff;
const FOLDER = 0x10;
const ARCHIVE = 0x20;
/** 1980-01-01, the first day that FAT knows: the same files give the same bytes. */
const DAY = 0x0021;

/** Files by path (`EFI/BOOT/BOOTX64.EFI`); folders are made as needed. */
export type FatFiles = Readonly<Record<string, Uint8Array>>;

/** Where the file system will lie. */
export interface FatPlace {
  /** Sectors before it on the disk. */
  readonly hiddenSectors: number;
}

interface Folder {
  readonly folders: Map<string, Folder>;
  readonly files: Map<string, Uint8Array>;
}

interface Layout {
  readonly perCluster: number;
  readonly clusters: number;
  readonly fatSectors: number;
  readonly sectors: number;
}

function tree(files: FatFiles): Folder {
  const root: Folder = { folders: new Map(), files: new Map() };
  for (const [path, bytes] of Object.entries(files)) {
    const names = path.toUpperCase().split("/");
    let folder = root;
    for (const name of names.slice(0, -1)) {
      const next: Folder = folder.folders.get(name) ?? { folders: new Map(), files: new Map() };
      folder.folders.set(name, next);
      folder = next;
    }
    folder.files.set(names.at(-1)!, bytes);
  }
  return root;
}

/** Bytes that a folder's entries take: its own, and `.` and `..`. */
function folderBytes({ folders, files }: Folder): number {
  return (folders.size + files.size + 2) * 32;
}

function clustersFor(folder: Folder, clusterBytes: number): number {
  let count = 0;
  for (const bytes of folder.files.values()) count += Math.ceil(bytes.length / clusterBytes);
  for (const inner of folder.folders.values()) {
    count += Math.ceil(folderBytes(inner) / clusterBytes) + clustersFor(inner, clusterBytes);
  }
  return count;
}

/** The largest clusters that make it FAT16: GRUB reads one at a time. */
function layout(root: Folder): Layout {
  for (let perCluster = MOST_SECTORS_PER_CLUSTER; perCluster >= 1; perCluster /= 2) {
    const needed = clustersFor(root, perCluster * SECTOR);
    if (needed < LEAST_CLUSTERS && perCluster > 1) continue;
    const clusters = Math.max(needed, LEAST_CLUSTERS) + SPARE_CLUSTERS;
    if (clusters > MOST_CLUSTERS) break;
    const fatSectors = Math.ceil((clusters + 2) * 2 / SECTOR);
    return { perCluster, clusters, fatSectors, sectors: 1 + 2 * fatSectors + ROOT_SECTORS + clusters * perCluster };
  }
  throw new RangeError("Cannot lay out a FAT16 file system: the files take more than 2 GB");
}

/** `GRUB.CFG` as its 11 bytes. */
function shortName(name: string): string {
  const match = /^([A-Z0-9_-]{1,8})(?:\.([A-Z0-9_-]{1,3}))?$/.exec(name);
  if (match === null) throw new RangeError(`Cannot name a file "${name}": it is not 8 and 3 letters or digits`);
  return match[1]!.padEnd(8) + (match[2] ?? "").padEnd(3);
}

class Writer {
  readonly #image: Uint8Array<ArrayBuffer>;
  readonly #layout: Layout;
  readonly #fat: number[] = [0xfff8, LAST];

  constructor(layout: Layout) {
    this.#layout = layout;
    this.#image = new Uint8Array(layout.sectors * SECTOR);
  }

  #offset(cluster: number): number {
    const { fatSectors, perCluster } = this.#layout;
    return (1 + 2 * fatSectors + ROOT_SECTORS + (cluster - 2) * perCluster) * SECTOR;
  }

  /** Takes the next clusters; gives the first, 0 for none. */
  #claim(bytes: number): number {
    const count = Math.ceil(bytes / (this.#layout.perCluster * SECTOR));
    if (count === 0) return 0;
    const first = this.#fat.length;
    for (let i = 1; i < count; i++) this.#fat.push(first + i);
    this.#fat.push(LAST);
    return first;
  }

  #entry(at: number, name: string, attributes: number, cluster: number, size: number): void {
    new Fields(this.#image.subarray(at, at + 32)).text(0, name).bytes(11, [attributes])
      .u16(16, DAY).u16(18, DAY).u16(24, DAY).u16(26, cluster).u32(28, size);
  }

  /** @param own first cluster, 0 for the root folder */
  #folder(folder: Folder, at: number, own: number, parent: number): void {
    if (own !== 0) {
      this.#entry(at, ".".padEnd(11), FOLDER, own, 0);
      this.#entry(at + 32, "..".padEnd(11), FOLDER, parent, 0);
      at += 64;
    }
    for (const [name, bytes] of folder.files) {
      const cluster = this.#claim(bytes.length);
      this.#entry(at, shortName(name), ARCHIVE, cluster, bytes.length);
      if (cluster !== 0) this.#image.set(bytes, this.#offset(cluster));
      at += 32;
    }
    for (const [name, inner] of folder.folders) {
      const cluster = this.#claim(folderBytes(inner));
      this.#entry(at, shortName(name), FOLDER, cluster, 0);
      this.#folder(inner, this.#offset(cluster), cluster, own);
      at += 32;
    }
  }

  #bootSector({ hiddenSectors }: FatPlace): void {
    const { perCluster, fatSectors, sectors } = this.#layout;
    new Fields(this.#image).bytes(0, [0xeb, 0x3c, 0x90]).text(3, "METALMAN").u16(11, SECTOR).bytes(13, [perCluster])
      .u16(14, 1).bytes(16, [2]).u16(17, ROOT_ENTRIES).u16(19, sectors < 65536 ? sectors : 0).bytes(21, [0xf8])
      .u16(22, fatSectors).u16(24, 63).u16(26, 255).u32(28, hiddenSectors).u32(32, sectors < 65536 ? 0 : sectors)
      .bytes(36, [0x80, 0, 0x29]).u32(39, 0x6d6d0001).text(43, "NO NAME    FAT16   ").bytes(510, [0x55, 0xaa]);
  }

  write(root: Folder, place: FatPlace): Uint8Array<ArrayBuffer> {
    this.#bootSector(place);
    const { fatSectors } = this.#layout;
    this.#folder(root, (1 + 2 * fatSectors) * SECTOR, 0, 0);
    for (const copy of [1, 1 + fatSectors]) {
      const fat = new Fields(this.#image.subarray(copy * SECTOR, (copy + fatSectors) * SECTOR));
      for (const [cluster, next] of this.#fat.entries()) fat.u16(cluster * 2, next);
    }
    return this.#image;
  }
}

/**
 * The file system with these files, just large enough.
 * @throws {RangeError} when a name is not 8.3, or it all takes more than FAT16 can hold
 */
export function fat16(files: FatFiles, place: FatPlace): Uint8Array<ArrayBuffer> {
  const root = tree(files);
  if (root.files.size + root.folders.size > ROOT_ENTRIES) {
    throw new RangeError(`Cannot lay out a FAT16 file system: more than ${ROOT_ENTRIES} entries at its top`);
  }
  return new Writer(layout(root)).write(root, place);
}
