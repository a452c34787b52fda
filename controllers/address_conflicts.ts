/** Tells two Machines that claim one address: both get a condition; log and Events are the caller's. */
import { setCondition } from "../machine/conditions.ts";
import type { MachineObject, MachineStatus } from "../machine/types.ts";
import type { AddressConflict } from "./machine_store.ts";

/** The condition's type; metalman's own, so that the replaced tool's users see nothing else change. */
export const ADDRESS_CONFLICT = "AddressConflict";

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
  const before = Array.isArray(object.status?.conditions) ? object.status.conditions : [];
  if (conflicts.length === 0 && !before.some((c) => c.type === ADDRESS_CONFLICT && c.status !== "False")) return;
  const messages = conflicts.map((c) => describeConflict(c, object.metadata.name)).sort();
  const after = setCondition(before, {
    type: ADDRESS_CONFLICT,
    status: messages.length > 0 ? "True" : "False",
    reason: messages.length > 0 ? "Duplicate" : "Unique",
    message: messages.join("; ").slice(0, 1024),
    ...(object.metadata.generation === undefined ? {} : { observedGeneration: object.metadata.generation }),
  }, now);
  return after === before ? undefined : { ...object.status, conditions: [...after] };
}
