/** Two Machines that name one system of a BMC: the older is switched, as it is served where two claim one address. */
import { older } from "../machine/older.ts";
import type { Machine } from "../machine/types.ts";

/** The system is another Machine's; the message names it. */
export class BmcClaimedError extends Error {
  /** The class, in logs. */
  override name = "BmcClaimedError";
}

/** A Machine that names a system. */
type Claim = Pick<Machine, "name" | "createdMs">;

function systemAt(url: string, deviceId: string): string {
  return `${url} ${deviceId}`;
}

/** Which Machine names which system. */
export class BmcClaims {
  /** By the Machine's name. */
  readonly #systems = new Map<string, string>();
  /** By system, the oldest first. */
  readonly #claims = new Map<string, readonly Claim[]>();

  /** A Machine came, changed or (undefined) went. */
  put(name: string, machine: Machine | undefined): void {
    const before = this.#systems.get(name);
    const others = (system: string) => (this.#claims.get(system) ?? []).filter((claim) => claim.name !== name);
    if (before !== undefined) {
      this.#systems.delete(name);
      const left = others(before);
      if (left.length > 0) this.#claims.set(before, left);
      else this.#claims.delete(before);
    }
    if (machine?.redfish === undefined) return;
    const { createdMs, redfish: { url, deviceId } } = machine;
    const system = systemAt(url, deviceId);
    this.#systems.set(name, system);
    this.#claims.set(system, [...others(system), { name, createdMs }].sort(older));
  }

  /** The Machine that is switched of those that name this system; undefined: none does. */
  owner(url: string, deviceId: string): string | undefined {
    return this.#claims.get(systemAt(url, deviceId))?.[0]?.name;
  }

  /** @throws {BmcClaimedError} where an older Machine names the system of this one */
  check(name: string): void {
    const system = this.#systems.get(name);
    const oldest = system === undefined ? undefined : this.#claims.get(system)?.[0]?.name;
    if (oldest === undefined || oldest === name) return;
    throw new BmcClaimedError(
      `Machine ${oldest}, which is older, names this system of a BMC too (spec.pxe.redfish: url, deviceID), so only that ` +
        "one is switched; correct or delete one of them",
    );
  }
}
