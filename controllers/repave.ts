/** Watches over installations: boots a machine again that is not done in time, and gives up in the end (contract 9, 11.9). */
import type { Clock } from "../base/clock.ts";
import { formatDuration } from "../base/duration.ts";
import type { Logger } from "../base/log.ts";
import { Controller, type Result } from "../k8s/controller.ts";
import type { QueueObserver } from "../k8s/queue.ts";
import type { StatusWriter } from "../k8s/status.ts";
import type { TellOwner } from "../machine/event_reasons.ts";
import { type RepaveLimits, type RepaveStep, repaveStep } from "../machine/repave_plan.ts";
import { type Machine, type MachineObject, readMachine, type RepaveCount } from "../machine/types.ts";
import { unlessAborted } from "./unless_aborted.ts";

/** What it works with. */
export interface RepaveControllerOptions {
  /** The Machines of this instance. */
  readonly machines: { byName(name: string): Machine | undefined };
  readonly statuses: Pick<StatusWriter<MachineObject>, "write">;
  /** Called with each object as the API has it after a write. */
  readonly stored: (object: MachineObject) => void;
  /** What a machine did last, in words. */
  readonly seen: (machine: string) => string;
  /** Tells the Machine's owner, as an Event and a log line. */
  readonly report: TellOwner;
  readonly limits: RepaveLimits;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: () => number;
  /** Told what happens to the Machines that wait for work on them. @default nobody is */
  readonly observe?: QueueObserver;
}

/** Not a condition's: a machine's own report must not take its place, nor the other way round. */
const SLOT = "installation in time";

/** Works on Machines until told to stop. */
export class RepaveController {
  readonly #options: RepaveControllerOptions;
  readonly #controller: Controller;
  /** The counts written last, as a CRD may drop them. */
  readonly #counts = new Map<string, { readonly uid: string; readonly count: RepaveCount }>();

  /** Does nothing before {@link run}. */
  constructor(options: RepaveControllerOptions) {
    this.#options = options;
    const { log, clock, random, observe } = options;
    const reconcile = (name: string, signal: AbortSignal) => this.#reconcile(name, signal);
    this.#controller = new Controller({
      ...{ name: "installations", reconcile, log, clock, random, observe },
      // Writes are limited where they are made; a limit here would let those that the API refuses keep out the others.
      concurrency: Infinity,
    });
  }

  /** A Machine came, changed or (undefined) went. */
  machineChanged(name: string, machine: Machine | undefined): void {
    if (machine === undefined) this.#counts.delete(name);
    else if (machine.redfish !== undefined) this.#controller.enqueue(name);
  }

  /** Works until the signal is aborted. */
  run(signal: AbortSignal): Promise<void> {
    return this.#controller.run(signal);
  }

  #step(machine: Machine): RepaveStep {
    const { limits, clock, seen } = this.#options;
    const known = this.#counts.get(machine.name);
    const remembered = known?.uid === machine.uid ? known.count : undefined;
    return repaveStep(machine, { remembered, seen: seen(machine.name), limits, nowMs: clock.now() });
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<Result> {
    const { machines, statuses, stored } = this.#options;
    const machine = machines.byName(name);
    if (machine === undefined) return { kind: "done" };
    const step = this.#step(machine);
    if (step.kind === "none") return { kind: "done" };
    if (step.kind === "later") return { kind: "again", afterMs: step.afterMs };
    let decided: RepaveStep | undefined;
    const write = statuses.write(name, SLOT, (object) => {
      // Abandoned, or made again under the same name: nothing of this is about it.
      const isOurs = !signal.aborted && object.metadata.uid === machine.uid;
      decided = isOurs ? this.#step(readMachine(object).machine) : undefined;
      return decided !== undefined && "status" in decided ? decided.status : undefined;
    });
    const outcome = await unlessAborted(write, signal);
    if (outcome.kind === "gone") return { kind: "done" };
    if (outcome.kind === "written" && decided !== undefined) this.#tell(machine, decided);
    stored(outcome.object);
    return { kind: "again", afterMs: 1000 };
  }

  #tell(machine: Machine, step: RepaveStep): void {
    const { seen, report, limits } = this.#options;
    if (step.kind !== "retry" && step.kind !== "give up") return;
    this.#counts.set(machine.name, { uid: machine.uid, count: step.count });
    const { attempts } = step.count;
    const what = `not installed within ${formatDuration(limits.timeoutMs)}, attempt ${attempts}: ${seen(machine.name)}`;
    if (step.kind === "retry") report(machine, "Warning", "RepaveRetried", `${what}; it is booted again`);
    else report(machine, "Warning", "RepaveFailed", `${what}; given up`);
  }
}
