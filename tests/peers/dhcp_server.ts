/**
 * A DHCP server alone, for tests beside foreign clients: `deno run -A dhcp_server.ts SETTINGS`, SETTINGS as JSON.
 * Says `ready` on standard output; logs to standard error.
 */
import { formatIpv4, formatMac, parseIpv4, parseMac } from "../../base/address.ts";
import { createLogger, type LogLevel } from "../../base/log.ts";
import type { Directory, LeaseHit } from "../../machine/directory.ts";
import { readMachine } from "../../machine/types.ts";
import type { BootImage } from "../../pxe/image.ts";
import { type DhcpMode, startDhcpServer } from "../../pxe/dhcp/server.ts";

/** What the server is told. */
export interface DhcpTestSettings {
  readonly mode: DhcpMode;
  /** Leases as in a Machine's spec.pxe.dhcpLeases, each a Machine of its own. */
  readonly leases: readonly TestLease[];
  /** As many more Machines, with addresses counted up from the last lease's. @default 0 */
  readonly more?: number;
  /** @default "info" */
  readonly logLevel?: LogLevel;
}

/** A lease as the API has it. */
export interface TestLease {
  readonly mac: string;
  readonly ipv4: string;
  readonly subnetMask: string;
  readonly gateway: string;
  readonly dns: readonly string[];
}

function macNumber(mac: string): number {
  return parseInt(parseMac(mac).replaceAll(":", ""), 16);
}

function macOf(value: number): string {
  return formatMac([40, 32, 24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256));
}

function directoryOf({ leases, more = 0 }: DhcpTestSettings): Directory {
  const last = leases.at(-1)!;
  const counted = Array.from({ length: more }, (_, i) => ({
    ...last,
    mac: macOf(macNumber(last.mac) + i + 1),
    ipv4: formatIpv4(parseIpv4(last.ipv4) + i + 1),
  }));
  const hits = [...leases, ...counted].map((lease, i): LeaseHit => {
    const { machine } = readMachine({ metadata: { name: `machine-${i}` }, spec: { pxe: { dhcpLeases: [lease] } } });
    return { machine, lease: machine.leases[0]! };
  });
  const byMac = new Map(hits.map((hit) => [hit.lease.mac, hit]));
  const byIp = new Map(hits.map((hit) => [hit.lease.ipv4, hit]));
  return {
    byMac: (mac) => byMac.get(mac),
    byIp: (ipv4) => byIp.get(ipv4),
    byName: (name) => hits.find((hit) => hit.machine.name === name)?.machine,
    all: () => hits.map((hit) => hit.machine),
  };
}

const IMAGE: BootImage = {
  digest: "sha256:test",
  dhcpBootImageName: "shimx64.efi",
  bootFiles: { ipxe: "boot.ipxe" },
  file: () => undefined,
};

async function main(settings: DhcpTestSettings): Promise<void> {
  const ended = Promise.withResolvers<void>();
  Deno.addSignalListener("SIGTERM", () => ended.resolve());
  await using _server = startDhcpServer({
    mode: settings.mode,
    serveUrl: "http://192.0.2.1:8880",
    directory: directoryOf(settings),
    images: { imageFor: () => IMAGE },
    log: createLogger({ level: settings.logLevel ?? "info" }),
  });
  console.log("ready");
  await ended.promise;
}

if (import.meta.main) {
  await main(JSON.parse(Deno.args[0] ?? "{}"));
  Deno.exit();
}
