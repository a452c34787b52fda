/** One emulated machine: power, boot devices, disk, and its life from off to running. */
import type { Clock } from "../../base/clock.ts";
import { seededTpm, type SoftwareTpm } from "../tpm/software_tpm.ts";
import { networkBoot } from "./boot_chain.ts";
import { acquire } from "./dhcp_exchange.ts";
import { startSystem } from "./first_boot.ts";
import { type Disk, install } from "./installer.ts";
import { type Identity, NotBootable, type Power, Stopped } from "./power.ts";
import type { BootDevice, Faults, MachineEvent, RackMachine, Stage } from "./types.ts";
import type { Wire } from "./wire.ts";

/** What a machine is made of. */
export interface MachineParts {
  /** Who it is. */
  readonly identity: Identity;
  /** What its firmware speaks. */
  readonly firmware: "pxe" | "http";
  /** What goes wrong; lost packets and slow links are the wire's. */
  readonly faults: Faults;
  /** What it is plugged into. */
  readonly wire: Wire;
  /** Time. */
  readonly clock: Clock;
  /** Chance, in [0, 1). */
  readonly random: () => number;
  /** Divides waits that are not time-outs. */
  readonly hurry: number;
  /** UDP port of TFTP servers. */
  readonly tftpPort: number;
  /** Told of everything. */
  readonly onEvent: (event: MachineEvent) => void;
  /** Told of each address that DHCP gives. */
  readonly onLease: (address: number) => void;
}

/** What a boot comes to. */
type Outcome = "reboot" | "off" | "rests";

/** From power on to the first boot device; machines of one rack are not all as fast. */
const POST_MS = 4500;
/** Where firmware looks on a disk (UEFI 3.5.1.1). */
const DISK_LOADER = "/EFI/BOOT/BOOTX64.EFI";
/** After all boot devices have failed. */
const ALL_FAILED_MS = 10_000;
const PROGRESS_EVERY_MS = 100;
const SPREAD = 0.2;

/** See {@link RackMachine}. */
export class EmulatedMachine implements RackMachine {
  bootOrder: readonly BootDevice[] = ["disk", "network"];
  bootOnce: BootDevice | undefined = undefined;
  readonly #parts: MachineParts;
  #stage: Stage = "off";
  #detail = "";
  #disk: Disk | undefined;
  #tpm: SoftwareTpm | undefined;
  #plug: AbortController | undefined;
  /** Settles when nothing runs any more; never rejects. */
  #life: Promise<void> = Promise.resolve();
  #failuresLeft: number;
  #progressMs = -Infinity;
  #removed = false;

  /** Puts it together, switched off. */
  constructor(parts: MachineParts) {
    this.#parts = parts;
    this.#failuresLeft = parts.faults.failInstall?.times ?? 0;
  }

  get mac(): string {
    return this.#parts.identity.mac;
  }

  get uuid(): string {
    return this.#parts.identity.uuid;
  }

  get stage(): Stage {
    return this.#stage;
  }

  get isOn(): boolean {
    return this.#plug !== undefined;
  }

  get disk(): string | undefined {
    return this.#disk?.sha256;
  }

  powerOn(): void {
    if (this.#plug !== undefined || this.#removed) return;
    const plug = this.#plug = new AbortController();
    this.#life = this.#life.then(() => this.#live(plug));
  }

  async powerOff(): Promise<void> {
    const plug = this.#plug;
    this.#plug = undefined;
    plug?.abort(new DOMException("the machine is switched off", "AbortError"));
    await this.#life;
    if (plug !== undefined && this.#plug === undefined) this.#say("off", "switched off");
  }

  async reset(): Promise<void> {
    await this.powerOff();
    this.powerOn();
  }

  /** Switches it off for good; nothing is told of it from here on. */
  async remove(): Promise<void> {
    this.#removed = true;
    await this.powerOff();
  }

  #say(stage: Stage, detail: string, progress?: MachineEvent["progress"]): void {
    this.#stage = stage;
    this.#detail = detail;
    // Its MAC address may be another machine's by now.
    if (this.#removed) return;
    const event = { mac: this.mac, stage, detail, atMs: this.#parts.clock.now() };
    this.#parts.onEvent(progress === undefined ? event : { ...event, progress });
  }

  #power({ signal }: AbortController): Power {
    const { identity, wire, clock, random, hurry, tftpPort, onLease } = this.#parts;
    return {
      ...{ identity, wire, clock, random, hurry, tftpPort, signal },
      diskFiles: () => this.#disk === undefined ? [] : [DISK_LOADER],
      tpm: () => this.#tpm ??= seededTpm(identity.uuid),
      wait: (ms) => clock.sleep(ms / hurry, { signal }),
      say: (stage, detail) => {
        if (!signal.aborted) this.#say(stage, detail);
      },
      progress: (bytes, total) => {
        const now = clock.now();
        if (signal.aborted || now - this.#progressMs < PROGRESS_EVERY_MS) return;
        this.#progressMs = now;
        this.#say(this.#stage, this.#detail, total === undefined ? { bytes } : { bytes, total });
      },
      leased: onLease,
    };
  }

  async #live(plug: AbortController): Promise<void> {
    const power = this.#power(plug);
    try {
      let outcome: Outcome;
      do outcome = await this.#boot(power); while (outcome === "reboot");
      if (outcome === "rests" || this.#plug !== plug) return;
      this.#plug = undefined;
      this.#say("off", "GRUB switched the machine off");
    } catch (error) {
      if (plug.signal.aborted) return;
      power.say("failed", error instanceof Error ? error.message : String(error));
    }
  }

  /** Goes through the boot devices until one starts. */
  async #boot(power: Power): Promise<Outcome> {
    const { random } = this.#parts;
    const startsDisk = this.#disk !== undefined && (this.bootOnce ?? this.bootOrder[0]) === "disk";
    power.say(startsDisk ? "disk boot" : "dhcp", "the firmware starts");
    await power.wait(POST_MS * (1 - SPREAD / 2 + SPREAD * random()));
    for (;;) {
      const devices = this.bootOnce === undefined ? this.bootOrder : [this.bootOnce, ...this.bootOrder];
      this.bootOnce = undefined;
      let problem = "there is nothing in the boot order";
      for (const device of devices) {
        const outcome = device === "disk" ? await this.#bootDisk(power) : await this.#bootNetwork(power, device);
        if (typeof outcome === "string") return outcome;
        problem = outcome.problem;
      }
      power.say("dhcp", `no boot device starts, the firmware tries again soon: ${problem}`);
      await power.wait(ALL_FAILED_MS);
    }
  }

  async #bootDisk(power: Power): Promise<Outcome | { problem: string }> {
    if (this.#disk === undefined) return { problem: "the disk is empty" };
    if (this.#stage !== "disk boot") power.say("disk boot", "the network has sent it to its disk");
    this.#disk = await startSystem(power, this.#disk);
    const { sha256, hasToken } = this.#disk;
    power.say("running", `image ${sha256.slice(0, 12)}${hasToken ? ", bootstrap token in hand" : ""}`);
    return "rests";
  }

  async #bootNetwork(power: Power, device: "network" | "http"): Promise<Outcome | { problem: string }> {
    const { firmware: usual, faults } = this.#parts;
    const firmware = device === "http" ? "http" : usual;
    try {
      power.say("dhcp", `${firmware === "pxe" ? "PXE" : "HTTP boot"} asks for an address`);
      const lease = await acquire(firmware, power);
      const end = await networkBoot(power, firmware, lease);
      if (end.kind === "halt") return "off";
      if (end.kind === "reboot") return "reboot";
      if (end.kind === "exit") return { problem: "GRUB was told to exit" };
      const fault = this.#failuresLeft > 0 ? faults.failInstall : undefined;
      this.#disk = await this.#install(power, end.commandLine, fault);
      return "reboot";
    } catch (error) {
      if (!(error instanceof NotBootable)) throw error;
      power.say("dhcp", error.message);
      return { problem: error.message };
    }
  }

  /** What was on the disk is gone as soon as the installer starts to write. */
  async #install(power: Power, commandLine: string, fault: Faults["failInstall"]): Promise<Disk> {
    this.#disk = undefined;
    try {
      return await install(power, commandLine, fault);
    } catch (error) {
      if (fault !== undefined && error instanceof Stopped) this.#failuresLeft--;
      throw error;
    }
  }
}
