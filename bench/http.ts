/** HTTP: a big file against nginx, and rendered templates. */
import { run } from "../tests/peers/peer.ts";
import type { Daemon } from "./daemon.ts";
import { DISK, GRUB_CONFIG, META_DATA } from "./images.ts";
import { get, HTTP_PORT, startMetalman, untilServed } from "./metalman.ts";
import { NGINX, NGINX_PORT, startNginx } from "./peers/nginx.ts";
import { median, type Row } from "./report.ts";
import type { Stage } from "./stage.ts";
import { machineAddress, OURS, PEER } from "./wire.ts";

/** Machines that fetch templates in turn. */
const MACHINES = 1000;
const RATIOS = [{ connections: 1, than: 0.6 }, { connections: 8, than: 0.6 }, { connections: 64, than: 0.35 }] as const;

interface Speed {
  readonly mbPerSecond: number;
  readonly cpuPerGB: number;
}

async function download(stage: Stage, server: string, daemon: Daemon, connections: number): Promise<Speed> {
  const load = await stage.load;
  const port = server === OURS ? HTTP_PORT : NGINX_PORT;
  const before = daemon.cpuSeconds();
  const { bytes, seconds, failed } = await load.http({
    server,
    port,
    path: `/${DISK}`,
    connections,
    seconds: stage.pace.seconds,
  }).result;
  await daemon.check();
  if (failed > 0 || bytes === 0) throw new Error(`${failed} of the downloads from ${server} failed`);
  return { mbPerSecond: bytes / 1e6 / seconds, cpuPerGB: (daemon.cpuSeconds() - before) / (bytes / 1e9) };
}

function fileRows(connections: number, than: number, ours: Speed[], nginx: Speed[]): Row[] {
  const rowOf = (figure: string, unit: string, pick: (speed: Speed) => number): Row => ({
    area: "http",
    figure,
    unit,
    ours: median(ours.map(pick)),
    peer: { name: NGINX, ...(nginx.length === 0 ? {} : { value: median(nginx.map(pick)) }) },
  });
  const clients = connections === 1 ? "1 client" : `${connections} clients`;
  return [
    {
      ...rowOf(`a big file, ${clients}`, "MB/s", (speed) => speed.mbPerSecond),
      target: { of: "ratio", is: "atLeast", than },
    },
    rowOf(`a big file, ${clients}`, "CPU s/GB", (speed) => speed.cpuPerGB),
  ];
}

async function files(stage: Stage, ours: Daemon, nginx: Daemon | undefined): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { connections, than } of RATIOS) {
    stage.progress(`http: a big file, ${connections} connections`);
    const found: { ours: Speed[]; nginx: Speed[] } = { ours: [], nginx: [] };
    for (let round = 0; round < stage.pace.rounds; round++) {
      found.ours.push(await download(stage, OURS, ours, connections));
      if (nginx !== undefined) found.nginx.push(await download(stage, PEER, nginx, connections));
    }
    rows.push(...fileRows(connections, than, found.ours, found.nginx));
  }
  return rows;
}

/** wrk's script: the machines in turn, named by X-Forwarded-For, which metalman believes this host. */
function script(): string {
  const addresses = Array.from({ length: MACHINES }, (_, i) => `"${machineAddress(i)}"`).join(",");
  return `local addresses = {${addresses}}
local requests, turn = {}, 0
function init(args)
  for i, address in ipairs(addresses) do
    requests[i] = wrk.format("GET", nil, { ["X-Forwarded-For"] = address, ["Host"] = wrk.host })
  end
end
function request()
  turn = turn % #requests + 1
  return requests[turn]
end
`;
}

/** Requests a second and the 99th percentile in ms, from what wrk prints. */
export function parseWrk(output: string): { perSecond: number; p99ms: number } {
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(output);
  const p99 = /99%\s+([\d.]+)(us|ms|s)\b/.exec(output);
  if (rate === null || p99 === null) throw new Error(`wrk printed:\n${output}`);
  const bad = /Non-2xx or 3xx responses: \d+|Socket errors: .*/.exec(output);
  if (bad !== null) throw new Error(`wrk: ${bad[0]}`);
  const unit = { us: 0.001, ms: 1, s: 1000 }[p99[2] as "us" | "ms" | "s"];
  return { perSecond: Number(rate[1]), p99ms: Number(p99[1]) * unit };
}

async function templates(stage: Stage, daemon: Daemon, path: string, name: string, judged: boolean): Promise<Row[]> {
  stage.progress(`http: ${name}`);
  const answer = await get(MACHINES - 1, path);
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text}`);
  const scriptFile = `${stage.folder}/machines.lua`;
  await Deno.writeTextFile(scriptFile, script());
  const found: { perSecond: number; p99ms: number; cpuUs: number }[] = [];
  const once = async (seconds: number) => {
    const before = daemon.cpuSeconds();
    const url = `http://${OURS}:${HTTP_PORT}/${path}`;
    const result = parseWrk(await run("wrk", ["--latency", "-t1", "-c64", `-d${seconds}s`, "-s", scriptFile, url]));
    await daemon.check();
    return { ...result, cpuUs: (daemon.cpuSeconds() - before) / (result.perSecond * seconds) * 1e6 };
  };
  await once(stage.pace.seconds);
  for (let round = 0; round < stage.pace.rounds; round++) found.push(await once(stage.pace.seconds));
  const row = (unit: string, ours: number, target: Row["target"]): Row => ({
    area: "http",
    figure: `${name}, 64 connections, ${MACHINES.toLocaleString("en-US")} machines`,
    unit,
    ours,
    ...(judged && target !== undefined ? { target } : {}),
  });
  return [
    row("per second", median(found.map((f) => f.perSecond)), { of: "ours", is: "atLeast", than: 15_000 }),
    row("p99 ms", median(found.map((f) => f.p99ms)), { of: "ours", is: "atMost", than: 20 }),
    row("CPU us each", median(found.map((f) => f.cpuUs)), undefined),
  ];
}

/** Measures HTTP. */
export async function benchHttp(stage: Stage): Promise<Row[]> {
  const [cluster, images] = [await stage.cluster, await stage.images];
  stage.progress("http: preparing the image and the Machines");
  await cluster.createMany("http", 0, MACHINES, await images.reference("boot"));
  await using ours = await startMetalman(stage, { site: "http" });
  await untilServed(0);
  const rows: Row[] = [];
  {
    await using nginx = stage.has(NGINX) ? await startNginx(stage, images.folder("boot")) : undefined;
    rows.push(...await files(stage, ours, nginx));
  }
  rows.push(
    ...await templates(stage, ours, GRUB_CONFIG, "rendered boot menu", true),
    ...await templates(stage, ours, META_DATA, "rendered agent configuration", false),
  );
  return rows;
}
