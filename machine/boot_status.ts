/** status.boot of a Machine: its last boot, as it is stored. */

/** A step of a boot, when it was first seen. */
export interface BootStep {
  /** One of boot_timeline.ts. */
  readonly name: string;
  /** RFC 3339, with milliseconds. */
  readonly time: string;
  /** More, for people. */
  readonly message?: string;
}

/** The last boot. */
export interface BootStatus {
  /** Boots that were seen of this Machine, this one with them: tells one boot from the next for all replicas. */
  readonly number: number;
  /** `UEFI`, `BIOS`. */
  readonly firmware?: string;
  /** `x64`, `arm64`. */
  readonly architecture?: string;
  /** How its first file was loaded. */
  readonly method?: "PXE" | "HTTP";
  /** Digest of the image that it booted. */
  readonly image?: string;
  /** Each step once. */
  readonly steps: readonly BootStep[];
}
