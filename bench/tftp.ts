/** TFTP against tftpd-hpa (lock-step) and atftpd (windows). */
import type { Daemon } from "./daemon.ts";
import { KERNEL } from "./images.ts";
import type { TftpResult } from "./load.ts";
import { startMetalman, untilServed } from "./metalman.ts";
import { ATFTPD, startAtftpd, startTftpdHpa, TFTP_PORTS, TFTPD_HPA } from "./peers/tftp.ts";
import { median, type Row, type Target } from "./report.ts";
import type { Stage } from "./stage.ts";
import { OURS, PEER } from "./wire.ts";

/** One way of fetching, the peer it is compared with and what is to be reached. */
interface Way {
  readonly blksize: number;
  readonly window: number;
  readonly clients: number;
  readonly roundTripUs?: number;
  readonly peer: string;
  readonly speed?: Target;
  readonly cpu?: Target;
}

const ratio = (is: Target["is"], than: number): Target => ({ of: "ratio", is, than });

const WAYS: readonly Way[] = [
  { blksize: 512, window: 1, clients: 1, peer: TFTPD_HPA, speed: ratio("atLeast", 0.9) },
  { blksize: 1468, window: 1, clients: 1, peer: TFTPD_HPA, speed: ratio("atLeast", 0.9) },
  { blksize: 1428, window: 16, clients: 1, peer: ATFTPD, speed: ratio("atLeast", 1) },
  { blksize: 512, window: 1, clients: 100, peer: TFTPD_HPA },
  {
    blksize: 1468,
    window: 1,
    clients: 100,
    peer: TFTPD_HPA,
    speed: ratio("atLeast", 1.2),
    cpu: ratio("atMost", 1),
  },
  { blksize: 1428, window: 16, clients: 100, peer: ATFTPD },
  { blksize: 1428, window: 1, clients: 1, roundTripUs: 1000, peer: TFTPD_HPA },
  { blksize: 1428, window: 16, clients: 1, roundTripUs: 1000, peer: ATFTPD, speed: ratio("atLeast", 1) },
];

interface Speed {
  readonly mbPerSecond: number;
  readonly cpuPerGB: number;
}

function wayName({ blksize, window, clients, roundTripUs }: Way): string {
  const parts = [`block ${blksize}`, window > 1 ? `window ${window}` : "lock-step"];
  parts.push(clients === 1 ? "1 client" : `${clients} clients`);
  if (roundTripUs !== undefined) parts.push(`round trip ${roundTripUs / 1000} ms`);
  return parts.join(", ");
}

/** @throws when transfers failed: a server that refuses quickly must not look fast */
function checkResult(who: string, way: Way, { bytes, failed, lastError }: TftpResult): void {
  if (failed > 0 || bytes === 0) throw new Error(`${who}, ${wayName(way)}: ${failed} transfers failed: ${lastError}`);
}

async function measure(stage: Stage, way: Way, daemon: Daemon, server: string, port: number): Promise<Speed> {
  const load = await stage.load;
  const before = daemon.cpuSeconds();
  const result = await load.tftp({ ...way, server, port, path: KERNEL, seconds: stage.pace.seconds }).result;
  await daemon.check();
  checkResult(server === OURS ? "metalman" : way.peer, way, result);
  return {
    mbPerSecond: result.bytes / 1e6 / result.seconds,
    cpuPerGB: (daemon.cpuSeconds() - before) / (result.bytes / 1e9),
  };
}

function rowsOf(way: Way, ours: Speed[], peer: Speed[]): Row[] {
  const row = (unit: string, pick: (speed: Speed) => number, target: Target | undefined): Row => ({
    area: "tftp",
    figure: wayName(way),
    unit,
    ours: median(ours.map(pick)),
    peer: { name: way.peer, ...(peer.length === 0 ? {} : { value: median(peer.map(pick)) }) },
    ...(target === undefined ? {} : { target }),
  });
  return [
    row("MB/s", (speed) => speed.mbPerSecond, way.speed),
    row("CPU s/GB", (speed) => speed.cpuPerGB, way.cpu),
  ];
}

async function startPeers(stage: Stage, folder: string, stack: AsyncDisposableStack): Promise<Map<string, Daemon>> {
  const peers = new Map<string, Daemon>();
  if (stage.has(TFTPD_HPA)) peers.set(TFTPD_HPA, stack.use(await startTftpdHpa(stage, folder)));
  if (stage.has(ATFTPD)) peers.set(ATFTPD, stack.use(await startAtftpd(stage, folder)));
  return peers;
}

/** Measures TFTP. */
export async function benchTftp(stage: Stage): Promise<Row[]> {
  const [cluster, images] = [await stage.cluster, await stage.images];
  stage.progress("tftp: preparing the image and the Machines");
  await cluster.createMany("tftp", 0, 100, await images.reference("boot"));
  await using ours = await startMetalman(stage, { site: "tftp" });
  await untilServed(0);
  await using stack = new AsyncDisposableStack();
  const peers = await startPeers(stage, images.folder("boot"), stack);
  const rows: Row[] = [];
  for (const way of WAYS) {
    stage.progress(`tftp: ${wayName(way)}`);
    const peer = peers.get(way.peer);
    const found: { ours: Speed[]; peer: Speed[] } = { ours: [], peer: [] };
    for (let round = 0; round < stage.pace.rounds; round++) {
      found.ours.push(await measure(stage, way, ours, OURS, 69));
      if (peer !== undefined) found.peer.push(await measure(stage, way, peer, PEER, TFTP_PORTS[way.peer]!));
    }
    rows.push(...rowsOf(way, found.ours, found.peer));
  }
  return rows;
}
