/** The API server of `metalman dev` with many Machines, beside a real kube-apiserver: writes and lists of one client. */
import { Cluster } from "./cluster.ts";
import { Daemon } from "./daemon.ts";
import { type ApiAccess, MachineApi, MACHINES } from "./machine_api.ts";
import { startOf } from "./metalman.ts";
import { median, type Row, type Target } from "./report.ts";
import type { Stage } from "./stage.ts";

const PEER = "kube-apiserver";
const SITE = "dev";
const IMAGE = "registry.example/boot:v1";
/** Whose status is written, and how many at a time. */
const WRITTEN = 1000;
const IN_FLIGHT = 32;
const PAGE = 500;
const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
const SERVER = new URL("dev_api_server.ts", import.meta.url).pathname;

/** A Machine as it came, to be sent back. */
interface Kept {
  readonly metadata: Record<string, unknown>;
  status?: unknown;
}

/** What a round of one server gives. */
interface Round {
  readonly updatesPerSecond: number;
  readonly wholeMs: number;
  readonly pagesMs: number;
  readonly tableMs: number;
}

/** Starts the server as `deno task dev` would run it, without machines. */
export async function startDevApi(stage: Stage): Promise<{ daemon: Daemon; access: ApiAccess }> {
  const file = `${stage.newFolder("dev-api")}/access.json`;
  const isThere = () => {
    try {
      return Deno.statSync(file).isFile;
    } catch {
      return false;
    }
  };
  const { env, flags } = startOf("dev");
  const daemon = await Daemon.start(stage, {
    program: Deno.execPath(),
    env,
    args: [...flags, SERVER, file],
    isReady: isThere,
  });
  return { daemon, access: JSON.parse(await Deno.readTextFile(file)) };
}

async function parsed<T>(response: Promise<Response>): Promise<T> {
  return JSON.parse(await (await response).text());
}

/** What a controller that reports the progress of an installation sends. */
function progress(count: number): unknown {
  const times = { observedGeneration: 1, lastTransitionTime: "2026-11-23T09:00:00Z" };
  return {
    conditions: [
      { type: "CloudInitDone", status: "False", reason: "Running", message: `stage ${count} started`, ...times },
      { type: "Repaved", status: "True", reason: "Succeeded", message: `image=${IMAGE}`, ...times },
    ],
    operations: { repaveCounter: 1 },
  };
}

/** Status updates a second, each of what the last one of its Machine answered. */
async function updates(api: MachineApi, seconds: number): Promise<number> {
  const { items } = await parsed<{ items: Kept[] }>(api.request("GET", `${MACHINES}?limit=${WRITTEN}`));
  let count = 0;
  const begun = performance.now();
  const end = begun + seconds * 1000;
  const worker = async (first: number) => {
    for (let at = first; performance.now() < end; at = (at + IN_FLIGHT) % items.length) {
      const machine = items[at]!;
      machine.status = progress(count);
      delete machine.metadata["managedFields"];
      const path = `${MACHINES}/${machine.metadata["name"]}/status`;
      items[at] = await parsed<Kept>(api.request("PUT", path, { body: machine }));
      count++;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, (_, first) => worker(first)));
  return count / (performance.now() - begun) * 1000;
}

/** Milliseconds for a list of everything, in pages of `limit`; 0: in one. */
async function listMs(api: MachineApi, limit: number, as: string, wanted: number): Promise<number> {
  let [found, next] = [0, ""];
  const begun = performance.now();
  do {
    const query = `?limit=${limit}&continue=${encodeURIComponent(next)}`;
    const page = await parsed<{ items?: unknown[]; rows?: unknown[]; metadata: { continue?: string } }>(
      api.request("GET", MACHINES + query, { as }),
    );
    found += (page.items ?? page.rows ?? []).length;
    next = page.metadata.continue ?? "";
  } while (next !== "");
  const ms = performance.now() - begun;
  if (found !== wanted) throw new Error(`a list has ${found} Machines, ${wanted} were created`);
  return ms;
}

async function round(api: MachineApi, machines: number, seconds: number): Promise<Round> {
  return {
    updatesPerSecond: await updates(api, seconds),
    wholeMs: await listMs(api, 0, "application/json", machines),
    pagesMs: await listMs(api, PAGE, "application/json", machines),
    tableMs: await listMs(api, PAGE, TABLE, machines),
  };
}

/** Measures it. */
export async function benchDevApi(stage: Stage): Promise<Row[]> {
  const machines = stage.pace.quick ? 1000 : 10_000;
  const { daemon, access } = await startDevApi(stage);
  await using _ = daemon;
  using ours = new MachineApi(access);
  await using peer = stage.has(PEER) ? await Cluster.start() : undefined;
  const found: { ours: Round[]; peer: Round[] } = { ours: [], peer: [] };
  for (const api of [ours, peer]) await api?.createMany(SITE, 0, machines, IMAGE);
  // The first round warms up and does not count.
  for (let i = 0; i <= stage.pace.rounds; i++) {
    stage.progress(`dev: API with ${machines} Machines, round ${i}`);
    const rounds = { ours: await round(ours, machines, stage.pace.seconds) };
    if (i > 0) found.ours.push(rounds.ours);
    if (peer === undefined) continue;
    const theirs = await round(peer, machines, stage.pace.seconds);
    if (i > 0) found.peer.push(theirs);
  }
  await daemon.check();
  const counted = `${machines.toLocaleString("en-US")} Machines`;
  const row = (figure: string, unit: string, pick: (round: Round) => number, target?: Target): Row => ({
    area: "dev",
    figure,
    unit,
    ours: median(found.ours.map(pick)),
    peer: { name: PEER, ...(peer === undefined ? {} : { value: median(found.peer.map(pick)) }) },
    ...(target === undefined ? {} : { target }),
  });
  const fast: Target = { of: "ours", is: "atLeast", than: 2000 };
  return [
    row(`status updates with ${counted}, ${IN_FLIGHT} at a time`, "per second", (r) => r.updatesPerSecond, fast),
    row(`list of ${counted}`, "ms", (r) => r.wholeMs),
    row(`list of ${counted} in pages of ${PAGE}`, "ms", (r) => r.pagesMs),
    row(`Table of ${counted} in pages of ${PAGE}`, "ms", (r) => r.tableMs),
    { area: "dev", figure: `RSS of the API server with ${counted}`, unit: "MB", ours: daemon.residentMB().now },
  ];
}
