/** Of two Machines that claim the same, such as an address or a BMC, the older has it. */
import type { Machine } from "./types.ts";

/** Older first; of the same second, by name, so that every replica decides alike. */
export function older(a: Pick<Machine, "name" | "createdMs">, b: Pick<Machine, "name" | "createdMs">): number {
  return a.createdMs - b.createdMs || (a.name < b.name ? -1 : 1);
}
