/** Whose request it is: the socket's peer, or whom a trusted proxy names (contract 11.1). */
import { AddressError, type Cidr, cidrContains, parseIpv4 } from "../base/address.ts";

/** More than any chain of proxies needs; a longer header is not read. */
const MAX_HEADER = 1024;

/**
 * The IPv4 address of the client as an unsigned 32-bit number; undefined when it has none.
 *
 * X-Forwarded-For is read from the right, where the nearest proxy wrote: as long as the address seen is that of
 * a trusted proxy, what it says about its own peer is believed. Anything malformed, and the peer counts.
 *
 * @param peer address of the socket's other end, IPv4 or IPv4-mapped IPv6 (RFC 4291 2.5.5.2)
 * @param forwardedFor X-Forwarded-For, several headers joined by commas
 */
export function clientIp(peer: string, forwardedFor: string | null, trusted: readonly Cidr[]): number | undefined {
  const socket = readAddress(peer);
  if (socket === undefined || forwardedFor === null || !isTrusted(socket, trusted)) return socket;
  if (forwardedFor.length > MAX_HEADER) return socket;
  let client = socket;
  for (const entry of forwardedFor.split(",").reverse()) {
    const named = readAddress(entry.trim().replace(/^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/, "$1"));
    if (named === undefined) return socket;
    client = named;
    if (!isTrusted(client, trusted)) break;
  }
  return client;
}

function isTrusted(address: number, trusted: readonly Cidr[]): boolean {
  return trusted.some((network) => cidrContains(network, address));
}

function readAddress(text: string): number | undefined {
  const hex = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(text);
  if (hex !== null) return parseInt(hex[1]!, 16) * 65536 + parseInt(hex[2]!, 16);
  try {
    return parseIpv4(text.replace(/^::ffff:/i, ""));
  } catch (error) {
    if (error instanceof AddressError) return undefined;
    throw error;
  }
}
