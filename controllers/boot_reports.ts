/**
 * The last boot of each Machine, from what this replica sees of it to its status (status.boot), and in words. Steps are written
 * together: at once when a boot begins, else some seconds later or with whatever else is written of the Machine.
 */
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { Decide, WriteOutcome } from "../k8s/status.ts";
import { WorkQueue } from "../k8s/queue.ts";
import type { BootStatus, BootStep } from "../machine/boot_status.ts";
import type { Sight } from "../machine/boot_sight.ts";
import { bootOf, hasStep, withBoot } from "../machine/boot_timeline.ts";
import type { Machine, MachineObject } from "../machine/types.ts";
import { BootMemory, type Learned } from "./boot_memory.ts";
import { BootTrace, type Protocol } from "./boot_trace.ts";

/** What it works with. */
export interface BootReportsOptions {
  /** The Machines of this instance. */
  readonly machines: { byName(name: string): Machine | undefined };
  /** Has a change written, however long that takes, and tells what came of it. */
  readonly submit: (
    machine: Machine,
    decide: Decide<MachineObject>,
    settled: (outcome: WriteOutcome<MachineObject>) => void,
  ) => void;
  /** Told once of each step, by the replica that has written it. */
  readonly written: (machine: Machine, step: BootStep, boot: BootStatus) => void;
  readonly log: Logger;
  readonly clock: Clock;
  /** Milliseconds that nobody sets: how long something is ago. */
  readonly steadyNow: () => number;
  readonly random: () => number;
}

/** A Machine's memory and its writes. */
interface Entry {
  readonly memory: BootMemory;
  /** Whether something is to be written that was not handed on yet. */
  isHeld: boolean;
  /** Whether a write is under way, and whether the next is due when it is done. */
  writing: "no" | "yes" | "next is due";
  /** What was told of it, where no status says what was. */
  told: BootStatus | undefined;
}

/** Steps wait so long for others, less up to half of it, so that not all machines of a rack are written at once. */
const HOLD_MS = 10_000;
/** Where the Machine definition drops status.boot, it is tried again after this time. */
const DROPPED_MS = 10 * 60_000;

/** Keeps it, in memory and in the status. */
export class BootReports {
  readonly #options: BootReportsOptions;
  readonly #queue: WorkQueue;
  readonly #trace = new BootTrace();
  readonly #entries = new Map<string, Entry>();
  /** What tells apart what the status of each Machine says of its boot. */
  readonly #versions = new Map<string, string>();
  /** By the steady clock. */
  #silentUntilMs = 0;

  /** Nothing is written before {@link run}, but with what else is. */
  constructor(options: BootReportsOptions) {
    this.#options = options;
    const { clock, random } = options;
    this.#queue = new WorkQueue({ clock, random });
  }

  /** Writes until the signal is aborted. */
  run(signal: AbortSignal): Promise<void> {
    return this.#queue.run(1, (name) => Promise.resolve(this.writeHeld(name)), signal);
  }

  /** A machine's BMC is about to be told to switch it on. */
  poweringOn(machine: Machine): void {
    this.#trace.poweringOn(machine.name);
    this.#entry(machine).memory.poweringOn(this.#options.clock.now());
  }

  /** Its BMC has taken that; the machine may have been seen since. */
  poweredOn(machine: Machine): void {
    const entry = this.#entry(machine);
    this.#learned(machine.name, entry, entry.memory.poweredOn(this.#options.clock.now()));
  }

  /** A DHCP message came; `silence` says why it was not answered, `sight` what it means where firmware asked. */
  dhcp(machine: Machine, silence: string | undefined, sight: Sight & { kind: "dhcp" } | undefined): void {
    this.#trace.dhcp(machine.name, silence);
    if (silence === undefined && sight !== undefined) this.saw(machine, sight);
  }

  /** A file was asked for; `failure` says why it was not to be had, else `image` of which image it is. */
  file(
    machine: Machine,
    { path, over, failure, image }: {
      readonly path: string;
      readonly over: Protocol;
      readonly failure: string | undefined;
      readonly image: string | undefined;
    },
  ): void {
    this.#trace.file(machine.name, path, over, failure);
    if (failure !== undefined) return;
    this.saw(machine, { kind: "file", path, over, ...(image === undefined ? {} : { image }) });
  }

  /** Something else was seen of a machine. */
  saw(machine: Machine, sight: Sight): void {
    const entry = this.#entry(machine);
    this.#learned(machine.name, entry, entry.memory.see(sight, this.#options.clock.now()));
  }

  #learned(name: string, entry: Entry, learned: Learned): void {
    if (learned !== "nothing") this.#hold(name, entry, learned === "boot");
  }

  /** A Machine came, changed or (undefined) went. */
  machineChanged(name: string, machine: Machine | undefined): void {
    const entry = this.#entries.get(name);
    if (machine === undefined || (entry !== undefined && entry.memory.uid !== machine.object.metadata.uid)) {
      this.#trace.forget(name);
      this.#entries.delete(name);
      this.#versions.delete(name);
    }
    if (machine !== undefined) this.#learn(machine);
  }

  /** Another replica's word counts as a sign of the machine at the time when it comes: clocks may differ. */
  #learn(machine: Machine): void {
    const { name, object } = machine;
    const { clock } = this.#options;
    const version = `${object.metadata.uid} ${object.status?.boot?.number} ${object.status?.boot?.steps?.length}`;
    const before = this.#versions.get(name);
    this.#versions.set(name, version);
    const entry = this.#entries.get(name);
    if (entry?.memory.learn(object, clock.now())) this.#hold(name, entry, false);
    if (entry === undefined && before !== undefined && before !== version) this.#begin(machine, clock.now());
  }

  /** What was seen last of a machine whose installation is not done. */
  describe(name: string): string {
    const seen = this.#trace.describe(name);
    const boot = this.#entries.get(name)?.memory.boot;
    const isInstalling = boot !== undefined && hasStep(boot, "FirstFile", "Kernel") && !hasStep(boot, "PXEDisabled");
    if (this.#trace.hasFiles(name) || !isInstalling) return seen;
    const { name: step, message } = boot.steps.findLast(({ name }) => name !== "Attested")!;
    return `${seen} by this replica; another saw ${step}${message === undefined ? "" : ` (${message})`}`;
  }

  /** Hands on what waits of a Machine; to be called right before something else of it is written. */
  writeHeld(name: string): void {
    const entry = this.#entries.get(name);
    const machine = this.#options.machines.byName(name);
    if (entry === undefined || machine === undefined || !entry.isHeld) return;
    if (entry.writing !== "no") return void (entry.writing = "next is due");
    entry.isHeld = false;
    if (this.#options.steadyNow() >= this.#silentUntilMs) this.#submit(machine, entry);
    else this.#tellOwn(machine, entry);
  }

  /** Hands on all that waits. */
  flush(): void {
    for (const name of this.#entries.keys()) this.writeHeld(name);
  }

  #entry(machine: Machine): Entry {
    const { name, object } = machine;
    const known = this.#entries.get(name);
    if (known === undefined || known.memory.uid !== object.metadata.uid) return this.#begin(machine);
    if (known.memory.learn(object)) this.#hold(name, known, false);
    return known;
  }

  #begin({ name, object }: Machine, changedMs?: number): Entry {
    const entry: Entry = { memory: new BootMemory(object, changedMs), isHeld: false, writing: "no", told: undefined };
    this.#entries.set(name, entry);
    return entry;
  }

  #hold(name: string, entry: Entry, isNow: boolean): void {
    entry.isHeld = true;
    this.#queue.addAfter(name, isNow ? 0 : HOLD_MS * (1 - this.#options.random() / 2));
  }

  #submit(machine: Machine, entry: Entry): void {
    let before: BootStatus | undefined;
    entry.writing = "yes";
    this.#options.submit(machine, (object) => {
      before = bootOf(object);
      return entry.memory.boot && withBoot(object, entry.memory.boot);
    }, (outcome) => {
      const isDue = entry.writing === "next is due";
      entry.writing = "no";
      if (outcome.kind === "written") this.#settled(machine, entry, before, bootOf(outcome.object));
      if (isDue) this.writeHeld(machine.name);
    });
  }

  #settled(machine: Machine, entry: Entry, before: BootStatus | undefined, after: BootStatus | undefined): void {
    if (after !== undefined) return this.#tell(machine, before, after);
    this.#dropped(machine);
    this.#tellOwn(machine, entry);
  }

  /** Nobody can see what others have told, so each replica tells what it has seen itself. */
  #tellOwn(machine: Machine, entry: Entry): void {
    const { memory: { boot }, told } = entry;
    if (boot === undefined) return;
    entry.told = boot;
    this.#tell(machine, told, boot);
  }

  #tell(machine: Machine, before: BootStatus | undefined, after: BootStatus): void {
    const old = before?.number === after.number ? before.steps.map(({ name }) => name) : [];
    for (const step of after.steps) if (!old.includes(step.name)) this.#options.written(machine, step, after);
  }

  /** The peer's Machine definition knows no status.boot. */
  #dropped({ name }: Machine): void {
    const { steadyNow, log } = this.#options;
    if (steadyNow() < this.#silentUntilMs) return;
    this.#silentUntilMs = steadyNow() + DROPPED_MS;
    log.info("the Machine definition has no status.boot, so boots show in Events and in the log only", {
      machine: name,
    });
  }
}
