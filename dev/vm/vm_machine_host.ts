/** One virtual machine of a rack: power and boot order as a BMC switches them, and what it does as events. */
import type { Clock } from "../../base/clock.ts";
import type { BootDevice, MachineEvent, RackMachine, Stage } from "../rack/types.ts";
import { ConsoleReader, type Reading } from "./console.ts";
import type { VmParts } from "./requirements.ts";
import { VirtualMachine } from "./vm_host.ts";

/** How a machine is made. */
export interface VmMachineOptions {
  /** Of its network card, canonical. */
  readonly mac: string;
  /** SMBIOS system UUID. @default made from the MAC */
  readonly uuid?: string;
  /** The interface that is its cable. */
  readonly tap: string;
  /** Makes that interface; called once. */
  readonly plugIn: () => Promise<void>;
  /** Its own folder; made where it is not there. */
  readonly folder: string;
  /** Settles when the last machine over that folder has left it. @default it is free */
  readonly left?: Promise<void>;
  /** What it is made of. */
  readonly parts: VmParts;
  /** Whether the processor runs it. */
  readonly hasKvm: boolean;
  /** Told of what it does. */
  readonly onEvent: (event: MachineEvent) => void;
  /** Time of events. */
  readonly clock: Clock;
  /** Command and arguments that go before QEMU's. @default none */
  readonly enter?: readonly string[];
}

const DISK_MIB = 2048;
const MEMORY_MIB = 512;
const DEFAULT_ORDER: readonly BootDevice[] = ["disk", "network"];

/** A UUID that says whose it is. */
export function uuidOf(mac: string): string {
  return `6d6d0000-0000-4000-8000-${mac.replaceAll(":", "")}`;
}

/** The machine; off until {@link VmRackMachine.powerOn}. */
export class VmRackMachine implements RackMachine {
  readonly #options: VmMachineOptions;
  readonly #vm: VirtualMachine;
  #console = new ConsoleReader("off");
  #stage: Stage = "off";
  #disk: string | undefined;
  #order = DEFAULT_ORDER;
  #once: BootDevice | undefined;
  #removed = false;
  /** Ends when the machine that is on does. */
  #run: Promise<unknown> | undefined;
  /** What was asked of it is done one after another. */
  #work: Promise<void> = Promise.resolve();

  /** Makes it, switched off, as its folder says that it was left. */
  constructor(options: VmMachineOptions) {
    this.#options = options;
    const { mac, uuid, tap, folder, parts, hasKvm, enter } = options;
    this.#vm = new VirtualMachine({
      ...{ mac, uuid: uuid ?? uuidOf(mac), tap, folder, diskMiB: DISK_MIB, memoryMiB: MEMORY_MIB },
      ...{ qemu: parts.qemu, setpriv: parts.setpriv, accelerator: hasKvm ? "kvm" : "tcg" },
      ...(enter === undefined ? {} : { enter }),
      firmware: { code: parts.firmware, variables: parts.variables, isSecure: false },
      onConsole: (text) => this.#read(text),
      onEvent: ({ event }) => event === "RESET" && this.#hasReset(),
    });
    this.#do(async () => {
      // What went wrong there was told to whoever took that one out.
      await options.left?.catch(() => {});
      await Deno.mkdir(folder, { recursive: true });
      this.#disk = await Deno.readTextFile(this.#digestFile).catch(() => undefined);
      await options.plugIn();
    });
  }

  get #digestFile(): string {
    return `${this.#options.folder}/disk.sha256`;
  }

  /** Canonical. */
  get mac(): string {
    return this.#options.mac;
  }

  /** SMBIOS system UUID, lower case. */
  get uuid(): string {
    return this.#options.uuid ?? uuidOf(this.mac);
  }

  /** Where it is. */
  get stage(): Stage {
    return this.#stage;
  }

  /** Whether it has power. */
  get isOn(): boolean {
    return this.#vm.isOn;
  }

  /** SHA-256 of the disk image that was installed. */
  get disk(): string | undefined {
    return this.#disk;
  }

  /** What is tried in order. */
  get bootOrder(): readonly BootDevice[] {
    return this.#order;
  }

  /** Counts from the next reset on. */
  set bootOrder(order: readonly BootDevice[]) {
    this.#order = order;
    this.#orderChanged();
  }

  /** Tried first at the next boot only. */
  get bootOnce(): BootDevice | undefined {
    return this.#once;
  }

  /** Counts for the next reset. */
  set bootOnce(device: BootDevice | undefined) {
    this.#once = device;
    this.#orderChanged();
  }

  /** What the next boot tries. */
  #nextOrder(): readonly BootDevice[] {
    return this.#once === undefined ? this.#order : [this.#once, ...this.#order.filter((name) => name !== this.#once)];
  }

  #orderChanged(): void {
    this.#do(async () => {
      if (this.isOn) await this.#vm.setBootOrder(this.#nextOrder());
    });
  }

  #firmwareStarts(): void {
    const stage = this.#disk !== undefined && this.#nextOrder()[0] === "disk" ? "disk boot" : "dhcp";
    this.#console = new ConsoleReader(stage);
    this.#say({ stage, detail: "the firmware starts" });
  }

  /** The firmware reads the order when it starts: what counted once has counted. */
  #hasReset(): void {
    this.#firmwareStarts();
    if (this.#once !== undefined) this.bootOnce = undefined;
  }

  /** Does it after what is being done; what fails is told as an event. */
  #do(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work).catch((error: Error) => this.#say({ stage: "failed", detail: error.message }));
    return this.#work;
  }

  #say({ stage = this.#stage, detail, progress }: Omit<Reading, "disk">): void {
    this.#stage = stage;
    const { mac, clock, onEvent } = this.#options;
    onEvent({ mac, stage, detail, ...(progress === undefined ? {} : { progress }), atMs: clock.now() });
  }

  #read(text: string): void {
    for (const { disk, ...reading } of this.#console.read(text)) {
      if (disk !== undefined) {
        this.#disk = disk;
        this.#do(() => Deno.writeTextFile(this.#digestFile, disk));
      }
      const where = reading.stage === "failed" ? `; its console is in ${this.#vm.files.serialLog}` : "";
      this.#say({ ...reading, detail: reading.detail + where });
    }
  }

  /** Switches it on, if it is off. */
  powerOn(): void {
    this.#do(() => this.#start());
  }

  async #start(): Promise<void> {
    if (this.isOn || this.#removed) return;
    this.#firmwareStarts();
    const [order, once] = [this.#nextOrder(), this.#once];
    this.#once = undefined;
    await this.#vm.on(order);
    if (once !== undefined) await this.#vm.setBootOrder(this.#nextOrder());
    const run = this.#vm.ended;
    this.#run = run;
    run.then(() => this.#do(() => this.#run === run ? this.#stop("it has switched itself off") : Promise.resolve()));
  }

  async #stop(detail: string): Promise<void> {
    if (!this.isOn) return;
    this.#run = undefined;
    await this.#vm.off();
    this.#say({ stage: "off", detail });
  }

  /** Pulls its plug: whatever it did stops at once. */
  async powerOff(): Promise<void> {
    await this.#do(() => this.#stop(""));
  }

  /** Switches it off for good: its folder may be another machine's from then on. */
  async remove(): Promise<void> {
    this.#removed = true;
    await this.powerOff();
  }

  /** Off and on. */
  async reset(): Promise<void> {
    await this.#do(async () => {
      if (!this.isOn) return await this.#start();
      await this.#vm.qmp("system_reset");
    });
  }
}
