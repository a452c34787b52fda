/** Why a socket cannot be had, in words for an operator. */

/** A server cannot listen where it should; the message says what to do. */
export class BindError extends Error {
  /** The class, in logs. */
  override name = "BindError";
}

/** Another program has the port. */
export class PortInUse extends BindError {
  /** The class, in logs. */
  override name = "PortInUse";
}

/** The port is not for everybody. */
export class NoRightsForPort extends BindError {
  /** The class, in logs. */
  override name = "NoRightsForPort";
}

/** The address is not one of this host's. */
export class AddressNotHere extends BindError {
  /** The class, in logs. */
  override name = "AddressNotHere";
}

/** Where a server was to listen. */
export interface BindTarget {
  /** `DHCP`, `the health checks`. */
  readonly what: string;
  /** Of the socket. */
  readonly protocol: "TCP" | "UDP";
  /** IPv4, or the address of all interfaces. */
  readonly address: string;
  /** The port wanted. */
  readonly port: number;
  /** The flag that chooses the port. */
  readonly flag: string;
}

/** Deno's names of what node:net calls by code. */
const NAMES: Readonly<Record<string, string>> = {
  EADDRINUSE: "AddrInUse",
  EACCES: "PermissionDenied",
  EADDRNOTAVAIL: "AddrNotAvailable",
};

/** What a failed bind means; errors that are none of these are returned as they are. */
export function bindError(error: unknown, { what, protocol, address, port, flag }: BindTarget): unknown {
  const cause = { cause: error };
  const { code = "", name = "" } = error instanceof Error ? error as Error & { code?: string } : {};
  const kind = NAMES[code] ?? name;
  const at = `cannot serve ${what}: ${protocol} port ${port} on ${address}`;
  if (kind === "AddrInUse") {
    const list = `ss -${protocol === "TCP" ? "t" : "u"}lpn 'sport = :${port}'`;
    return new PortInUse(`${at} is in use; stop who has it (${list} names it) or choose another ${flag}`, cause);
  }
  if (kind === "PermissionDenied" || kind === "NotCapable") {
    const remedy = `run as root, grant CAP_NET_BIND_SERVICE, or choose a ${flag} above 1023`;
    return new NoRightsForPort(`${at} is not for everybody: ${remedy}`, cause);
  }
  if (kind === "AddrNotAvailable") {
    return new AddressNotHere(`cannot serve ${what}: no interface of this host has the address ${address}`, cause);
  }
  return error;
}
