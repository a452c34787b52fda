/** The addresses of a run: all of them on the loopback interface of a network namespace of its own. */
import { run } from "../tests/peers/peer.ts";

/** Where metalman listens. */
export const OURS = "10.99.0.1";
/** Where the program it is compared with listens. */
export const PEER = "10.99.0.3";
/** The relay agent of the DHCP load. */
export const RELAY = "10.99.0.2";
/** The relay agent that {@link Probe} plays. */
export const PROBE_RELAY = "10.99.0.4";
/** Of the subnet that all of them and all machines are in. */
export const SUBNET = "10.99.0.0/16";

/** IPv4 address of machine `index`; the load clients use the same rule. */
export function machineAddress(index: number): string {
  return `10.99.${1 + (index >> 8)}.${index & 255}`;
}

/** MAC address of machine `index`; the load clients use the same rule. */
export function machineMac(index: number): string {
  const hex = (byte: number) => byte.toString(16).padStart(2, "0");
  return `02:00:00:00:${hex(index >> 8)}:${hex(index & 255)}`;
}

/** Brings the namespace's loopback up with the addresses; the whole subnet is then local. */
export async function raiseLoopback(): Promise<void> {
  await run("ip", ["link", "set", "lo", "up"]);
  for (const address of [OURS, PEER, RELAY, PROBE_RELAY]) {
    await run("ip", ["addr", "add", `${address}/16`, "dev", "lo"]);
  }
}

/** An address as /proc/net/udp writes it: bytes in the host's (little-endian) order, then the port. */
export function procAddress(address: string, port: number): string {
  const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, "0");
  return address.split(".").reverse().map((byte) => hex(Number(byte), 2)).join("") + ":" + hex(port, 4);
}

/** True when a socket of this namespace is bound there, or to the port on every address. */
export function isBound(protocol: "tcp" | "udp", address: string, port: number): boolean {
  const table = Deno.readTextFileSync(`/proc/net/${protocol}`);
  return [address, "0.0.0.0"].some((at) => new RegExp(`^ *\\d+: ${procAddress(at, port)} `, "m").test(table));
}

/**
 * Waits for something that nobody announces.
 * @throws when it has not come true after `timeoutMs`
 */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  { timeoutMs = 30_000, everyMs = 10 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<void> {
  for (const end = performance.now() + timeoutMs; performance.now() < end;) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  throw new Error(`${what}: not in ${timeoutMs} ms`);
}
