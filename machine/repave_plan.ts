/** An installation that is not done in time: tried again with growing pauses, then given up (contract 9, 11.9). */
import { conditionOf, ConditionReason, ConditionType, withCondition, withoutConditions } from "./conditions.ts";
import { cycleOf, repavePending } from "./power_cycle.ts";
import type { Machine, MachineStatus, RepaveCount } from "./types.ts";

/** How long and how often. */
export interface RepaveLimits {
  /** From power on to /pxe/disable. */
  readonly timeoutMs: number;
  /** Boots of one installation; 0 for no limit. */
  readonly maxAttempts: number;
}

/** What is next for a Machine's installation. */
export type RepaveStep =
  /** Nothing, until the Machine changes. */
  | { readonly kind: "none" }
  /** Look again after this time. */
  | { readonly kind: "later"; readonly afterMs: number }
  /** It was not done in time: the status that boots it again. */
  | { readonly kind: "retry"; readonly status: MachineStatus; readonly count: RepaveCount }
  /** It was not done in time for the last time. */
  | { readonly kind: "give up"; readonly status: MachineStatus; readonly count: RepaveCount }
  /** What stands there is about an installation that nobody asks for any more. */
  | { readonly kind: "forget"; readonly status: MachineStatus };

const PAUSE_MS = 5 * 60_000;
const MAX_PAUSE_MS = 60 * 60_000;
const MAX_MESSAGE = 1024;

/** The time that a try is given on top of the limit, after so many that failed: none, 5 min, 10, 20, 40, 60. */
function pauseMs(attempts: number): number {
  return attempts === 0 ? 0 : Math.min(MAX_PAUSE_MS, PAUSE_MS * 2 ** Math.min(attempts - 1, 10));
}

/** The failed tries of the installation that is asked for. Under a CRD that drops status.repave, memory counts. */
function countOf({ object, wanted }: Machine, remembered: RepaveCount | undefined): RepaveCount {
  const counter = wanted.repaveCounter;
  const counts = [object.status?.repave, remembered].filter((count) => count?.counter === counter);
  return { counter, attempts: Math.max(0, ...counts.map((count) => Number(count?.attempts) || 0)) };
}

/**
 * Decides what is next.
 * @param remembered the count that this process wrote last
 * @param seen what the machine did last, in words
 */
export function repaveStep(
  machine: Machine,
  { remembered, seen, limits, nowMs }: {
    readonly remembered: RepaveCount | undefined;
    readonly seen: string;
    readonly limits: RepaveLimits;
    readonly nowMs: number;
  },
): RepaveStep {
  const { object, redfish, wanted } = machine;
  const repaved = conditionOf(object, ConditionType.Repaved);
  // While it is switched off and on, the cycle says what is next.
  if (!repavePending(machine) || redfish === undefined || cycleOf(machine) !== undefined) return { kind: "none" };
  if (repaved?.status !== "False") return { kind: "none" };
  if (repaved.reason === ConditionReason.Failed) {
    const counter = object.status?.repave?.counter ?? remembered?.counter ?? wanted.repaveCounter;
    if (counter === wanted.repaveCounter) return { kind: "none" };
    return { kind: "forget", status: withoutConditions(object, ConditionType.Repaved).status! };
  }
  const before = countOf(machine, remembered);
  const givenMs = limits.timeoutMs + pauseMs(before.attempts);
  const sinceMs = nowMs - (Date.parse(repaved.lastTransitionTime) || 0);
  // A clock that ran ahead when the time was written must not make it longer than it is.
  if (sinceMs < givenMs) return { kind: "later", afterMs: Math.min(givenMs - sinceMs, givenMs) };
  const count = { ...before, attempts: before.attempts + 1 };
  const last = limits.maxAttempts > 0 && count.attempts >= limits.maxAttempts;
  return last
    ? { kind: "give up", status: gaveUp(machine, count, seen, nowMs), count }
    : { kind: "retry", status: bootsAgain(machine, count), count };
}

function bootsAgain({ object, wanted, done }: Machine, repave: RepaveCount): MachineStatus {
  const { status } = withoutConditions(object, ConditionType.Repaved);
  const rebootCounter = Math.min(done.rebootCounter, wanted.rebootCounter) - 1;
  return { ...status, operations: { ...status?.operations, rebootCounter }, repave };
}

function gaveUp({ object, image = "" }: Machine, repave: RepaveCount, seen: string, nowMs: number): MachineStatus {
  const times = `${repave.attempts} attempt${repave.attempts === 1 ? "" : "s"}`;
  const status = withCondition(object, {
    type: ConditionType.Repaved,
    status: "False",
    reason: ConditionReason.Failed,
    message: `image=${image}: gave up after ${times}; ${seen}`.slice(0, MAX_MESSAGE).toWellFormed(),
  }, nowMs);
  return { ...status, repave };
}
