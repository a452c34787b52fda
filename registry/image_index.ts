/** index.json of a cached image: all that must be known to find its files, so that opening it scans nothing. */
import { ContentError } from "./errors.ts";
import type { FileIndex } from "./layer.ts";

/** Another version is not read but pulled again. */
const VERSION = 2;

/** A regular file: its path, the number of its content, its size, and where in the pack it begins; -1: a file of its own. */
export type IndexedFile = readonly [path: string, id: number, size: number, packed: number];

/** What index.json holds. */
export interface ImageIndex extends Pick<FileIndex, "links"> {
  /** Of the manifest. */
  readonly digest: string;
  readonly files: readonly IndexedFile[];
}

/** In the image's folder: all small contents, one after the other. */
export const PACK_FILE = "pack";

/** index.json for an image. */
export function formatIndex({ digest, files, links }: ImageIndex): string {
  return JSON.stringify({ version: VERSION, digest, files, links });
}

const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
const isFile = (entry: unknown) =>
  Array.isArray(entry) && typeof entry[0] === "string" && isCount(entry[1]) && isCount(entry[2]) &&
  (isCount(entry[3]) || entry[3] === -1);
const isLink = (entry: unknown) => Array.isArray(entry) && typeof entry[0] === "string" && typeof entry[1] === "string";

/**
 * Reads index.json.
 * @throws {ContentError} when it is not of this version or malformed
 */
export function parseIndex(text: string): ImageIndex {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ContentError("the index of a cached image is not JSON");
  }
  const { version, digest, files, links } = (value ?? {}) as Record<string, unknown>;
  const good = version === VERSION && typeof digest === "string" && Array.isArray(files) && files.every(isFile) &&
    Array.isArray(links) && links.every(isLink);
  if (!good) throw new ContentError("the index of a cached image is not of this version");
  return { digest, files, links } as ImageIndex;
}
