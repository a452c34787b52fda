/**
 * An archive in cpio's "newc" format, which Linux unpacks as its initial RAM disk (kernel.org, buffer-format).
 *
 * ```
 * "070701" | 13 fields of 8 hex digits: ino mode nlink... filesize ... namesize check | name NUL | pad to 4 | data | pad to 4
 * ```
 */

/** A member; folders come before what is in them. */
export interface CpioMember {
  /** Without a leading slash. */
  readonly path: string;
  /** Type and permissions, as in stat(2). */
  readonly mode: number;
  /** A file's bytes, or where a symbolic link leads. @default none */
  readonly data?: Uint8Array;
  /** Of a device. @default none */
  readonly device?: { readonly major: number; readonly minor: number };
}

/** `S_IFDIR | 0755`. */
export const FOLDER = 0o040755;
/** `S_IFREG | 0644`. */
export const FILE = 0o100644;
/** `S_IFREG | 0755`. */
export const PROGRAM = 0o100755;
/** `S_IFLNK | 0777`. */
export const LINK = 0o120777;
/** `S_IFCHR | 0600`. */
export const CHARACTER_DEVICE = 0o020600;

const HEADER = 110;
const NONE = new Uint8Array(0);
const encoder = new TextEncoder();

const padded = (length: number) => (length + 3) & ~3;

/** The archive, its end included; the same members give the same bytes. */
export function cpio(members: readonly CpioMember[]): Uint8Array<ArrayBuffer> {
  const all = [...members, { path: "TRAILER!!!", mode: 0 }].map((member: CpioMember) => ({
    ...member,
    name: encoder.encode(`${member.path}\0`),
    data: member.data ?? NONE,
  }));
  const size = ({ name, data }: { name: Uint8Array; data: Uint8Array }) =>
    padded(HEADER + name.length) + padded(data.length);
  const archive = new Uint8Array(all.reduce((sum, member) => sum + size(member), 0));
  let at = 0;
  for (const [index, member] of all.entries()) {
    const { mode, name, data, device } = member;
    const fields = [
      ...[index + 1, mode, 0, 0, 1, 0, data.length],
      ...[0, 0, device?.major ?? 0, device?.minor ?? 0, name.length, 0],
    ];
    const header = "070701" + fields.map((value) => value.toString(16).padStart(8, "0")).join("");
    archive.set(encoder.encode(header), at);
    archive.set(name, at + HEADER);
    archive.set(data, at + padded(HEADER + name.length));
    at += size(member);
  }
  return archive;
}
