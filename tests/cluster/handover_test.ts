/** contract 4: what acts on BMCs follows the leader, and what one began the next one ends. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { systemClock } from "../../base/clock.ts";
import { MemoryLogger } from "../../base/log.ts";
import { startBmc } from "../../dev/bmc/server.ts";
import { startRack } from "../../dev/rack/rack_host.ts";
import { MACHINES } from "./machines.ts";
import { resourcePath } from "../../k8s/object.ts";
import type { KubeObject } from "../peers/apiserver.ts";
import { peerTest } from "../peers/peer.ts";
import { machine, until } from "./loopback_site.ts";
import { NO_IMAGE, type Replica, REPLICA_NEEDS, Replicas, Witness } from "./replicas.ts";

const IP = "127.0.0.11";
const MAC = "52:54:00:00:00:01";
const USER = { username: "admin", password: "correct horse" };
const PATH = resourcePath(MACHINES, { name: "node-01" });

const SECRET = { name: "bmc", namespace: "default" };

/** The Machine with its BMC, and the Secret of its password. */
function objects(url: string): KubeObject[] {
  const redfish = { url, username: USER.username, passwordRef: { ...SECRET, key: "password" } };
  return [
    { apiVersion: "v1", kind: "Secret", metadata: SECRET, stringData: { password: USER.password } },
    machine("node-01", NO_IMAGE, MAC, IP, { redfish }),
  ];
}

peerTest(
  "a reboot that a killed leader began is ended by its successor, and by nobody before; DHCP without an interface is answered by all (contract 4, 9)",
  REPLICA_NEEDS,
  async () => {
    await using site = await Replicas.create();
    const network = { dhcp: { address: "127.0.0.1", port: 9 }, tftpPort: 9 };
    await using rack = startRack({ network, onEvent: () => {}, clock: systemClock, random: Math.random });
    const server = rack.add({ mac: MAC });
    server.powerOn();
    // Longer than a successor takes: the machine is still going off then.
    const times = { offMs: 3000 };
    await using bmc = await startBmc({ machine: server, ...USER, times, log: new MemoryLogger() });
    await site.api.apply(...objects(bmc.url));
    const [first, second] = [await site.start(), await site.start()] as [Replica, Replica];
    await first.peer.waitFor(/"msg":"this instance leads"/);
    const status = async () => (await site.api.request("GET", PATH)).status;
    await until(status, (seen) => seen?.redfish?.certFingerprint === bmc.fingerprint);
    equal(second.said("this instance leads").length, 0);
    await using witness = new Witness(site, MAC, IP);
    const answered = () => Promise.resolve(new Set(witness.acts.map(({ port }) => port)));
    await until(answered, (ports) => ports.size === 2);

    const merge = "application/merge-patch+json";
    await site.api.request("PATCH", PATH, { spec: { operations: { rebootCounter: 1 } } }, merge);
    await first.peer.waitFor(/"msg":"power".*"send":"/);
    equal(bmc.stats.sessions, 1, "only the leader has logged in");
    match(await second.metrics(), /^metalman_queue_depth\{queue="bmc"\} 0$/m, "nothing waits where nobody works on it");
    Deno.kill(first.peer.pid, "SIGKILL");
    await until(status, (seen) => seen?.operations?.rebootCounter === 1);
    ok(server.isOn);
    const [leadsMs] = second.said("this instance leads");
    const acts = second.said("power");
    ok(acts.length > 0 && acts.every((atMs) => atMs >= leadsMs!), "not before it leads");
    deepEqual(first.said("power").filter((atMs) => atMs >= leadsMs!), []);
  },
);
