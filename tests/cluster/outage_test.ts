/** contract 4 and 11.15 against a real API server, with the rights of deploy/rbac.yaml and no more. */
import assert from "node:assert/strict";
import { systemClock } from "../../base/clock.ts";
import { MemoryLogger } from "../../base/log.ts";
import { ApiError } from "../../k8s/errors.ts";
import { EventRecorder } from "../../k8s/events.ts";
import type { KubeObject } from "../../k8s/object.ts";
import { type StatusObject, StatusWriter } from "../../k8s/status.ts";
import { API_SERVER, startApiServer } from "../peers/apiserver.ts";
import { manifest } from "../peers/manifest.ts";
import { peerTest } from "../peers/peer.ts";
import { clientFor, MachineMirror, machineNamed, MACHINES } from "./machines.ts";

const isThere = (machine: unknown) => machine !== undefined;
const phase = (machine: StatusObject | undefined) => (machine?.status as { phase?: string } | undefined)?.phase;
const withPhase = (value: string) => (machine: StatusObject) => ({ ...machine.status as object, phase: value });

function writerFor(client: Awaited<ReturnType<typeof clientFor>>, cached: (key: string) => StatusObject | undefined) {
  const log = new MemoryLogger();
  return new StatusWriter<StatusObject>({
    client,
    resource: MACHINES,
    cached,
    log,
    clock: systemClock,
    random: Math.random,
  });
}

peerTest("contract 11.15: an API server that is killed and comes back loses nothing", API_SERVER, async () => {
  await using api = await startApiServer();
  await api.createFixtures();
  await api.apply(machineNamed("a") as KubeObject, machineNamed("b") as KubeObject);
  using client = await clientFor(await api.serviceAccountKubeconfig());
  await using mirror = new MachineMirror(client);
  await mirror.cache.synced;
  const writer = writerFor(client, (key) => mirror.cache.get(key));
  const stop = new AbortController();
  const writing = writer.run(stop.signal);
  await api.stop();
  const written = writer.write("a", "phase", withPhase("Ready"));
  await writer.idle();
  assert.equal(writer.size, 1, "the write waits");
  assert.equal(mirror.cache.size, 2, "what was known is still known");
  await api.start();
  await api.request("DELETE", "/apis/unbounded-cloud.io/v1alpha3/machines/b");
  await api.apply(machineNamed("c") as KubeObject);
  assert.equal((await written).kind, "written");
  await mirror.sees("a", (machine) => phase(machine) === "Ready");
  await mirror.sees("b", (machine) => machine === undefined);
  await mirror.sees("c", isThere);
  // A server that has just started may refuse for a moment what it will allow.
  const messages = mirror.messages();
  assert.deepEqual([messages[0], messages.at(-1)], [
    "watch is interrupted; trying again until it works",
    "watch goes on",
  ]);
  stop.abort();
  await writing;
});

peerTest(
  "contract 4: status writes decide again on a conflict and on what they wrote themselves",
  API_SERVER,
  async () => {
    await using api = await startApiServer();
    await api.createFixtures();
    await api.apply(machineNamed("a") as KubeObject);
    using client = await clientFor(await api.serviceAccountKubeconfig());
    const stale = await client.get<StatusObject>(MACHINES, { name: "a" });
    await api.apply(machineNamed("a", { changed: "since" }) as KubeObject);
    await assert.rejects(
      client.replaceStatus(MACHINES, { ...stale, status: { phase: "Failed" } }),
      (error: unknown) => error instanceof ApiError && error.status === 409,
    );
    const writer = writerFor(client, () => stale);
    const stop = new AbortController();
    const writing = writer.run(stop.signal);
    assert.equal((await writer.write("a", "phase", withPhase("Joining"))).kind, "written");
    assert.equal((await writer.write("a", "phase", withPhase("Joining"))).kind, "unchanged");
    const message = (machine: StatusObject) => ({ ...stale.status as object, message: phase(machine) });
    assert.equal((await writer.write("a", "phase", message)).kind, "written");
    const now = await client.get<StatusObject>(MACHINES, { name: "a" });
    assert.deepEqual(now.status, { message: "Joining" });
    assert.deepEqual(now.metadata.labels, { changed: "since" }, "a status write changes nothing else");
    assert.equal((await writer.write("nobody", "phase", withPhase("Ready"))).kind, "gone");
    stop.abort();
    await writing;
  },
);

peerTest(
  "a Machine definition that is missing at start is waited for; an expired version is listed anew",
  API_SERVER,
  async () => {
    await using api = await startApiServer();
    await api.apply(...manifest("deploy/namespace.yaml"), ...manifest("deploy/rbac.yaml"));
    using client = await clientFor(await api.serviceAccountKubeconfig());
    await using mirror = new MachineMirror(client);
    const waiting = "the API does not know this resource; waiting until its definition is installed";
    while (!mirror.messages().includes(waiting)) await systemClock.sleep(20);
    await api.createFixtures();
    await api.apply(machineNamed("a") as KubeObject);
    await mirror.sees("a", isThere);
    assert.deepEqual(mirror.messages(), [waiting, "watch goes on"]);

    await api.restart();
    const tooOld = client.watch(MACHINES, {}, { timeoutSeconds: 5, idleMs: 30_000, resourceVersion: "1" });
    let failure = "";
    for await (const bytes of tooOld) failure += new TextDecoder().decode(bytes);
    assert.match(failure, /"type":"ERROR".*"code":410/);
  },
);

peerTest(
  "contract 4: Events are done without where they are not granted, and counted where they are",
  API_SERVER,
  async () => {
    await using api = await startApiServer();
    await api.createFixtures();
    await api.apply(machineNamed("a") as KubeObject);
    using client = await clientFor(await api.serviceAccountKubeconfig());
    const log = new MemoryLogger();
    const recorder = () =>
      new EventRecorder({
        client,
        component: "metalman",
        instance: "test",
        log,
        clock: systemClock,
        steadyNow: () => performance.now(),
        random: Math.random,
      });
    const about = { apiVersion: "unbounded-cloud.io/v1alpha3", kind: "Machine", name: "a" };
    const text = { type: "Warning", reason: "BadLease", message: "not a MAC" } as const;
    const stop = new AbortController();
    const [silent, heard] = [recorder(), recorder()];
    const running = [silent.run(stop.signal), heard.run(stop.signal)];
    silent.record(about, text);
    await silent.idle();
    assert.ok(
      log.lines.every(({ level }) => level === "debug" || level === "info"),
      "nothing for an operator to worry about",
    );
    await api.apply(...manifest("deploy/rbac-events.yaml"));
    heard.record(about, text);
    heard.record(about, text);
    await heard.idle();
    const { items } = await api.request("GET", "/api/v1/namespaces/default/events");
    const ours = items.filter((event: KubeObject & { reason: string }) => event.reason === "BadLease");
    assert.deepEqual(ours.map((event: { count: number; message: string }) => [event.count, event.message]), [[
      2,
      "not a MAC",
    ]]);
    stop.abort();
    await Promise.all(running);
  },
);
