/** A reboot under way, as the conditions of a Machine hold it (contract 2), and how each of its steps is written. */
import {
  conditionOf,
  ConditionReason,
  ConditionType,
  type NextCondition,
  withCondition,
  withoutConditions,
} from "./conditions.ts";
import type { Condition, Machine, MachineObject, MachineStatus } from "./types.ts";

/** A reboot that is asked for or under way. */
export interface Cycle {
  /** `begin`: nothing is written yet. `off`: off is asked for. `was off`: off was seen. `on`: on is asked for. */
  readonly phase: "begin" | "off" | "was off" | "on";
  /** The reboot counter that the condition names. */
  readonly begun: number | undefined;
  /** The counter that this cycle will have reached. */
  readonly target: number;
  /** Whether a reboot is still asked for: the counter may have been taken back. */
  readonly wanted: boolean;
  /** What keeps it from going on, as it was written last. */
  readonly cause?: string;
  /** When PoweredOff last changed; NaN before it is written. */
  readonly sinceMs: number;
}

/** PoweredOff at the beginning of each phase. */
export type Mark = "powering off" | "was off" | "powering on";

const MARKS: Readonly<Record<Mark, Pick<Condition, "status" | "reason">>> = {
  "powering off": { status: "False", reason: ConditionReason.PoweringOff },
  "was off": { status: "True", reason: ConditionReason.ForceOff },
  "powering on": { status: "True", reason: ConditionReason.PoweringOn },
};
const MAX_MESSAGE = 1024;

/** Whether an installation is asked for and not done. */
export function repavePending({ wanted, done }: Machine): boolean {
  return wanted.repaveCounter > done.repaveCounter;
}

/** Whether a reboot is asked for and not done. */
export function rebootPending({ wanted, done }: Machine): boolean {
  return wanted.rebootCounter > done.rebootCounter;
}

/** The reboot that is asked for or under way. */
export function cycleOf(machine: Machine): Cycle | undefined {
  const condition = conditionOf(machine.object, ConditionType.PoweredOff);
  const wanted = rebootPending(machine);
  const asked = wanted ? machine.wanted.rebootCounter : machine.done.rebootCounter;
  if (condition === undefined) {
    return wanted ? { phase: "begin", begun: undefined, target: asked, wanted, sinceMs: NaN } : undefined;
  }
  const [, said, cause] = /^target reboots: (-?\d{1,19})(?!\d)(?:: ([^]*))?/.exec(condition.message) ?? [];
  const begun = said === undefined ? undefined : Number(said);
  const trouble = cause === undefined ? {} : { cause };
  const sinceMs = Date.parse(condition.lastTransitionTime);
  if (condition.status === "True") {
    const phase = condition.reason === ConditionReason.PoweringOn ? "on" : "was off";
    return { phase, begun, target: begun ?? asked, wanted, sinceMs, ...trouble };
  }
  // Until the machine was off, the cycle is for whatever is asked for now.
  return { phase: "off", begun, target: wanted ? asked : begun ?? asked, wanted, sinceMs, ...trouble };
}

/** What remains of a Machine's status when its next installation begins: nothing that its old system said. */
function cleared(machine: Machine): MachineObject {
  if (!repavePending(machine)) return machine.object;
  const repaved = conditionOf(machine.object, ConditionType.Repaved);
  const old = repaved?.status === "False" ? [ConditionType.Repaved] : [];
  return withoutConditions(machine.object, ConditionType.CloudInitDone, ...old);
}

function written(object: MachineObject, next: NextCondition, nowMs: number): MachineStatus {
  return withCondition(object, next, nowMs) ?? object.status ?? {};
}

/** PoweredOff as it is at the beginning of a phase. */
export function marked(machine: Machine, { target }: Cycle, mark: Mark, nowMs: number): MachineStatus {
  const next = { type: ConditionType.PoweredOff, ...MARKS[mark], message: `target reboots: ${target}` };
  return written(cleared(machine), next, nowMs);
}

/** A power action is repeated: the condition's time starts again (contract 2). */
export function restarted(machine: Machine, cycle: Cycle, nowMs: number): MachineStatus {
  const object = withoutConditions(machine.object, ConditionType.PoweredOff);
  const mark = cycle.phase === "off" ? "powering off" : "powering on";
  return marked({ ...machine, object }, cycle, mark, nowMs);
}

/** The machine is on again: counted, and its installation begins if one is asked for. */
export function finished(machine: Machine, { target }: Cycle, nowMs: number): MachineStatus {
  const { wanted, done, image = "" } = machine;
  const counter = Math.max(done.rebootCounter, Math.min(target, wanted.rebootCounter));
  const object = withoutConditions(machine.object, ConditionType.PoweredOff);
  const operations = { ...object.status?.operations, rebootCounter: counter };
  const counted = { ...object, status: { ...object.status, operations } };
  if (!repavePending(machine)) return counted.status;
  // One that is there is of an earlier try; the time of this one starts now.
  const fresh = withoutConditions(counted, ConditionType.Repaved);
  const pending = { status: "False" as const, reason: ConditionReason.Pending, message: `image=${image}` };
  return written(fresh, { type: ConditionType.Repaved, ...pending }, nowMs);
}

/** A counter that was taken back before anything came of it. */
export function abandoned({ object }: Machine): MachineStatus {
  return withoutConditions(object, ConditionType.PoweredOff).status ?? {};
}

/** PoweredOff with what keeps the cycle from going on; undefined where there is no cycle, or it says so already. */
export function troubled(machine: Machine, cause: string, nowMs: number): MachineStatus | undefined {
  const cycle = cycleOf(machine);
  if (cycle === undefined) return;
  const { phase, target } = cycle;
  const mark = phase === "on" ? "powering on" : phase === "was off" ? phase : "powering off";
  const message = `target reboots: ${target}: ${cause}`.slice(0, MAX_MESSAGE).toWellFormed();
  const object = phase === "begin" ? cleared(machine) : machine.object;
  return withCondition(object, { type: ConditionType.PoweredOff, ...MARKS[mark], message }, nowMs);
}
