/** Why a TCP port cannot be had, in words for an operator. */
import { AddressNotHere, NoRightsForPort, PortInUse } from "../dhcp/bind_error.ts";

/** Where a server was to listen. */
export interface ListenTarget {
  /** `HTTP`, `the health checks`. */
  readonly what: string;
  readonly address: string;
  readonly port: number;
  /** The flag that chooses the port. */
  readonly flag: string;
}

/** What a failed listen means; errors that are none of these are returned as they are. */
export function listenError(error: unknown, { what, address, port, flag }: ListenTarget): unknown {
  const cause = { cause: error };
  const name = error instanceof Error ? error.name : "";
  const cannot = `cannot serve ${what}:`;
  const at = `TCP port ${port} on ${address}`;
  if (name === "AddrInUse") {
    const who = `ss -tlpn 'sport = :${port}' names who has it`;
    return new PortInUse(`${cannot} ${at} is in use (${who}); choose another with ${flag}`, cause);
  }
  if (name === "PermissionDenied" || name === "NotCapable") {
    return new NoRightsForPort(`${cannot} no rights for ${at}; choose ${flag} above 1023 or run as root`, cause);
  }
  if (name === "AddrNotAvailable") {
    return new AddressNotHere(`${cannot} no interface of this host has the address ${address} (--bind-address)`, cause);
  }
  return error;
}
