/** The conditions of a Machine that metalman owns (contract 2), and how one is set. */
import type { Condition, MachineObject, MachineStatus } from "./types.ts";

/** Condition types; SSHReachable, Provisioned and Provisioning are another controller's and never touched. */
export const ConditionType = {
  PoweredOff: "PoweredOff",
  BootOrderConfigSupported: "BootOrderConfigSupported",
  Repaved: "Repaved",
  CloudInitDone: "CloudInitDone",
  /** metalman's own: two Machines claim one address. */
  AddressConflict: "AddressConflict",
} as const;

/** Condition reasons. */
export const ConditionReason = {
  /** PoweredOff False. */
  PoweringOff: "PoweringOff",
  /** PoweredOff True: the BMC was told. */
  ForceOff: "ForceOff",
  /** PoweredOff True: off was seen, on was asked for. */
  PoweringOn: "PoweringOn",
  /** BootOrderConfigSupported False. */
  NotSupported: "NotSupported",
  /** Repaved False. */
  Pending: "Pending",
  /** Repaved True, CloudInitDone True. */
  Succeeded: "Succeeded",
  /** CloudInitDone False. */
  Running: "Running",
  /** CloudInitDone False; Repaved False after the last try. */
  Failed: "Failed",
  /** CloudInitDone Unknown. */
  TimedOut: "TimedOut",
  /** AddressConflict True. */
  Duplicate: "Duplicate",
  /** AddressConflict False. */
  Unique: "Unique",
} as const;

/** A condition to be set; its time follows from what was there. */
export type NextCondition = Omit<Condition, "lastTransitionTime">;

/** RFC 3339 with whole seconds, as metav1.Time is written. */
export function formatTime(ms: number): string {
  return new Date(Math.floor(ms / 1000) * 1000).toISOString().replace(".000Z", "Z");
}

/**
 * The conditions with `next` in them, in its old place or at the end; the same array when nothing changes.
 * lastTransitionTime moves only when the status does.
 * @param now milliseconds since the epoch
 */
export function setCondition(
  conditions: readonly Condition[],
  next: NextCondition,
  now: number,
): readonly Condition[] {
  const at = conditions.findIndex((condition) => condition.type === next.type);
  const before = conditions[at];
  if (before === undefined) return [...conditions, { ...next, lastTransitionTime: formatTime(now) }];
  const after: Condition = {
    ...next,
    lastTransitionTime: before.status === next.status ? before.lastTransitionTime : formatTime(now),
  };
  if (sameCondition(before, after)) return conditions;
  return conditions.with(at, after);
}

/** The conditions of an object; none where it has none, or something else in their place. */
export function conditionsOf(object: MachineObject): readonly Condition[] {
  return Array.isArray(object.status?.conditions) ? object.status.conditions : [];
}

/** The object's condition of this type. */
export function conditionOf(object: MachineObject, type: string): Condition | undefined {
  return conditionsOf(object).find((condition) => condition.type === type);
}

/** The object without these conditions; the same where it has none of them. */
export function withoutConditions(object: MachineObject, ...types: readonly string[]): MachineObject {
  const before = conditionsOf(object);
  const after = before.filter(({ type }) => !types.includes(type));
  return after.length === before.length ? object : { ...object, status: { ...object.status, conditions: after } };
}

/** The status with `next` in it, seen at the object's generation; undefined when that changes nothing. */
export function withCondition(object: MachineObject, next: NextCondition, now: number): MachineStatus | undefined {
  const before = conditionsOf(object);
  const generation = object.metadata.generation;
  const observed = generation === undefined ? next : { ...next, observedGeneration: generation };
  const after = setCondition(before, observed, now);
  return after === before ? undefined : { ...object.status, conditions: [...after] };
}

function sameCondition(a: Condition, b: Condition): boolean {
  return a.status === b.status && a.reason === b.reason && a.message === b.message &&
    a.observedGeneration === b.observedGeneration && a.lastTransitionTime === b.lastTransitionTime;
}
