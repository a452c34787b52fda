/** The packed file: a script of sh, and after it a compressed archive of Deno and the bundle. */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { type TarEntry, tarPieces } from "../../dev/image/tar_writer.ts";
import launcher from "./launcher.sh" with { type: "text" };

/** A file of the archive. */
export interface PackedFile {
  /** Letters, digits and `._-/`: they are words of the script. */
  readonly name: string;
  /** Its bytes. */
  readonly content: Uint8Array<ArrayBuffer>;
}

/** What the script is told. */
export interface LauncherSettings {
  /** A line that says what it is. */
  readonly title: string;
  /** Flags of `deno run`. */
  readonly flags: readonly string[];
}

/** Any time in the past: files that are newer than the mark of an unpacked copy have been changed. */
const MTIME = Date.UTC(1980, 0, 2) / 1000;
/** Digits of the archive's offset, which is in the script that it depends on. */
const OFFSET_DIGITS = 6;
/** How hard gzip tries. 9 takes twice the time of 6 for 0.3 % less. */
const LEVEL = 6;

/** Bytewise, as `LC_ALL=C ls` sorts. */
function byName(a: PackedFile, b: PackedFile): number {
  return a.name < b.name ? -1 : 1;
}

function checkWords(words: readonly string[]): void {
  const wrong = words.find((word) => !/^[\w.,=/-]+$/.test(word));
  if (wrong !== undefined) throw new TypeError(`"${wrong}" cannot be a word of the launcher`);
}

function concat(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pieces.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function script(files: readonly PackedFile[], { title, flags }: LauncherSettings): Uint8Array {
  checkWords([...files.map(({ name }) => name), ...flags]);
  const hash = createHash("sha256");
  for (const { content } of files) hash.update(content);
  const size = files.reduce((sum, { content }) => sum + content.length, 0);
  const lines = [...files, { name: "ok", content: new Uint8Array(0) }].sort(byName)
    .map(({ name, content }) => `${content.length} ${name}\n`);
  const values: Readonly<Record<string, string>> = {
    title: title.replaceAll(/[^\x20-\x7e]/g, "?"),
    id: hash.digest("hex"),
    names: files.map(({ name }) => name).join(" "),
    files: lines.join(""),
    flags: flags.join(" "),
    megabytes: String(Math.ceil(size / 1e6)),
  };
  const text = launcher.replaceAll(/@(\w+)@/g, (all, key: string) => values[key] ?? all);
  const offset = String(text.length - "@offset@".length + OFFSET_DIGITS + 1).padStart(OFFSET_DIGITS, "0");
  return new TextEncoder().encode(text.replace("@offset@", offset));
}

/** Makes the file; the same files make the same bytes. */
export function packFile(unsorted: readonly PackedFile[], settings: LauncherSettings): Uint8Array<ArrayBuffer> {
  const files = unsorted.toSorted(byName);
  const folders = new Set(
    files.flatMap(({ name }) => [...name.matchAll(/\//g)].map(({ index }) => name.slice(0, index))),
  );
  const entries: TarEntry[] = [
    ...[...folders].sort().map((path) => ({ type: "directory", path }) as const),
    ...files.map(({ name, content }) => ({ type: "file", path: name, content }) as const),
  ];
  const archive = gzipSync(concat([...tarPieces(entries, MTIME)]), { level: LEVEL });
  return concat([script(files, settings), archive]);
}
