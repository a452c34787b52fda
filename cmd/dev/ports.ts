/** Unprivileged ports for the parts of `metalman dev`: the same ones each time where they are free. */
import { StartError } from "../usage.ts";
import type { Ports } from "./folder.ts";

/** What listens, and where it likes to. */
const WANTED = {
  api: { protocol: "tcp", port: 16443, what: "the Kubernetes API" },
  registry: { protocol: "tcp", port: 15000, what: "the registry" },
  http: { protocol: "tcp", port: 18880, what: "HTTP" },
  health: { protocol: "tcp", port: 18081, what: "the health check" },
  tftp: { protocol: "udp", port: 16969, what: "TFTP" },
  dhcp: { protocol: "udp", port: 16767, what: "DHCP" },
  bmc: { protocol: "tcp", port: 18443, what: "each BMC" },
} as const;

/** Each part by its name. */
export type DevPorts = { readonly [part in keyof typeof WANTED]: number };

/** How far to look for a free port. */
const TRIES = 100;

/** Where the first one listens. */
const ADDRESSES: Partial<Record<keyof typeof WANTED, string>> = { bmc: "127.78.0.1" };

/** Whether nobody listens there. */
export function isFree(protocol: "tcp" | "udp", hostname: string, port: number): boolean {
  try {
    const socket = protocol === "tcp"
      ? Deno.listen({ hostname, port })
      : Deno.listenDatagram({ transport: "udp", hostname, port });
    socket.close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}

/**
 * Chooses the ports.
 * @param before those of the last run in the same folder, which are tried first
 * @param skip so many are passed over
 * @param moved told, in one line, which are not where they like to be
 * @throws {StartError} when there is none in reach
 */
export function choosePorts(before: Ports, skip: number, moved: (message: string) => void): DevPorts {
  const changes: string[] = [];
  const entries = Object.entries(WANTED).map(([part, { protocol, port, what }]) => {
    const first = before[part] ?? port;
    for (let candidate = first + skip; candidate < first + TRIES; candidate++) {
      if (!isFree(protocol, ADDRESSES[part as keyof typeof WANTED] ?? "127.0.0.1", candidate)) continue;
      if (candidate !== first) changes.push(`${what} is on ${candidate} (not ${first})`);
      return [part, candidate];
    }
    throw new StartError(`no free ${protocol} port from ${first} to ${first + TRIES - 1} for ${what}`);
  });
  if (changes.length > 0) moved(`other ports, because the usual ones are taken: ${changes.join(", ")}`);
  return Object.fromEntries(entries) as DevPorts;
}
