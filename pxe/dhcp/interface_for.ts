/** The network interface that DHCP is served on. */

/** An interface's address, as `Deno.networkInterfaces()` lists them: one entry an address. */
export interface InterfaceAddress {
  readonly name: string;
  readonly family: "IPv4" | "IPv6";
  readonly address: string;
}

/** No interface is what was asked for; the message lists those there are. */
export class InterfaceError extends Error {
  override name = "InterfaceError";
}

/**
 * The interface with this name, or the one that holds this address, and its (first) IPv4 address.
 * @throws {InterfaceError} when there is none
 */
export function interfaceFor(
  interfaces: readonly InterfaceAddress[],
  wanted: { readonly name: string } | { readonly address: string },
): InterfaceAddress {
  const usable = interfaces.filter((entry) => entry.family === "IPv4");
  const found = usable.find((entry) =>
    "name" in wanted ? entry.name === wanted.name : entry.address === wanted.address
  );
  if (found !== undefined) return found;
  const list = usable.map((entry) => `${entry.name} (${entry.address})`).join(", ") || "none";
  if ("address" in wanted) {
    throw new InterfaceError(
      `no interface has the address ${wanted.address}; interfaces with an IPv4 address: ${list}`,
    );
  }
  const problem = interfaces.some((entry) => entry.name === wanted.name)
    ? `interface ${wanted.name} has no IPv4 address`
    : `there is no interface ${wanted.name} with an address`;
  throw new InterfaceError(`${problem}; interfaces with an IPv4 address: ${list}`);
}
