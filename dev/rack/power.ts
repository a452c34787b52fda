/** One time between power on and power off, as everything that runs in a machine sees it. */
import type { Clock } from "../../base/clock.ts";
import type { SoftwareTpm } from "../tpm/software_tpm.ts";
import type { Stage } from "./types.ts";
import type { Wire } from "./wire.ts";

/** Who the machine is. */
export interface Identity {
  /** Canonical. */
  readonly mac: string;
  /** SMBIOS system UUID, lower case. */
  readonly uuid: string;
}

/** What a machine has while it is on. */
export interface Power {
  /** Who it is. */
  readonly identity: Identity;
  /** What it is plugged into. */
  readonly wire: Wire;
  /** Time; for waits that may be shortened there is {@link wait}. */
  readonly clock: Clock;
  /** Chance, in [0, 1). */
  readonly random: () => number;
  /** Aborted when the plug is pulled. */
  readonly signal: AbortSignal;
  /** Divides waits that are not time-outs. */
  readonly hurry: number;
  /** UDP port of TFTP servers. */
  readonly tftpPort: number;
  /** Files of the system that is installed, as far as a boot loader looks for them. */
  diskFiles(): readonly string[];
  /** Its TPM, which is the same each time. */
  tpm(): SoftwareTpm;
  /** A wait that is the machine's own, shortened by `hurry`. */
  wait(ms: number): Promise<void>;
  /** What the machine does now. */
  say(stage: Stage, detail: string): void;
  /** How far it is with what it said last; said on only some times a second. */
  progress(bytes: number, total?: number): void;
  /** The address that DHCP gave to it. */
  leased(address: number): void;
}

/** Nothing to boot here: the firmware goes on with the next boot device. */
export class NotBootable extends Error {
  /** The class, in logs. */
  override name = "NotBootable";
}

/** The machine stops, and stays like this until it is reset; the message says why and what to look at. */
export class Stopped extends Error {
  /** The class, in logs. */
  override name = "Stopped";
}
