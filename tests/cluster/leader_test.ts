/** contract 4: one replica of a site acts, whatever happens to it, with the rights of deploy/rbac.yaml. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { peerTest } from "../peers/peer.ts";
import { machine, until } from "./loopback_site.ts";
import {
  LEASE_MS,
  LEASES,
  NO_IMAGE,
  type Replica,
  REPLICA_NEEDS,
  Replicas,
  RETRY_MS,
  withoutRepeats,
  Witness,
} from "./replicas.ts";

const MAC = "aa:bb:cc:dd:ee:01";
const IP = "127.0.0.11";
const HOURS = 3_600_000;
/** For processes of a machine that has other work to do. */
const SLACK_MS = 2000;
const ON_LINK = ["--dhcp-interface=lo"];

/** Waits until another than `before` acts. */
async function successor(site: Replicas, witness: Witness, before?: Replica): Promise<Replica> {
  const seen = witness.acts.length;
  const act = await until(
    () => Promise.resolve(witness.acts.slice(seen).find(({ port }) => port !== before?.port)),
    (found) => found !== undefined,
  );
  return site.all.find(({ port }) => port === act?.port)!;
}

/** Log and wire agree, and nobody acted in another's term. */
function checkTerms(site: Replicas, witness: Witness): void {
  const terms = site.all.flatMap((replica) =>
    replica.said("this instance leads").map((atMs) => ({ port: replica.port, atMs }))
  );
  const inTurn = terms.sort((a, b) => a.atMs - b.atMs).map(({ port }) => port);
  deepEqual(witness.leaders, withoutRepeats(inTurn));
}

peerTest(
  "of three replicas one acts, through SIGKILL, SIGSTOP, SIGTERM and 30 s without an API server",
  REPLICA_NEEDS,
  async () => {
    await using site = await Replicas.create();
    await site.api.apply(machine("node-01", NO_IMAGE, MAC, IP));
    for (const skewMs of [0, 2 * HOURS, -3 * HOURS]) await site.start({ skewMs, flags: ON_LINK });
    await using witness = new Witness(site, MAC, IP);
    let leader = await successor(site, witness);
    equal(leader, site.all[0], "nobody has the lease: the first takes it");
    deepEqual(await Promise.all(site.all.map((replica) => replica.readyz())), Array(3).fill("200 ok"));

    const takeOver = async (boundMs: number, fault: () => void): Promise<Replica> => {
      const before = leader;
      const faultMs = performance.now();
      fault();
      leader = await successor(site, witness, before);
      const tookMs = performance.now() - faultMs;
      ok(tookMs < boundMs + SLACK_MS, `${tookMs} ms until another acts`);
      checkTerms(site, witness);
      return before;
    };

    const killed = await takeOver(LEASE_MS + RETRY_MS, () => Deno.kill(leader.peer.pid, "SIGKILL"));
    await killed.peer.status;
    await site.start({ skewMs: HOURS, flags: ON_LINK });

    const stopped = await takeOver(LEASE_MS + RETRY_MS, () => Deno.kill(leader.peer.pid, "SIGSTOP"));
    Deno.kill(stopped.peer.pid, "SIGCONT");
    await stopped.peer.waitFor(/"msg":"this instance leads no more"/);
    await stopped.peer.waitFor(/"msg":"another instance leads"/);
    checkTerms(site, witness);

    const ended = await takeOver(RETRY_MS, () => Deno.kill(leader.peer.pid, "SIGTERM"));
    equal((await ended.peer.status).code, 0);
    await ended.peer.waitFor(/"msg":"lease given up"/);
    const lease = await site.api.request("GET", `${LEASES}/metalman`);
    match(lease.spec.renewTime, /T\d\d:\d\d:\d\d\.\d{6}Z$/);
    equal(lease.spec.leaseTransitions, 3);

    await site.api.stop();
    await leader.peer.waitFor(/"msg":"this instance leads no more"/);
    await new Promise((resolve) => setTimeout(resolve, 30_000));
    equal(await successor(site, witness), leader, "DHCP needs no API: who led last goes on with it (contract 11.15)");
    for (const replica of site.all) {
      if (replica === killed || replica === ended) continue;
      match(await replica.readyz(), /^200/, "a follower goes on to serve what all serve");
    }
    await site.api.restart();
    await leader.peer.waitFor(/"this instance leads no more"[^]*"this instance leads"/);
    checkTerms(site, witness);
  },
);
