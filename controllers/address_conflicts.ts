/** Tells two Machines that claim one address: both get a condition; log and Events are the caller's. */
import { ConditionReason, conditionsOf, ConditionType, withCondition } from "../machine/conditions.ts";
import type { MachineObject, MachineStatus } from "../machine/types.ts";
import type { AddressConflict } from "./machine_store.ts";

/** One conflict, as the Machine `name` should read it. */
export function describeConflict({ kind, address, served, ignored }: AddressConflict, name: string): string {
  return name === served
    ? `${kind} ${address} is also claimed by Machine ${ignored}, which is younger and not served`
    : `${kind} ${address} is claimed by the older Machine ${served}, which is served instead`;
}

/**
 * The status that says what conflicts there are; undefined when it says so already. A Machine that never had one gets
 * no condition.
 */
export function conflictStatus(
  object: MachineObject,
  conflicts: readonly AddressConflict[],
  now: number,
): MachineStatus | undefined {
  const had = conditionsOf(object).some((c) => c.type === ConditionType.AddressConflict && c.status !== "False");
  if (conflicts.length === 0 && !had) return;
  const messages = conflicts.map((c) => describeConflict(c, object.metadata.name)).sort();
  return withCondition(object, {
    type: ConditionType.AddressConflict,
    status: messages.length > 0 ? "True" : "False",
    reason: messages.length > 0 ? ConditionReason.Duplicate : ConditionReason.Unique,
    message: messages.join("; ").slice(0, 1024),
  }, now);
}
