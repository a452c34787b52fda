/** Machines as kubectl prints objects. */
import type { MachineObject } from "../../machine/types.ts";
import { printed as printedObjects } from "../printed.ts";
import { MACHINES } from "./cluster.ts";
import type { Output } from "./settings.ts";

/** `machine.unbounded-cloud.io/NAME`. */
export function objectName({ metadata }: MachineObject): string {
  return `machine.${MACHINES.group}/${metadata.name}`;
}

/**
 * Machines in the format asked for; one alone is printed as it is, others as a List.
 * @param isList whether it is a list even where there is one only
 */
export function printed(objects: readonly MachineObject[], output: Output, isList: boolean): Promise<string> {
  return printedObjects(objects, { output, isList, nameOf: objectName });
}
