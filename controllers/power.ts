/**
 * Drives each Machine's BMC: asks machine/power_plan.ts what is next, does it, and writes what it means. A BMC that
 * does not answer keeps nobody but its own Machine waiting.
 */
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import { TaskGroup } from "../base/tasks.ts";
import { Controller, type Result } from "../k8s/controller.ts";
import type { QueueObserver } from "../k8s/queue.ts";
import type { Decide, StatusWriter, WriteOutcome } from "../k8s/status.ts";
import { conditionOf, ConditionType } from "../machine/conditions.ts";
import type { EventReason, TellOwner } from "../machine/event_reasons.ts";
import { cycleOf, troubled } from "../machine/power_cycle.ts";
import { recorded, stepping, waiting } from "../machine/power_facts.ts";
import { powerStep } from "../machine/power_plan.ts";
import { type Machine, type MachineObject, readMachine } from "../machine/types.ts";
import type { BmcFault, BmcTarget } from "../redfish/types.ts";
import { type BmcCalls, CallError } from "./bmc_calls.ts";
import { BmcClaimedError, BmcClaims } from "./bmc_claims.ts";
import { BmcMemory, type BmcState } from "./bmc_memory.ts";
import { PasswordError } from "./bmc_passwords.ts";
import { unlessAborted } from "./unless_aborted.ts";

/** What it works with. */
export interface PowerControllerOptions {
  /** The Machines of this instance. */
  readonly machines: { byName(name: string): Machine | undefined };
  readonly statuses: Pick<StatusWriter<MachineObject>, "write">;
  /** A Machine as the API has it now; undefined where there is none, or it is not this instance's any more. */
  readonly newest: (name: string, signal: AbortSignal) => Promise<MachineObject | undefined>;
  /** Called with each object as the API has it after a write, or when it was read. */
  readonly stored: (object: MachineObject) => void;
  readonly calls: Pick<BmcCalls, "make" | "release">;
  /** Tells the Machine's owner, as an Event and, for a warning, a log line. */
  readonly report: TellOwner;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: () => number;
  /** Told what happens to the Machines that wait for work on them. @default nobody is */
  readonly observe?: QueueObserver;
}

/** Reasons of Events. */
const REASONS = {
  unreachable: "BmcUnreachable",
  tls: "BmcUnreachable",
  certificate: "BmcCertificateChanged",
  login: "BmcLoginFailed",
  busy: "BmcBusy",
  refused: "BmcRefused",
  "no system": "BmcNoSystem",
  protocol: "BmcNotRedfish",
} as const satisfies Readonly<Record<BmcFault, EventReason>>;
/** A Secret is looked at so often while it is what is wrong: correcting it takes effect without a restart (11.17). */
const SECRET_MS = 15_000;
/** Steps in a row without a wait; a plan that wants more goes in circles. */
const MAX_STEPS = 30;
/**
 * What was seen stays new for so long in the queue of writes: where hundreds of Machines wait for a slow API it would
 * be old whenever its turn comes, and nothing ever be written. What is sent to a BMC never is that old.
 */
const QUEUED_MS = 60_000;
/** The watch is given this time to catch up where it was behind. */
const BEHIND_MS = 1000;

/** What keeps a Machine from being switched until somebody mends it, or its BMC answers again. */
type Trouble = CallError | PasswordError | BmcClaimedError;

function isTrouble(error: unknown): error is Trouble {
  return [CallError, PasswordError, BmcClaimedError].some((kind) => error instanceof kind);
}

/** Works on Machines until told to stop. */
export class PowerController implements AsyncDisposable {
  readonly #options: PowerControllerOptions;
  readonly #controller: Controller;
  readonly #tasks: TaskGroup;
  readonly #memories = new Map<string, BmcMemory>();
  readonly #claims = new BmcClaims();

  /** Does nothing before {@link run}. */
  constructor(options: PowerControllerOptions) {
    this.#options = options;
    const { log, clock, random } = options;
    this.#tasks = new TaskGroup(log);
    this.#controller = new Controller({
      name: "power",
      reconcile: (name, signal) => this.#reconcile(name, signal),
      log,
      clock,
      random,
      observe: options.observe,
      // BMCs limit themselves (redfish/pool.ts); a limit here would let those that hang keep out the others.
      concurrency: Infinity,
      // Of the API: a BMC's failures have waits of their own.
      backoff: { baseMs: 1000, maxMs: 30_000 },
    });
  }

  /** A Machine came, changed or (undefined) went. */
  machineChanged(name: string, machine: Machine | undefined): void {
    this.#claims.put(name, machine);
    const memory = this.#memories.get(name);
    if (memory !== undefined && (machine === undefined || !memory.isOf(machine))) this.#forget(name, memory);
    if (machine === undefined) return;
    const isOurs = machine.redfish !== undefined || conditionOf(machine.object, ConditionType.PoweredOff) !== undefined;
    const { resourceVersion } = machine.object.metadata;
    const isKnown = resourceVersion !== undefined && this.#memories.get(name)?.version === resourceVersion;
    if (isOurs && !isKnown) this.#controller.enqueue(name);
  }

  /** How each BMC stands that this instance works with. */
  *states(): Generator<BmcState> {
    for (const memory of this.#memories.values()) yield memory.state;
  }

  /** Works until the signal is aborted; then forgets what it saw of BMCs: another instance may act on them. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#controller.run(signal);
    for (const [name, memory] of this.#memories) this.#forget(name, memory);
  }

  /** Waits for connections that are being closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const memory of this.#memories.values()) memory.stop();
    await this.#tasks[Symbol.asyncDispose]();
  }

  #forget(name: string, memory: BmcMemory): void {
    this.#memories.delete(name);
    memory.stop();
    this.#release(memory.target);
  }

  #release(target: BmcTarget | undefined): void {
    if (target !== undefined) this.#tasks.start(`log out of ${target.url}`, () => this.#options.calls.release(target));
  }

  #memoryOf(machine: Machine): BmcMemory | undefined {
    const known = this.#memories.get(machine.name);
    if (known?.isOf(machine)) return known;
    if (known !== undefined) this.#forget(machine.name, known);
    if (machine.redfish === undefined) return;
    const memory = new BmcMemory(machine, machine.redfish);
    this.#memories.set(machine.name, memory);
    return memory;
  }

  async #reconcile(name: string, stop: AbortSignal): Promise<Result> {
    const machine = this.#options.machines.byName(name);
    if (machine === undefined) return { kind: "done" };
    const memory = this.#memoryOf(machine);
    if (memory === undefined) {
      await this.#tellTrouble(machine, "spec.pxe.redfish is gone or cannot be used", stop);
      return { kind: "done" };
    }
    memory.version = machine.object.metadata.resourceVersion;
    const signal = AbortSignal.any([stop, memory.signal]);
    try {
      for (let steps = 0; steps < MAX_STEPS; steps++) {
        const newest = this.#options.machines.byName(name);
        if (newest === undefined || !memory.isOf(newest)) break;
        const result = await this.#step(newest, memory, signal);
        if (result !== undefined) return result;
      }
      return { kind: "again", afterMs: 1000 };
    } catch (error) {
      // Another one, or none: whoever changed it has asked for work on it.
      if (memory.signal.aborted && !stop.aborted) return { kind: "done" };
      if (!isTrouble(error)) throw error;
      return await this.#failed(machine, memory, error, signal);
    }
  }

  /** One step; undefined where the next can follow at once. */
  async #step(machine: Machine, memory: BmcMemory, signal: AbortSignal): Promise<Result | undefined> {
    memory.facts = stepping(memory.facts, cycleOf(machine));
    const step = powerStep(machine, memory.facts, this.#options.clock.now());
    switch (step.kind) {
      case "rest":
        memory.facts = waiting(memory.facts);
        memory.recovered();
        return { kind: "done" };
      case "wait":
        memory.facts = waiting(memory.facts);
        return { kind: "again", afterMs: step.afterMs };
      case "record":
        return await this.#record(machine, memory, step.says, signal);
      default:
        this.#claims.check(machine.name);
        if (step.kind === "power" && !await this.#isWanted(machine, memory, step.to, signal)) {
          memory.facts = waiting(memory.facts);
          return { kind: "again", afterMs: BEHIND_MS };
        }
        memory.facts = await this.#options.calls.make(machine, memory, step, signal);
        memory.succeeded(step.kind);
    }
  }

  /**
   * Whether the Machine as the API has it now asks for this too. A watch may be a minute behind, and a reboot that it
   * shows may have been ended by whoever led before: to switch off once more would leave the machine off.
   */
  async #isWanted(machine: Machine, memory: BmcMemory, to: "On" | "Off", signal: AbortSignal): Promise<boolean> {
    const { newest, stored, clock } = this.#options;
    // However long the API takes to answer: the BMC's client looks once more itself.
    const askedMs = clock.now();
    const object = await newest(machine.name, signal);
    if (object === undefined) return false;
    if (object.metadata.resourceVersion !== machine.object.metadata.resourceVersion) stored(object);
    const now = readMachine(object).machine;
    if (!memory.isOf(now)) return false;
    const step = powerStep(now, stepping(memory.facts, cycleOf(now)), askedMs);
    return step.kind === "power" && step.to === to;
  }

  async #record(
    machine: Machine,
    memory: BmcMemory,
    says: string,
    signal: AbortSignal,
  ): Promise<Result | undefined> {
    const { clock, log } = this.#options;
    const steppedMs = clock.now();
    // Decided anew on the object as it is then.
    const decide = (newest: Machine) => {
      const nowMs = clock.now();
      const step = powerStep(newest, memory.facts, nowMs - steppedMs < QUEUED_MS ? steppedMs : nowMs);
      return step.kind === "record" ? step.status : undefined;
    };
    const outcome = await this.#write(machine, memory, decide, signal);
    // The watch will say so too.
    if (outcome === "gone") return { kind: "done" };
    if (outcome === "written") log.info("power", { machine: machine.name, step: says });
    memory.facts = recorded(memory.facts);
  }

  async #write(
    machine: Machine,
    memory: BmcMemory | undefined,
    decide: (newest: Machine) => MachineObject["status"],
    signal: AbortSignal,
  ): Promise<WriteOutcome<MachineObject>["kind"]> {
    const { statuses, stored } = this.#options;
    const guarded: Decide<MachineObject> = (object) => {
      const newest = readMachine(object).machine;
      // Abandoned, made again under the same name, or with another BMC than was looked at: nothing of this is about it.
      const isSame = memory === undefined ? newest.uid === machine.uid : memory.isOf(newest);
      return isSame && !signal.aborted ? decide(newest) : undefined;
    };
    const outcome = await unlessAborted(statuses.write(machine.name, ConditionType.PoweredOff, guarded), signal);
    if (outcome.kind === "gone") return outcome.kind;
    if (memory !== undefined) memory.version = outcome.object.metadata.resourceVersion;
    stored(outcome.object);
    return outcome.kind;
  }

  async #failed(
    { name }: Machine,
    memory: BmcMemory,
    error: Trouble,
    signal: AbortSignal,
  ): Promise<Result> {
    const { machines, random, report, log } = this.#options;
    const machine = machines.byName(name);
    if (machine === undefined) return { kind: "done" };
    const cause = error.message;
    const call = error instanceof CallError ? error.call : undefined;
    const state = error instanceof CallError ? error.fault : error instanceof PasswordError ? "no secret" : "no system";
    const { isNew, waitMs } = memory.failed(cause, call, state, random());
    const reason = state === "no secret" ? "BmcSecretMissing" : REASONS[state];
    if (isNew) report(machine, "Warning", reason, cause);
    log.debug("BMC is tried again", { machine: name, reason, cause, retryMs: waitMs });
    memory.facts = waiting(memory.facts);
    await this.#tellTrouble(machine, cause, signal, memory);
    const isSecret = state === "no secret" || state === "login";
    return { kind: "again", afterMs: isSecret ? Math.min(waitMs, SECRET_MS) : waitMs };
  }

  /** Says in PoweredOff what keeps a reboot from going on. */
  async #tellTrouble(machine: Machine, cause: string, signal: AbortSignal, memory?: BmcMemory): Promise<void> {
    const decide = (newest: Machine) => troubled(newest, cause, this.#options.clock.now());
    if (decide(machine) === undefined) return;
    try {
      await this.#write(machine, memory, decide, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
