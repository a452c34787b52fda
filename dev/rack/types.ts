/** The doors of the rack: emulated machines that boot over the network as firmware, shim and GRUB do. */
import type { Clock } from "../../base/clock.ts";

/** Where a machine is on its way from off to installed. */
export type Stage =
  /** No power. */
  | "off"
  /** The firmware asks for an address. */
  | "dhcp"
  /** Firmware, shim and GRUB load files. */
  | "boot loader"
  /** GRUB loads kernel and initrd. */
  | "kernel"
  /** The installer writes the disk image to the disk. */
  | "installing"
  /** The firmware starts the disk. */
  | "disk boot"
  /** The installed system runs cloud-init. */
  | "cloud-init"
  /** The installed system runs. */
  | "running"
  /** It stopped; nobody will go on before a reset. */
  | "failed";

/** Something that a machine did. */
export interface MachineEvent {
  /** The machine's MAC address, canonical. */
  readonly mac: string;
  /** Where it is now. */
  readonly stage: Stage;
  /** What it does, for people: `shimx64.efi over TFTP`; for `failed`, why, and what to look at. */
  readonly detail: string;
  /** Of what is being loaded; `total` is absent where nobody said. */
  readonly progress?: { readonly bytes: number; readonly total?: number };
  /** When, in milliseconds of the rack's clock. */
  readonly atMs: number;
}

/** What goes wrong with a machine, on purpose. */
export interface Faults {
  /** Of a hundred UDP packets in each direction, how many are lost. @default 0 */
  readonly lostPercent?: number;
  /** Bytes a second that its link carries. @default unlimited */
  readonly linkBytesPerSecond?: number;
  /** The installer stops with an error at this share (0 to 1) of the disk image, so many times. @default none */
  readonly failInstall?: { readonly at: number; readonly times: number };
}

/** How a machine is made. */
export interface RackMachineOptions {
  /** Of its network card. */
  readonly mac: string;
  /** SMBIOS system UUID. @default made from the MAC */
  readonly uuid?: string;
  /** What its firmware speaks. @default "pxe" */
  readonly firmware?: "pxe" | "http";
  /** What goes wrong. @default nothing */
  readonly faults?: Faults;
}

/** What boots next; the network as its firmware speaks, or by UEFI HTTP boot where that is asked for. */
export type BootDevice = "network" | "http" | "disk";

/** One machine: what a BMC will be given to switch, and a test to look at. */
export interface RackMachine {
  /** Canonical. */
  readonly mac: string;
  /** SMBIOS system UUID, lower case. */
  readonly uuid: string;
  /** Where it is. */
  readonly stage: Stage;
  /** Whether it has power. */
  readonly isOn: boolean;
  /** SHA-256 of the disk image that was installed, in hex; undefined: the disk is empty. */
  readonly disk: string | undefined;
  /** What is tried in order; one that does not start is passed over. @default ["disk", "network"], as most servers are delivered */
  bootOrder: readonly BootDevice[];
  /** Tried first at the next boot only. */
  bootOnce: BootDevice | undefined;
  /** Switches it on, if it is off. */
  powerOn(): void;
  /** Pulls its plug: whatever it did stops at once. */
  powerOff(): Promise<void>;
  /** Off and on. */
  reset(): Promise<void>;
}

/** Where the machines find what they boot from. All addresses are IPv4 on loopback. */
export interface RackNetwork {
  /** The DHCP server that the rack's relay agent forwards to. */
  readonly dhcp: { readonly address: string; readonly port: number };
  /** The UDP port of TFTP servers, which firmware takes for granted to be 69. */
  readonly tftpPort: number;
  /**
   * Where the relay agent listens: its giaddr is this address, and the server answers to this port.
   * @default 127.0.0.1 and a free port
   */
  readonly relay?: { readonly address: string; readonly port: number };
}

/** How a rack is made. */
export interface RackOptions {
  /** What the machines are plugged into. */
  readonly network: RackNetwork;
  /** Told of everything that machines do; must not block. */
  readonly onEvent: (event: MachineEvent) => void;
  /** Time; firmware's waits are taken from it. */
  readonly clock: Clock;
  /** Chance: transaction ids, lost packets. In [0, 1). */
  readonly random: () => number;
  /**
   * Divides the waits of firmware and loader (OVMF collects offers for 3.8 s), not their time-outs.
   * @default 1
   */
  readonly hurry?: number;
}

/** A rack of emulated machines; all go off when it is disposed. */
export interface Rack extends AsyncDisposable {
  /** Where its relay agent listens. */
  readonly relay: { readonly address: string; readonly port: number };
  /** Puts a machine in, switched off. @throws {RangeError} when one has that MAC or there is no room for more */
  add(options: RackMachineOptions): RackMachine;
  /** Takes a machine out. */
  remove(mac: string): Promise<void>;
  /** By canonical MAC. */
  get(mac: string): RackMachine | undefined;
  /**
   * Each machine sends from a loopback address of its own; this is the address that DHCP gave to it, which is what a server
   * on a real network would see. Both as numbers; any other address is returned as it is.
   */
  addressOf(seen: number): number;
}
