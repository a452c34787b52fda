/** Why a socket for DHCP cannot be had, in words for an operator. */

/** Another program has the port. */
export class PortInUse extends Error {
  override name = "PortInUse";
}

/** The port is not for everybody. */
export class NoRightsForPort extends Error {
  override name = "NoRightsForPort";
}

/** The address is not one of this host's. */
export class AddressNotHere extends Error {
  override name = "AddressNotHere";
}

/** What a failed bind means; errors that are none of these are returned as they are. */
export function bindError(error: unknown, address: string, port: number): unknown {
  const cause = { cause: error };
  const name = error instanceof Error ? error.name : "";
  const at = `UDP port ${port} on ${address}`;
  if (name === "AddrInUse") {
    return new PortInUse(
      `cannot serve DHCP: ${at} is in use; stop the other DHCP server (ss -ulpn 'sport = :${port}' names it) or choose --dhcp-port`,
      cause,
    );
  }
  if (name === "PermissionDenied" || name === "NotCapable") {
    return new NoRightsForPort(
      `cannot serve DHCP: no rights for ${at}; run as root, grant CAP_NET_BIND_SERVICE, or choose --dhcp-port above 1023`,
      cause,
    );
  }
  if (name === "AddrNotAvailable") {
    return new AddressNotHere(`cannot serve DHCP: no interface of this host has the address ${address}`, cause);
  }
  return error;
}
