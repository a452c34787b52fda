/**
 * What machines report, on its way into their status. A report takes effect here at once (the next file a machine asks
 * for already knows it) and reaches the API when the API can be reached: an outage loses nothing (contract 11.15).
 */
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { Decide, StatusWriter, WriteOutcome } from "../k8s/status.ts";
import type { Sight } from "../machine/boot_sight.ts";
import { conditionOf, ConditionReason, ConditionType } from "../machine/conditions.ts";
import type { TellOwner } from "../machine/event_reasons.ts";
import { type CloudInitEvent, cloudInitReport, nextStallCheck, pxeDisabled } from "../machine/reports.ts";
import type { Machine, MachineObject } from "../machine/types.ts";

/** What reports need. */
export interface MachineReportsOptions {
  readonly statuses: Pick<StatusWriter<MachineObject>, "write">;
  /** Called when what {@link MachineReports.overlay} adds to a Machine has changed. */
  readonly changed: (name: string) => void;
  /** Called with each object as the API has it after a write. */
  readonly stored: (object: MachineObject) => void;
  /** Told of each report, before anything of it is written. */
  readonly saw: (machine: Machine, sight: Sight) => void;
  /** Tells the Machine's owner, as an Event. */
  readonly tell: TellOwner;
  readonly log: Logger;
  readonly clock: Clock;
}

/** A report that the API does not have yet. */
interface Pending {
  readonly uid: string | undefined;
  /** Absent where nothing that is served depends on it. */
  readonly shown?: Decide<MachineObject>;
}

/** Takes reports and keeps them until they are written; of one kind, only a machine's newest matters. */
export class MachineReports {
  readonly #options: MachineReportsOptions;
  /** Machine name to the status slot (a condition's type) to the report. */
  readonly #pending = new Map<string, Map<string, Pending>>();
  readonly #runningSince = new Map<string, { readonly message: string; readonly sinceMs: number }>();

  #onEmpty: () => void = () => {};

  /** Nothing is written before the first report. */
  constructor(options: MachineReportsOptions) {
    this.#options = options;
  }

  /** How many Machines have reports that are not in the API yet. */
  get waiting(): number {
    return this.#pending.size;
  }

  /** Contract 2, CloudInitDone. */
  cloudInit(machine: Machine, event: CloudInitEvent): void {
    const { clock, saw, tell } = this.#options;
    const now = clock.now();
    saw(machine, { kind: "cloud-init", event });
    this.#submit(machine, ConditionType.CloudInitDone, (object) => cloudInitReport(object, event, now));
    const status = cloudInitReport(machine.object, event, now);
    const condition = status && conditionOf({ ...machine.object, status }, ConditionType.CloudInitDone);
    if (condition?.reason === ConditionReason.Failed) tell(machine, "Warning", "CloudInitFailed", condition.message);
  }

  /** Contract 2, Repaved: the repave that the Machine asked for when it reported is done. */
  pxeDisable(machine: Machine): void {
    const { clock, log, saw, tell } = this.#options;
    const now = clock.now();
    saw(machine, { kind: "installed" });
    const report = { wantedRepaves: machine.wanted.repaveCounter, image: machine.image ?? "" };
    if (pxeDisabled(machine.object, report, now) === undefined) return;
    log.info("machine installed; PXE is disabled", { machine: machine.name, ...report });
    tell(machine, "Normal", "Installed", "the machine reports that it is installed");
    this.#submit(machine, ConditionType.Repaved, (object) => pxeDisabled(object, report, now));
  }

  /**
   * What was seen of its last boot.
   * @param settled told what came of it; may hand in the next
   */
  boot(
    machine: Machine,
    change: Decide<MachineObject>,
    settled: (outcome: WriteOutcome<MachineObject>) => void,
  ): void {
    void this.#keep(machine, { slot: "boot", change, settled });
  }

  /**
   * Looks whether a Machine's cloud-init has stalled, and says so in its status if so.
   * @returns when to look again, in milliseconds from now; undefined when there is nothing to wait for
   */
  checkStall(machine: Machine): number | undefined {
    const { name, object } = machine;
    const now = this.#options.clock.now();
    const condition = object.status?.conditions?.find((c) => c.type === ConditionType.CloudInitDone);
    const seen = this.#runningSince.get(name);
    const sinceMs = seen !== undefined && seen.message === condition?.message ? seen.sinceMs : now;
    const check = nextStallCheck(object, sinceMs, now);
    if (check.kind === "later") {
      this.#runningSince.set(name, { message: condition!.message, sinceMs });
      return check.at - now;
    }
    this.#runningSince.delete(name);
    if (check.kind === "none") return;
    const last = condition?.message;
    this.#options.log.warn("cloud-init has stalled", { machine: name, last });
    this.#options.tell(machine, "Warning", "CloudInitTimedOut", `nothing was heard for 5 minutes after: ${last}`);
    this.#submit(machine, ConditionType.CloudInitDone, (newest) => {
      const again = nextStallCheck(newest, sinceMs, now);
      return again.kind === "timedOut" ? again.status : undefined;
    });
  }

  /** Resolves when every report is written, or the signal aborts first: then the log names the Machines that lose one. */
  async flush(signal: AbortSignal): Promise<void> {
    if (this.#pending.size === 0 || signal.aborted) return this.#sayLost();
    const settled = Promise.withResolvers<void>();
    this.#onEmpty = settled.resolve;
    signal.addEventListener("abort", () => settled.resolve(), { once: true });
    await settled.promise;
    this.#sayLost();
  }

  #sayLost(): void {
    if (this.#pending.size === 0) return;
    this.#options.log.error("reports are lost: the API could not be reached before the end", {
      machines: [...this.#pending.keys()].join(","),
    });
  }

  /** Forgets a Machine that is gone. */
  forget(name: string): void {
    this.#runningSince.delete(name);
  }

  /** The object as it will be once its reports are written. */
  overlay(object: MachineObject): MachineObject {
    let { status } = object;
    for (const { uid, shown } of this.#pending.get(object.metadata.name)?.values() ?? []) {
      if (uid === object.metadata.uid) status = shown?.({ ...object, ...(status ? { status } : {}) }) ?? status;
    }
    return status === object.status ? object : { ...object, ...(status ? { status } : {}) };
  }

  #submit(machine: Machine, slot: string, change: Decide<MachineObject>): void {
    void this.#keep(machine, { slot, change });
  }

  /** Keeps a report until it is written; one whose outcome somebody waits for changes nothing that is served. */
  async #keep(
    { name, object: { metadata: { uid } } }: Machine,
    { slot, change, settled }: {
      readonly slot: string;
      readonly change: Decide<MachineObject>;
      readonly settled?: (outcome: WriteOutcome<MachineObject>) => void;
    },
  ): Promise<void> {
    // A Machine that was deleted and made again has reported nothing.
    const decide: Decide<MachineObject> = (object) => object.metadata.uid === uid ? change(object) : undefined;
    const slots = this.#pending.get(name) ?? new Map<string, Pending>();
    const pending: Pending = { uid, ...(settled === undefined ? { shown: decide } : {}) };
    this.#pending.set(name, slots.set(slot, pending));
    if (settled === undefined) this.#options.changed(name);
    const outcome = await this.#options.statuses.write(name, slot, decide);
    settled?.(outcome);
    if (slots.get(slot) !== pending) return;
    slots.delete(slot);
    if (slots.size === 0) this.#pending.delete(name);
    if (this.#pending.size === 0) this.#onEmpty();
    if (outcome.kind !== "gone") this.#options.stored(outcome.object);
  }
}
