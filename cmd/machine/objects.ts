/** Machines as kubectl prints objects. */
import type { MachineObject } from "../../machine/types.ts";
import { MACHINES } from "./cluster.ts";
import type { Output } from "./settings.ts";

/** `machine.unbounded-cloud.io/NAME`. */
export function objectName({ metadata }: MachineObject): string {
  return `machine.${MACHINES.group}/${metadata.name}`;
}

function withoutManagedFields(object: MachineObject): MachineObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata: metadata as MachineObject["metadata"] };
}

/**
 * Machines in the format asked for; one alone is printed as it is, others as a List.
 * @param isList whether it is a list even where there is one only
 */
export async function printed(objects: readonly MachineObject[], output: Output, isList: boolean): Promise<string> {
  if (output === "name") return objects.map((object) => `${objectName(object)}\n`).join("");
  const items = objects.map(withoutManagedFields);
  const value = isList ? { apiVersion: "v1", items, kind: "List", metadata: { resourceVersion: "" } } : items[0];
  if (output === "json") return `${JSON.stringify(value, undefined, 4)}\n`;
  const { dump } = await import("js-yaml");
  return dump(value, { lineWidth: -1, noRefs: true });
}
