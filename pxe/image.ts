/** What DHCP, TFTP and HTTP need of a boot image; the registry's cache provides it. */
import type { Machine } from "../machine/types.ts";

/** A file of an image as it lies in the cache. */
export interface BootFile {
  /** Where the bytes are; never a link, never outside the cache. */
  readonly absolutePath: string;
  /** Where in that file its bytes begin: small ones share one. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
}

/** An unpacked, verified image. Immutable: its content is named by its digest. */
export interface BootImage {
  /** `sha256:...` of the manifest. */
  readonly digest: string;
  /** metadata.yaml `dhcpBootImageName`; empty when it names none. */
  readonly dhcpBootImageName: string;
  /** metadata.yaml `bootFiles`: client architecture (`x64-uefi`, `arm64-uefi`, `x64-http`, ...) to file. */
  readonly bootFiles: Readonly<Record<string, string>>;
  /** A regular file below /disk; `path` as pxe/paths.ts normalises it (no leading slash). */
  file(path: string): BootFile | undefined;
}

/** Why there is no image yet. */
export interface ImageMissing {
  /** One sentence for log, Event and response. */
  readonly reason: string;
}

/** The image a Machine boots from now. Answers from memory, at once. */
export interface ImageDirectory {
  /**
   * The image, or why there is none.
   * @param starting true when the machine begins a boot (DHCP): a newer image may be taken from here on;
   * false in the middle of one (TFTP, HTTP): the image stays the one the boot began with.
   */
  imageFor(machine: Machine, starting: boolean): BootImage | ImageMissing;
}
