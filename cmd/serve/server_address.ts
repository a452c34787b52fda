/** Which address of this host machines are told, and where DHCP listens. */
import { formatIpv4 } from "../../base/address.ts";
import { type InterfaceAddress, interfaceFor } from "../../pxe/dhcp/interface_for.ts";
import type { DhcpMode } from "../../pxe/dhcp/server.ts";
import type { ServeSettings } from "./settings.ts";

/** The server as machines see it. */
export interface ServerAddress {
  /** siaddr, option 54, and the host of the default serve URL. */
  readonly ip: string;
  readonly dhcp: DhcpMode;
  /** Without a trailing slash. */
  readonly serveUrl: string;
}

const LOOPBACK = /^127\./;

/**
 * The address to tell: the bind address, else the one that reaches out (`outbound`: by which this host speaks to the API
 * server), unless that is loopback and there is another.
 */
export function ownAddress(
  bindAddress: number,
  outbound: string | undefined,
  interfaces: readonly InterfaceAddress[],
): string {
  if (bindAddress !== 0) return formatIpv4(bindAddress);
  if (outbound !== undefined && !LOOPBACK.test(outbound)) return outbound;
  const other = interfaces.find((i) => i.family === "IPv4" && !LOOPBACK.test(i.address));
  return other?.address ?? outbound ?? "127.0.0.1";
}

/**
 * Joins settings and this host's interfaces.
 * @throws {InterfaceError} when the interface asked for has no IPv4 address
 */
export function serverAddress(
  settings: Pick<ServeSettings, "bindAddress" | "dhcp" | "httpPort" | "serveUrl">,
  outbound: string | undefined,
  interfaces: readonly InterfaceAddress[],
): ServerAddress {
  const own = () => ownAddress(settings.bindAddress, outbound, interfaces);
  const { dhcp } = settings;
  const told = (ip: string, mode: DhcpMode): ServerAddress => ({
    ip,
    dhcp: mode,
    serveUrl: settings.serveUrl ?? `http://${ip}:${settings.httpPort}`,
  });
  if (dhcp.kind === "relay") {
    return told(own(), { kind: "relay", bindAddress: formatIpv4(settings.bindAddress), serverIp: own() });
  }
  const wanted = dhcp.kind === "interface" ? { name: dhcp.name } : { address: own() };
  const { address } = interfaceFor(interfaces, wanted);
  return told(address, { kind: "interface", address });
}
