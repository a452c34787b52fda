/** kea-dhcp4 with a reservation for each machine, leases in memory and on disk (memfile), as Debian ships it. */
import { Daemon } from "../daemon.ts";
import type { Stage } from "../stage.ts";
import { isBound, machineAddress, machineMac, OURS, PEER, SUBNET } from "../wire.ts";

/** The program. */
export const KEA = "kea-dhcp4";

function config(folder: string, machines: number, severity: string): unknown {
  const reservations = Array.from({ length: machines }, (_, i) => ({
    "hw-address": machineMac(i),
    "ip-address": machineAddress(i),
    "boot-file-name": "shimx64.efi",
    "next-server": PEER,
  }));
  const options = [
    { name: "routers", data: OURS },
    { name: "domain-name-servers", data: "10.96.0.10, 1.1.1.1" },
    { name: "tftp-server-name", data: PEER },
    { name: "boot-file-name", data: "shimx64.efi" },
  ];
  return {
    Dhcp4: {
      "interfaces-config": { interfaces: [`lo/${PEER}`], "dhcp-socket-type": "udp" },
      "lease-database": { type: "memfile", name: `${folder}/leases.csv`, "lfc-interval": 0 },
      "valid-lifetime": 86400,
      "reservations-out-of-pool": true,
      subnet4: [{ subnet: SUBNET, "option-data": options, reservations }],
      loggers: [{ name: "kea-dhcp4", severity, output_options: [{ output: `${folder}/kea.log` }] }],
    },
  };
}

/** Starts it on {@link PEER}. */
export async function startKea(
  stage: Stage,
  { machines, logLevel = "warn" }: { machines: number; logLevel?: "info" | "warn" },
): Promise<Daemon> {
  const folder = stage.newFolder("kea");
  await Deno.writeTextFile(`${folder}/kea.json`, JSON.stringify(config(folder, machines, logLevel.toUpperCase())));
  return await Daemon.start(stage, {
    program: KEA,
    args: ["-c", `${folder}/kea.json`],
    env: { KEA_PIDFILE_DIR: folder, KEA_LOCKFILE_DIR: folder },
    isReady: () => isBound("udp", PEER, 67),
  });
}
