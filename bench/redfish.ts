/** Power: many emulated BMCs, repaved at once; with some that accept and never answer. */
import { MemoryLogger } from "../base/log.ts";
import { bmcCertificate, type EmulatedBmc, startBmc } from "../dev/bmc/server.ts";
import type { BmcMachine } from "../dev/bmc/types.ts";
import type { Cluster } from "./cluster.ts";
import type { SeenMachine } from "./machine_api.ts";
import { startMetalman } from "./metalman.ts";
import { median, type Row } from "./report.ts";
import type { Stage } from "./stage.ts";
import { machineAddress, machineMac, OURS } from "./wire.ts";

const USER = { username: "admin", password: "secret" };
const SECRET = { name: "bmc", namespace: "default", key: "password" };
const TIMES = { callMs: 100, offMs: 3000 };
const MACHINES = "/apis/unbounded-cloud.io/v1alpha3/machines";
const AT_ONCE = 16;
/** What the bound is on a time that has no other. */
const LIMIT_MS = 300_000;

/** A power switch without anything behind it. */
class Switch implements BmcMachine {
  bootOrder: BmcMachine["bootOrder"] = ["disk", "network"];
  bootOnce: BmcMachine["bootOnce"] = undefined;
  isOn = true;
  powerOn(): void {
    this.isOn = true;
    // What was to be booted once has been.
    this.bootOnce = undefined;
  }
  powerOff(): Promise<void> {
    this.isOn = false;
    return Promise.resolve();
  }
}

/** Some BMCs; `silent` ones let TCP connect and say nothing, `hung` ones shake hands and take calls. */
class Bmcs implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly answering: readonly EmulatedBmc[];
  /** Of all. */
  readonly urls: readonly string[];

  private constructor(stack: AsyncDisposableStack, answering: readonly EmulatedBmc[], others: readonly string[]) {
    this.#stack = stack;
    this.answering = answering;
    this.urls = [...answering.map(({ url }) => url), ...others];
  }

  static async start(count: number, { hung, silent }: { hung: number; silent: number }): Promise<Bmcs> {
    await using stack = new AsyncDisposableStack();
    const parts = { ...USER, certificate: await bmcCertificate(Date.now()), times: TIMES, log: new MemoryLogger() };
    const one = async (more = {}) => stack.use(await startBmc({ machine: new Switch(), ...parts, ...more }));
    const answering = [];
    for (let i = 0; i < count; i++) answering.push(await one());
    const others = [];
    for (let i = 0; i < hung; i++) others.push((await one({ fault: { kind: "hang" } })).url);
    // The kernel accepts for a program that never looks.
    for (let i = 0; i < silent; i++) others.push(`https://127.0.0.1:${stack.use(listener()).addr.port}`);
    return new Bmcs(stack.move(), answering, others);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

const listener = () => Deno.listen({ hostname: "127.0.0.1", port: 0 });

interface Fleet {
  readonly site: string;
  readonly image: string;
  readonly urls: readonly string[];
}

const nameOf = (site: string, index: number) => `${site}-${String(index).padStart(4, "0")}`;

function machine({ site, image, urls }: Fleet, index: number): unknown {
  const lease = { mac: machineMac(index), ipv4: machineAddress(index), subnetMask: "255.255.0.0", gateway: OURS };
  const redfish = { url: urls[index], username: USER.username, passwordRef: SECRET };
  return {
    apiVersion: "unbounded-cloud.io/v1alpha3",
    kind: "Machine",
    metadata: { name: nameOf(site, index), labels: { "unbounded-cloud.io/site": site } },
    spec: { pxe: { image, dhcpLeases: [lease], redfish } },
  };
}

async function forAll(count: number, run: (index: number) => Promise<Response>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await (await run(next++)).body?.cancel();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Watches a site from now on; `all` resolves when so many Machines were as wanted. */
async function seen(
  cluster: Cluster,
  site: string,
  { count, wanted }: { count: number; wanted: (machine: SeenMachine) => boolean },
): Promise<{ readonly all: Promise<void> }> {
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(new Error(`not all of ${site} within ${LIMIT_MS} ms`)), LIMIT_MS);
  const events = await cluster.watch(site, stop.signal);
  const follow = async () => {
    const done = new Set<string>();
    for await (const machine of events) {
      if (wanted(machine)) done.add(machine.metadata.name);
      if (done.size === count) return;
    }
  };
  const all = follow().finally(() => {
    clearTimeout(late);
    stop.abort();
  });
  // It may fail before anybody waits for it.
  all.catch(() => {});
  return { all };
}

interface Found {
  readonly seconds: number;
  readonly memory: { readonly now: number; readonly peak: number };
  readonly mostAtOnce: number;
  readonly calls: number;
}

/** Repaves all Machines of a new site; the time from the first raised counter to the last one that is seen. */
async function repaveAll(
  stage: Stage,
  site: string,
  { count, hung, silent }: { count: number; hung: number; silent: number },
): Promise<Found> {
  const [cluster, images] = [await stage.cluster, await stage.images];
  await using bmcs = await Bmcs.start(count, { hung, silent });
  const fleet = { site, image: await images.reference("small"), urls: bmcs.urls };
  await using ours = await startMetalman(stage, { site });
  const watched = new Set(Array.from({ length: count }, (_, index) => nameOf(site, index)));
  const isOurs = ({ metadata }: SeenMachine) => watched.has(metadata.name);
  const pinned = await seen(cluster, site, {
    count,
    wanted: (machine) => isOurs(machine) && machine.status?.redfish?.certFingerprint !== undefined,
  });
  await forAll(bmcs.urls.length, (index) => cluster.request("POST", MACHINES, { body: machine(fleet, index) }));
  await pinned.all;
  const rebooted = await seen(cluster, site, {
    count,
    wanted: (machine) => isOurs(machine) && machine.status?.operations?.rebootCounter === 1,
  });
  const start = performance.now();
  const body = { spec: { operations: { rebootCounter: 1, repaveCounter: 1 } } };
  await forAll(bmcs.urls.length, (index) => cluster.request("PATCH", `${MACHINES}/${nameOf(site, index)}`, { body }));
  await rebooted.all;
  const seconds = (performance.now() - start) / 1000;
  await ours.check();
  const stats = bmcs.answering.map(({ stats }) => stats);
  return {
    seconds,
    memory: ours.residentMB(),
    mostAtOnce: Math.max(...stats.map(({ mostAtOnce }) => mostAtOnce)),
    calls: stats.reduce((sum, { calls }) => sum + calls, 0) / count,
  };
}

function timeRow(figure: string, found: readonly Found[], atMost: number): Row {
  const calls = median(found.map(({ calls }) => calls)).toFixed(0);
  return {
    ...{ area: "redfish", figure, unit: "s", ours: median(found.map(({ seconds }) => seconds)) },
    target: { of: "ours", is: "atMost", than: atMost },
    note: `${calls} calls a BMC`,
  };
}

/** Measures repaving. */
export async function benchRedfish(stage: Stage): Promise<Row[]> {
  const cluster = await stage.cluster;
  const data = { [SECRET.key]: btoa(USER.password) };
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: SECRET.name }, data };
  const path = `/api/v1/namespaces/${SECRET.namespace}/secrets`;
  await (await cluster.request("POST", path, { body: secret, accept: [409] })).body?.cancel();
  const scale = stage.pace.quick ? 0.1 : 1;
  const [some, many] = [200 * scale, 1000 * scale];
  const alone: Found[] = [];
  const beside: Found[] = [];
  for (let round = 0; round < stage.pace.rounds; round++) {
    stage.progress(`redfish: ${some} BMCs, round ${round + 1}`);
    alone.push(await repaveAll(stage, `redfish-alone-${round}`, { count: some, hung: 0, silent: 0 }));
    beside.push(
      await repaveAll(stage, `redfish-beside-${round}`, { count: some, hung: 10 * scale, silent: 10 * scale }),
    );
  }
  stage.progress(`redfish: ${many} BMCs`);
  const largest = await repaveAll(stage, "redfish-many", { count: many, hung: 0, silent: 0 });
  const all = [...alone, ...beside, largest];
  const figure = (count: number) => `${count.toLocaleString("en-US")} machines repaved at once, to the last counter`;
  const slower = median(beside.map(({ seconds }) => seconds)) / median(alone.map(({ seconds }) => seconds));
  return [
    timeRow(figure(some), alone, 15),
    timeRow(figure(many), [largest], 40),
    {
      ...{
        area: "redfish",
        figure: `${some} beside ${20 * scale} BMCs that never answer, to the time without`,
        unit: "",
      },
      ...{ ours: slower, target: { of: "ours", is: "atMost", than: 1.1 } },
    },
    {
      ...{ area: "redfish", figure: `RSS while ${many.toLocaleString("en-US")} are repaved`, unit: "MB" },
      ...{ ours: largest.memory.peak, target: { of: "ours", is: "atMost", than: 200 } },
      note: `${Math.round(largest.memory.now)} afterwards`,
    },
    {
      ...{ area: "redfish", figure: "calls that any BMC saw at once", unit: "" },
      ...{ ours: Math.max(...all.map(({ mostAtOnce }) => mostAtOnce)), target: { of: "ours", is: "atMost", than: 1 } },
    },
  ];
}
