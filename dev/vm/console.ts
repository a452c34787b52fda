/** What a machine's serial console tells of its boot: OVMF, shim, GRUB, Linux and images/vm/init in one stream. */
import type { MachineEvent, Stage } from "../rack/types.ts";

/** What one line says. */
export interface Reading {
  /** Where the machine is; undefined: where it was. */
  readonly stage?: Stage;
  /** For people. */
  readonly detail: string;
  /** Of what is loaded. */
  readonly progress?: MachineEvent["progress"];
  /** SHA-256 of what the disk holds now. */
  readonly disk?: string;
}

type Groups = readonly (string | undefined)[];
type Rule = readonly [pattern: RegExp, read: (groups: Groups) => Reading];

const RULES: readonly Rule[] = [
  // OVMF.
  [/^>>Start PXE over IPv4/, () => ({ stage: "dhcp", detail: "PXE over IPv4" })],
  [/^>>Start HTTP Boot over IPv4/, () => ({ stage: "dhcp", detail: "HTTP boot over IPv4" })],
  [/^\s*(PXE-E\d+: .*)/, ([, text]) => ({ detail: text! })],
  [/^\s*NBP filename is (\S+)/, ([, file]) => ({ stage: "boot loader", detail: `${file} over TFTP` })],
  [/^\s*URI: (\S+)/, ([, url]) => ({ stage: "boot loader", detail: url! })],
  [
    /^BdsDxe: starting \S+ "UEFI (?:Misc Device|Hard Drive)/,
    () => ({ stage: "disk boot", detail: "EFI/BOOT/BOOTX64.EFI" }),
  ],
  [
    /^BdsDxe: (?:No bootable option|starting \S+ "EFI Internal Shell")/,
    () => ({ stage: "failed", detail: "the firmware found nothing to boot" }),
  ],
  // shim and GRUB.
  [/^Fetching Netboot Image (\S+)/, ([, file]) => ({ detail: file! })],
  [/^Welcome to GRUB!/, () => ({ detail: "GRUB" })],
  [/^error: (?!no suitable video mode)(.*)/, ([, text]) => ({ detail: `GRUB: ${text}` })],
  // Linux.
  [/Linux version (\S+)/, ([, version]) => ({ detail: `Linux ${version}` })],
  [/Kernel panic - not syncing: (.*)/, ([, text]) => ({ stage: "failed", detail: `kernel panic: ${text}` })],
  // images/vm/init.
  [/^metalman: installing (\d+) bytes/, ([, total]) => ({
    stage: "installing",
    detail: "disk image",
    progress: { bytes: 0, total: Number(total) },
  })],
  [/^metalman: written (\d+) of (\d+)/, ([, bytes, total]) => ({
    stage: "installing",
    detail: "disk image",
    progress: { bytes: Number(bytes), total: Number(total) },
  })],
  [/^metalman: installed ([0-9a-f]{64})/, ([, disk]) => ({ stage: "installing", detail: "written", disk: disk! })],
  [/^metalman: (posted \S+)/, ([, text]) => ({ detail: text! })],
  [/^metalman: cloud-init from (\S+)/, ([, url]) => ({ stage: "cloud-init", detail: url! })],
  [/^metalman: stage (\S+)/, ([, stage]) => ({ stage: "cloud-init", detail: stage! })],
  [/^metalman: running as (.*)/, ([, name]) => ({ stage: "running", detail: name! })],
  [/^metalman: failed (.*)/, ([, text]) => ({ stage: "failed", detail: text! })],
];

/** Text without what moves a terminal's cursor and changes its colours. */
export function withoutTerminalControl(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\x1b\[[0-9;=?]*[A-Za-z]|\r/g, "");
}

/** A line is cut here: firmware prints progress without ending its line. */
const MAX_LINE = 4096;

/** What a line says; undefined when it says nothing of the boot. */
export function readLine(line: string): Reading | undefined {
  for (const [pattern, read] of RULES) {
    const match = pattern.exec(line);
    if (match !== null) return read(match);
  }
}

/** Reads a console as it comes, in pieces of any size. */
export class ConsoleReader {
  #rest = "";
  #stage: Stage;

  /** Reads from its start. @param stage where the machine is before it has said anything */
  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** What a piece of console says; GRUB that comes from the network loads the kernel, the disk's is part of its boot. */
  read(text: string): (Reading & { readonly stage: Stage })[] {
    const lines = (this.#rest + text).split(/\r?\n|\r/);
    this.#rest = lines.pop()!.slice(-MAX_LINE);
    const readings: (Reading & { readonly stage: Stage })[] = [];
    for (const line of lines) {
      const reading = readLine(withoutTerminalControl(line));
      if (reading === undefined) continue;
      const isNetworkGrub = reading.detail === "GRUB" && this.#stage === "boot loader";
      this.#stage = reading.stage ?? (isNetworkGrub ? "kernel" : this.#stage);
      readings.push({ ...reading, stage: this.#stage });
    }
    return readings;
  }
}
