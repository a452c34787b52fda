/** An unpacked image and the files it serves. */
import { type ImageIndex, type IndexedFile, PACK_FILE } from "./image_index.ts";
import { DISK, MAX_LINKS } from "./layer.ts";
import type { Metadata } from "./metadata.ts";

const MAX_PATH = 1024;
const MAX_PARTS = 128;

/** A file as it lies in the cache. */
export interface StoredFile {
  /** Never a link, never outside the cache. */
  readonly absolutePath: string;
  /** Where in it the content begins. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
}

/** An image in the cache. Immutable. */
export class StoredImage {
  /** `sha256:...` of the manifest. */
  readonly digest: string;
  /** metadata.yaml `dhcpBootImageName`; empty when it names none. */
  readonly dhcpBootImageName: string;
  /** metadata.yaml `bootFiles`. */
  readonly bootFiles: Readonly<Record<string, string>>;
  /** Of all its contents together, each counted once. */
  readonly bytes: number;
  readonly #folder: string;
  readonly #files: ReadonlyMap<string, IndexedFile>;
  readonly #links: ReadonlyMap<string, string>;

  /**
   * An image whose contents are here.
   * @param folder holds the contents: large ones named by their numbers, small ones in the pack
   */
  constructor(folder: string, { digest, files, links }: ImageIndex, { dhcpBootImageName, bootFiles }: Metadata) {
    this.digest = digest;
    this.dhcpBootImageName = dhcpBootImageName;
    this.bootFiles = bootFiles;
    this.#folder = folder;
    this.#files = new Map(files.map((file) => [file[0], file]));
    this.#links = new Map(links);
    // A content is a file of its own, or a part of the pack.
    const filled = files.filter(([, , size]) => size > 0);
    const contents = new Map(filled.map(([, id, size, packed]) => [packed < 0 ? `file ${id}` : packed, size]));
    this.bytes = contents.values().reduce((sum, size) => sum + size, 0);
  }

  /** How many regular files it has. */
  get fileCount(): number {
    return this.#files.size;
  }

  /**
   * The regular file at a path below /disk, links followed inside the image.
   * @param path without a leading slash
   */
  file(path: string): StoredFile | undefined {
    let file = this.#files.get(path);
    if (file === undefined && this.#links.size > 0 && path.length <= MAX_PATH) {
      file = this.#files.get(this.#resolve(path) ?? "");
    }
    if (file === undefined) return undefined;
    const [, id, size, packed] = file;
    return packed < 0
      ? { absolutePath: `${this.#folder}/${id}`, offset: 0, size }
      : { absolutePath: `${this.#folder}/${PACK_FILE}`, offset: packed, size };
  }

  /** The path without links; undefined when it leads out of /disk or in a circle. */
  #resolve(path: string): string | undefined {
    const todo = path.split("/").reverse();
    // From the image's root: links may be absolute or step out of /disk and back.
    let at: string[] = [DISK];
    let hops = 0;
    for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
      // The path comes from the network: what follows costs a join for each part.
      if (todo.length + at.length > MAX_PARTS) return;
      if (part === "" || part === ".") continue;
      if (part === "..") {
        at.pop();
        continue;
      }
      at.push(part);
      if (at[0] !== DISK) return;
      const target = this.#links.get(at.slice(1).join("/"));
      if (target === undefined) continue;
      if (++hops > MAX_LINKS) return;
      at.pop();
      if (target.startsWith("/")) at = [];
      todo.push(...target.split("/").reverse());
    }
    return at[0] === DISK ? at.slice(1).join("/") : undefined;
  }
}
