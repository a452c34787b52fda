/** What a Machine has done of what was asked: pure, from its conditions and counters to steps (contract 2 and 3). */
import { ConditionReason, conditionsOf, ConditionType } from "../../machine/conditions.ts";
import { type Condition, type MachineObject, readMachine } from "../../machine/types.ts";
import type { Until } from "./settings.ts";

/** What was asked of a Machine. */
export interface Goal {
  readonly kind: "repave" | "reboot";
  readonly until: Until;
  /** Of the very object that was asked. */
  readonly uid: string;
  /** status.operations must reach these. */
  readonly rebootCounter: number;
  readonly repaveCounter: number;
  /** lastTransitionTime of CloudInitDone when it was asked: what is said since is about the new start. */
  readonly cloudInitBefore?: string;
}

/** How it ended, or that it has not. */
export type Outcome =
  | { readonly kind: "waiting" }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly reason: string };

/** How far a Machine is. */
export interface Progress {
  /** What it has done, in order; each is said once. */
  readonly steps: readonly string[];
  readonly outcome: Outcome;
  /** What hinders it, as it is now. */
  readonly cause?: string;
}

const POWER = ["Powering off...", "Powered off", "Powering on...", "Powered on"] as const;
const INSTALL = ["Installing...", "Installed"] as const;
const START = "Starting...";
const END = "ready";

/** Nothing is seen yet. */
export const NOTHING_SEEN: Progress = { steps: [], outcome: { kind: "waiting" } };

/** A PoweredOff condition's message: `target reboots: N`, and `: cause` where the BMC fails. */
const TARGET = /^target reboots: (\d+)(?:: ([^]*))?$/;
/** What cloud-init says when its last stage has failed: none comes after it. */
const LAST_STAGE_FAILED = /^stage "modules-final" failed/;

/** All steps of a goal, in order. */
function stepsOf({ kind, until }: Goal): string[] {
  const install = kind === "repave" && until !== "power" ? INSTALL : [];
  return [...POWER, ...install, ...(until === "ready" ? [START] : []), END];
}

/** What keeps a reboot from going on, as PoweredOff says it. */
export function causeIn({ message }: Condition): string | undefined {
  return TARGET.exec(message)?.[2];
}

/** The conditions that count here. */
interface Seen {
  readonly power?: Condition;
  readonly bootOrder?: Condition;
  readonly repaved?: Condition;
  /** Only what was said since the goal was set. */
  readonly cloudInit?: Condition;
  /** Of the cycle that runs; its target where it tells. */
  readonly cycle?: { readonly target?: number; readonly cause?: string };
  readonly done: { readonly rebootCounter: number; readonly repaveCounter: number };
}

function look(object: MachineObject, goal: Goal): Seen {
  const conditions = conditionsOf(object);
  const find = (type: string) => conditions.find((condition) => condition.type === type);
  const [power, bootOrder, repaved, cloudInit] = [
    find(ConditionType.PoweredOff),
    find(ConditionType.BootOrderConfigSupported),
    find(ConditionType.Repaved),
    find(ConditionType.CloudInitDone),
  ];
  const [, target] = TARGET.exec(power?.message ?? "") ?? [];
  const cause = power && causeIn(power);
  return {
    done: readMachine(object).machine.done,
    ...(power === undefined ? {} : {
      power,
      cycle: { ...(target === undefined ? {} : { target: Number(target) }), ...(cause === undefined ? {} : { cause }) },
    }),
    ...(bootOrder === undefined ? {} : { bootOrder }),
    ...(repaved === undefined ? {} : { repaved }),
    ...(cloudInit === undefined || cloudInit.lastTransitionTime === goal.cloudInitBefore ? {} : { cloudInit }),
  };
}

/** A cycle that was asked for earlier and ends before ours begins. */
function isEarlier({ cycle }: Seen, goal: Goal): boolean {
  return cycle?.target !== undefined && cycle.target < goal.rebootCounter;
}

/** How many of {@link POWER} are done; what was not seen and must have been counts too. */
function powerSteps(seen: Seen, goal: Goal): number {
  if (seen.done.rebootCounter >= goal.rebootCounter) return POWER.length;
  const { power, cycle } = seen;
  if (power === undefined || isEarlier(seen, goal)) return 0;
  // With a cause, the BMC may never have been told.
  if (power.status !== "True") return cycle?.cause === undefined ? 1 : 0;
  return power.reason === ConditionReason.PoweringOn ? 3 : 2;
}

function isInstalled({ done, repaved }: Seen, goal: Goal): boolean {
  return done.repaveCounter >= goal.repaveCounter && repaved?.status === "True";
}

/** How many of {@link stepsOf} are done. */
function countSteps(seen: Seen, goal: Goal): number {
  const { kind, until } = goal;
  let count = powerSteps(seen, goal);
  if (count < POWER.length) return count;
  if (kind === "repave" && until !== "power") {
    if (!isInstalled(seen, goal)) return count + 1;
    count += INSTALL.length;
  }
  if (until === "ready") {
    count++;
    if (seen.cloudInit?.status !== "True") return count;
  }
  return count + 1;
}

/** Why it cannot succeed any more. */
function failure(object: MachineObject, seen: Seen, goal: Goal): string | undefined {
  const { wanted } = readMachine(object).machine;
  const isOn = seen.done.rebootCounter >= goal.rebootCounter;
  if (!isOn && wanted.rebootCounter < goal.rebootCounter) {
    return `somebody has set spec.operations.rebootCounter back to ${wanted.rebootCounter}`;
  }
  if (!isOn && !hasBmc(object)) return "somebody has removed spec.pxe.redfish";
  if (goal.until === "power" || !isOn) return;
  const { repaved, cloudInit } = seen;
  if (goal.kind === "repave" && !isInstalled(seen, goal)) {
    if (wanted.repaveCounter < goal.repaveCounter) {
      return `somebody has set spec.operations.repaveCounter back to ${wanted.repaveCounter}`;
    }
    // Only the end of a cycle sets Repaved anew: before, Failed is about an earlier repave.
    if (repaved?.status === "False" && repaved.reason === ConditionReason.Failed) {
      return repaved.message || "not installed";
    }
    return;
  }
  const hasGivenUp = cloudInit?.reason === ConditionReason.Failed && LAST_STAGE_FAILED.test(cloudInit.message);
  if (goal.until === "ready" && hasGivenUp) return `cloud-init: ${cloudInit.message}`;
}

/** What hinders it now. */
function causeOf(object: MachineObject, seen: Seen, goal: Goal, isRetry: boolean): string | undefined {
  const { cycle, bootOrder, cloudInit } = seen;
  const isOn = seen.done.rebootCounter >= goal.rebootCounter;
  if (object.metadata.deletionTimestamp !== undefined) return "the Machine is being deleted";
  if (!isOn && cycle?.cause !== undefined) return cycle.cause;
  if (!isOn && isEarlier(seen, goal)) return "a reboot that was asked for earlier goes first";
  if (!isOn && isRetry) return "not installed in time; it is rebooted to try again";
  if (goal.kind === "repave" && !isInstalled(seen, goal) && bootOrder?.status === "False") {
    return `the BMC cannot set the boot order${bootOrder.message === "" ? "" : `: ${bootOrder.message}`}`;
  }
  const isTroubled = cloudInit !== undefined && cloudInit.status !== "True" &&
    cloudInit.reason !== ConditionReason.Running;
  if (goal.until === "ready" && isOn && isTroubled) return `cloud-init: ${cloudInit.message}`;
}

/** Whether a Machine's power can be switched. */
export function hasBmc(object: MachineObject): boolean {
  const pxe = object.spec?.pxe as { redfish?: unknown } | undefined;
  return pxe?.redfish !== undefined && pxe.redfish !== null;
}

/**
 * What is known after a look at the Machine; undefined stands for one that is gone. Steps are never taken back: a
 * repave that is tried again says so as its cause.
 * @param gone why one that is not seen any more may be so
 */
export function advance(
  before: Progress,
  object: MachineObject | undefined,
  goal: Goal,
  gone = "the Machine was deleted",
): Progress {
  if (before.outcome.kind !== "waiting") return before;
  if (object === undefined || object.metadata.uid !== goal.uid) {
    return { steps: before.steps, outcome: { kind: "failed", reason: gone } };
  }
  const seen = look(object, goal);
  const all = stepsOf(goal);
  const count = countSteps(seen, goal);
  const steps = all.slice(0, Math.max(before.steps.length, count));
  if (count === all.length) return { steps, outcome: { kind: "done" } };
  const reason = failure(object, seen, goal);
  if (reason !== undefined) return { steps, outcome: { kind: "failed", reason } };
  const cause = causeOf(object, seen, goal, before.steps.length >= POWER.length);
  return { steps, outcome: { kind: "waiting" }, ...(cause === undefined ? {} : { cause }) };
}

/** What is new, as lines for people; how it ended is said by whoever waits. */
export function newLines(before: Progress, after: Progress): string[] {
  const { cause } = after;
  return [...after.steps.slice(before.steps.length), ...(cause === undefined || cause === before.cause ? [] : [cause])];
}

/** Where it stands, in a few words. */
export function standing({ steps, outcome, cause }: Progress): string {
  const step = steps.at(-1);
  const detail = outcome.kind === "failed" ? outcome.reason : cause;
  if (step === undefined) return detail ?? "waiting for metalman to begin";
  return detail === undefined ? step : `${step} (${detail})`;
}
