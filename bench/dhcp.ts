/** DHCP in relay mode against kea-dhcp4: rate, processor time, and answer times beside other work. */
import type { Cluster } from "./cluster.ts";
import type { Daemon } from "./daemon.ts";
import { DISK } from "./images.ts";
import type { DhcpResult, RunningLoad } from "./load.ts";
import { HTTP_PORT, startMetalman, untilServed } from "./metalman.ts";
import { KEA, startKea } from "./peers/kea.ts";
import { NGINX, NGINX_PORT, startNginx } from "./peers/nginx.ts";
import { copyAndUnpack, UNPACKERS } from "./peers/umoci.ts";
import { median, type Row, type Target } from "./report.ts";
import type { Stage } from "./stage.ts";
import { OURS, PEER } from "./wire.ts";

const SITE = "dhcp";
const MACHINES = 1000;
/** Exchanges a second, when answer times are measured. */
const STEADY = 1000;
const atMost = (than: number): Target => ({ of: "ours", is: "atMost", than });

/** A DHCP server that is measured. */
interface Server {
  readonly address: string;
  readonly daemon: Daemon;
}

interface Measured {
  readonly perSecond: number;
  readonly p99ms: number;
  readonly cpuUs: number;
  readonly lost: number;
}

async function finish(server: Server, cpuBefore: number, result: Promise<DhcpResult>): Promise<Measured> {
  const { exchanges, seconds, p99us, lost, wrong } = await result;
  await server.daemon.check();
  if (wrong > 0 || exchanges === 0) {
    throw new Error(`${server.address}: ${exchanges} exchanges, ${wrong} wrong answers`);
  }
  const cpu = server.daemon.cpuSeconds() - cpuBefore;
  return { perSecond: exchanges / seconds, p99ms: p99us / 1000, cpuUs: cpu / exchanges * 1e6, lost };
}

/** Exchanges for a fixed time; `rate` 0 is as fast as they go. */
async function exchange(stage: Stage, server: Server, rate: number): Promise<Measured> {
  const load = await stage.load;
  const before = server.daemon.cpuSeconds();
  const running = load.dhcp({ server: server.address, machines: MACHINES, seconds: stage.pace.seconds, rate });
  return await finish(server, before, running.result);
}

/** Steady exchanges for as long as `work` takes. */
async function exchangeDuring(stage: Stage, server: Server, work: () => Promise<unknown>): Promise<Measured> {
  const load = await stage.load;
  const before = server.daemon.cpuSeconds();
  const running: RunningLoad<DhcpResult> = load.dhcp({
    server: server.address,
    machines: MACHINES,
    seconds: 120,
    rate: STEADY,
  });
  try {
    await work();
  } finally {
    await running.stop();
  }
  return await finish(server, before, running.result);
}

/** One figure of ours beside kea's, both measured in each round. */
interface Pair {
  readonly ours: Measured[];
  readonly kea: Measured[];
}

function row(pair: Pair, figure: string, unit: string, pick: (m: Measured) => number, target?: Target): Row {
  const [oursLost, keaLost] = [pair.ours, pair.kea].map((all) => all.reduce((sum, { lost }) => sum + lost, 0));
  return {
    area: "dhcp",
    figure,
    unit,
    ours: median(pair.ours.map(pick)),
    peer: { name: KEA, ...(pair.kea.length === 0 ? {} : { value: median(pair.kea.map(pick)) }) },
    ...(target === undefined ? {} : { target }),
    ...(oursLost || keaLost ? { note: `not answered in 1 s: ours ${oursLost}, ${KEA} ${keaLost}` } : {}),
  };
}

async function inTurn(
  stage: Stage,
  servers: { ours: Server; kea: Server | undefined },
  measure: (server: Server) => Promise<Measured>,
): Promise<Pair> {
  const pair: Pair = { ours: [], kea: [] };
  for (let round = 0; round < stage.pace.rounds; round++) {
    pair.ours.push(await measure(servers.ours));
    if (servers.kea !== undefined) pair.kea.push(await measure(servers.kea));
  }
  return pair;
}

/** Both servers, warmed up, while `use` runs. */
async function withServers<T>(
  stage: Stage,
  logLevel: "info" | "warn",
  use: (servers: { ours: Server; kea: Server | undefined }) => Promise<T>,
): Promise<T> {
  await using ours = await startMetalman(stage, { site: SITE, logLevel });
  await untilServed(0);
  await using kea = stage.has(KEA) ? await startKea(stage, { machines: MACHINES, logLevel }) : undefined;
  const servers = {
    ours: { address: OURS, daemon: ours },
    kea: kea === undefined ? undefined : { address: PEER, daemon: kea },
  };
  await exchange(stage, servers.ours, 0);
  if (servers.kea !== undefined) await exchange(stage, servers.kea, 0);
  return await use(servers);
}

async function quietRows(stage: Stage, servers: { ours: Server; kea: Server | undefined }): Promise<Row[]> {
  stage.progress("dhcp: as fast as it goes");
  const fast = await inTurn(stage, servers, (server) => exchange(stage, server, 0));
  stage.progress("dhcp: 1,000 exchanges a second");
  const steady = await inTurn(stage, servers, (server) => exchange(stage, server, STEADY));
  return [
    row(fast, "DORA, 1,000 machines", "per second", (m) => m.perSecond, { of: "ratio", is: "atLeast", than: 1.1 }),
    row(fast, "DORA, 1,000 machines", "CPU us each", (m) => m.cpuUs, { of: "ratio", is: "atMost", than: 1 }),
    row(steady, "1,000 DORA/s", "p99 ms", (m) => m.p99ms, atMost(3)),
  ];
}

async function downloadRow(stage: Stage, servers: { ours: Server; kea: Server | undefined }): Promise<Row> {
  stage.progress("dhcp: while 8 clients download");
  const load = await stage.load;
  const images = await stage.images;
  const measure = async (server: Server) => {
    const isOurs = server.address === OURS;
    await using _nginx = isOurs || !stage.has(NGINX) ? undefined : await startNginx(stage, images.folder("boot"));
    return await exchangeDuring(stage, server, async () => {
      const port = isOurs ? HTTP_PORT : NGINX_PORT;
      const { seconds } = stage.pace;
      await load.http({ server: server.address, port, path: `/${DISK}`, connections: 8, seconds }).result;
    });
  };
  const kea = stage.has(NGINX) ? servers.kea : undefined;
  const pair = await inTurn(stage, { ours: servers.ours, kea }, measure);
  return row(pair, "1,000 DORA/s while 8 clients download (from nginx)", "p99 ms", (m) => m.p99ms, atMost(10));
}

/** Ours starts with an empty cache each time, so that the image is really pulled and unpacked. */
async function oursUnpacking(stage: Stage, cluster: Cluster, large: string): Promise<Measured> {
  const cacheDir = stage.newFolder("cache");
  try {
    await using daemon = await startMetalman(stage, { site: SITE, cacheDir });
    const ours: Server = { address: OURS, daemon };
    await untilServed(0);
    await exchange(stage, ours, 0);
    return await exchangeDuring(stage, ours, async () => {
      await cluster.create(SITE, MACHINES, large);
      await untilServed(MACHINES);
    });
  } finally {
    await cluster.remove(SITE, MACHINES);
    await Deno.remove(cacheDir, { recursive: true });
  }
}

async function unpackRow(stage: Stage, cluster: Cluster): Promise<Row> {
  stage.progress("dhcp: while an image is unpacked");
  const large = await (await stage.images).reference("large");
  const pair: Pair = { ours: [], kea: [] };
  const hasPeer = [KEA, ...UNPACKERS].every((program) => stage.has(program));
  for (let round = 0; round < stage.pace.rounds; round++) {
    pair.ours.push(await oursUnpacking(stage, cluster, large));
    if (!hasPeer) continue;
    await using daemon = await startKea(stage, { machines: MACHINES });
    pair.kea.push(await exchangeDuring(stage, { address: PEER, daemon }, () => copyAndUnpack(stage, large)));
  }
  return row(
    pair,
    "1,000 DORA/s while a 600 MB image is unpacked (by skopeo+umoci)",
    "p99 ms",
    (m) => m.p99ms,
    atMost(10),
  );
}

/** Measures DHCP. */
export async function benchDhcp(stage: Stage): Promise<Row[]> {
  const [cluster, images] = [await stage.cluster, await stage.images];
  stage.progress("dhcp: preparing the image and the Machines");
  await cluster.createMany(SITE, 0, MACHINES, await images.reference("boot"));
  const rows = await withServers(stage, "warn", async (servers) => [
    ...await quietRows(stage, servers),
    await downloadRow(stage, servers),
  ]);
  rows.push(await unpackRow(stage, cluster));
  stage.progress("dhcp: with each answer in the log");
  const logged = await withServers(
    stage,
    "info",
    (servers) => inTurn(stage, servers, (server) => exchange(stage, server, 0)),
  );
  rows.push(row(logged, "DORA, 1,000 machines, log level info", "per second", (m) => m.perSecond));
  return rows;
}
