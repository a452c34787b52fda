/** What a GRUB configuration asks for, and how it ends. */

/** A file as GRUB names it: `(tftp,192.0.2.1)/boot/vmlinuz`. */
export interface GrubFile {
  /** The protocol that the device names. */
  readonly protocol: "tftp" | "http";
  /** Host, for HTTP with its port where one is named. */
  readonly server: string;
  /** With its leading slash. */
  readonly path: string;
}

/** What a script wants done; each is answered before it goes on. */
export type GrubAsk =
  /** Answer: the text, or why there is none. */
  | { readonly kind: "read"; readonly file: GrubFile }
  /** Answer: undefined, or why it cannot be loaded. */
  | { readonly kind: "load"; readonly role: "kernel" | "initrd"; readonly file: GrubFile }
  /** Shown on the console. */
  | { readonly kind: "print"; readonly text: string }
  | { readonly kind: "wait"; readonly seconds: number };

/** The answer to a {@link GrubAsk}. */
export type GrubAnswer = { readonly text: string } | { readonly error: string } | undefined;

/** How GRUB ends. */
export type GrubOutcome =
  | { readonly kind: "boot"; readonly commandLine: string }
  /** Back to the firmware, which goes on with the next boot device. */
  | { readonly kind: "exit" }
  | { readonly kind: "reboot" }
  | { readonly kind: "halt" }
  /** It waits for a key that nobody presses. */
  | { readonly kind: "prompt"; readonly reason: string };

/** A script in progress: each `next` gets the answer to what it yielded. */
export type GrubRun = Generator<GrubAsk, GrubOutcome, GrubAnswer>;

/** What GRUB finds in the machine that it runs on. */
export interface GrubMachine {
  /** What `smbios` answers. */
  readonly uuid: string;
  /** Files on its disk, for `search --file`. @default none: the disk is empty */
  readonly diskFiles?: readonly string[];
}
