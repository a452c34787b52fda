/**
 * Writes tar archives: ustar headers, pax records (POSIX.1-2001) for names that do not fit into one.
 * The same members give the same bytes.
 *
 * ```
 *   0 name 100   100 mode 8   108 uid 8   116 gid 8   124 size 12   136 mtime 12   148 checksum 8   156 type 1
 * 157 link 100   257 magic 6  263 version 2   265 user 32   297 group 32   329 major 8   337 minor 8   345 prefix 155
 * ```
 */

/** One member of an archive. */
export type TarEntry =
  | { readonly type: "directory"; readonly path: string }
  | { readonly type: "file"; readonly path: string; readonly content: Uint8Array };

const BLOCK = 512;
/** Archives end with two empty blocks and are filled up to a record, as tape drives want it. */
const RECORD = 20 * BLOCK;
const MAX_NAME = 100;
const MAX_PREFIX = 155;
const FILE = "0";
const DIRECTORY = "5";
const PAX = "x";

const encoder = new TextEncoder();

/** An archive in pieces, in order. @param mtime of all members, in seconds since 1970 */
export function* tarPieces(entries: Iterable<TarEntry>, mtime: number): Generator<Uint8Array> {
  let size = 0;
  for (const entry of entries) {
    for (const piece of member(entry, mtime)) {
      size += piece.length;
      yield piece;
    }
  }
  yield new Uint8Array(2 * BLOCK + padding(size + 2 * BLOCK, RECORD));
}

function* member(entry: TarEntry, mtime: number): Generator<Uint8Array> {
  const directory = entry.type === "directory";
  const path = directory ? `${entry.path}/` : entry.path;
  const content = directory ? new Uint8Array(0) : entry.content;
  const split = splitName(path);
  if (split === undefined) {
    const records = paxRecord("path", path);
    yield header({ name: "PaxHeader", prefix: "", mode: 0o644, size: records.length, mtime, type: PAX });
    yield* padded(records);
  }
  // Readers without pax see a shortened name.
  const { name, prefix } = split ?? { name: shortened(path), prefix: "" };
  const mode = directory ? 0o755 : 0o644;
  yield header({ name, prefix, mode, size: content.length, mtime, type: directory ? DIRECTORY : FILE });
  yield* padded(content);
}

function* padded(bytes: Uint8Array): Generator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
  const fill = padding(bytes.length, BLOCK);
  if (fill > 0) yield new Uint8Array(fill);
}

function padding(size: number, unit: number): number {
  return (unit - size % unit) % unit;
}

/** At a slash, so that both parts fit; undefined where there is none such, and for what is not ASCII. */
function splitName(path: string): { readonly name: string; readonly prefix: string } | undefined {
  if (!/^[\x20-\x7e]*$/.test(path)) return undefined;
  if (path.length <= MAX_NAME) return { name: path, prefix: "" };
  const slash = path.indexOf("/", path.length - MAX_NAME - 1);
  if (slash < 1 || slash > MAX_PREFIX || slash === path.length - 1) return undefined;
  return { name: path.slice(slash + 1), prefix: path.slice(0, slash) };
}

function shortened(path: string): string {
  return path.replaceAll(/[^\x20-\x7e]/g, "_").slice(0, MAX_NAME);
}

/** `LENGTH KEY=VALUE\n`, the length counting itself. */
function paxRecord(key: string, value: string): Uint8Array {
  const rest = encoder.encode(` ${key}=${value}\n`);
  let length = rest.length;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  const record = new Uint8Array(length);
  record.set(encoder.encode(String(length)));
  record.set(rest, length - rest.length);
  return record;
}

interface HeaderFields {
  readonly name: string;
  readonly prefix: string;
  readonly mode: number;
  readonly size: number;
  readonly mtime: number;
  readonly type: string;
}

function header({ name, prefix, mode, size, mtime, type }: HeaderFields): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const text = (at: number, value: string) => block.set(encoder.encode(value), at);
  const octal = (at: number, digits: number, value: number) => text(at, value.toString(8).padStart(digits, "0"));
  text(0, name);
  octal(100, 7, mode);
  octal(108, 7, 0);
  octal(116, 7, 0);
  octal(124, 11, size);
  octal(136, 11, mtime);
  text(148, " ".repeat(8));
  text(156, type);
  text(257, "ustar\x0000");
  octal(329, 7, 0);
  octal(337, 7, 0);
  text(345, prefix);
  octal(148, 6, block.reduce((sum, byte) => sum + byte, 0));
  block[154] = 0;
  return block;
}
