/** Memory and start, with few and with many Machines. */
import type { Cluster } from "./cluster.ts";
import { startMetalman } from "./metalman.ts";
import { Probe } from "./probe.ts";
import { median, type Row } from "./report.ts";
import type { Stage } from "./stage.ts";

const SIZES: readonly { machines: number; atMostMB?: number }[] = [
  { machines: 10 },
  { machines: 1000, atMostMB: 110 },
  { machines: 10_000, atMostMB: 220 },
];
const SETTLE_MS = 3000;
const START_LIMIT = { everyMs: 5, timeoutMs: 120_000 };

const siteOf = (machines: number): string => `memory-${machines}`;

interface Sized {
  readonly machines: number;
  readonly cacheDir: string;
}

/** Starts it; the time from the start to the OFFER for the last Machine, and the memory when it has settled. */
async function start(stage: Stage, probe: Probe, { machines, cacheDir }: Sized) {
  const begun = performance.now();
  const starting = startMetalman(stage, { site: siteOf(machines), cacheDir });
  const probing = probe.offered(machines - 1, START_LIMIT);
  // Should the start fail, that is the error to tell.
  probing.catch(() => {});
  await using ours = await starting;
  const seconds = (await probing - begun) / 1000;
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  await ours.check();
  return { seconds, ...ours.residentMB() };
}

/** The milliseconds from a new Machine's watch event, as we see it ourselves, to its OFFER. */
async function newcomers(
  stage: Stage,
  cluster: Cluster,
  probe: Probe,
  { machines, cacheDir, image }: Sized & { image: string },
): Promise<number[]> {
  const site = siteOf(machines);
  await using ours = await startMetalman(stage, { site, cacheDir });
  await probe.offered(machines - 1, START_LIMIT);
  const stop = new AbortController();
  const events = await cluster.watch(site, stop.signal);
  const found: number[] = [];
  try {
    for (let i = 0; i < (stage.pace.quick ? 5 : 30); i++) {
      await Promise.all([events.next(), cluster.create(site, machines + i, image)]);
      const seen = performance.now();
      found.push(await probe.offered(machines + i, { everyMs: 1, timeoutMs: 10_000 }) - seen);
    }
  } finally {
    stop.abort();
    await events.return(undefined).catch(() => {});
  }
  await ours.check();
  return found;
}

/** Measures memory and start. */
export async function benchMemory(stage: Stage): Promise<Row[]> {
  const [cluster, images] = [await stage.cluster, await stage.images];
  const image = await images.reference("small");
  const cacheDir = stage.newFolder("cache");
  await using probe = new Probe();
  const rows: Row[] = [];
  const scale = stage.pace.quick ? 0.1 : 1;
  for (const { machines: full, atMostMB } of SIZES) {
    const machines = Math.max(10, full * scale);
    const counted = `${machines.toLocaleString("en-US")} Machines`;
    stage.progress(`memory: ${counted}`);
    await cluster.createMany(siteOf(machines), 0, machines, image);
    const runs = [];
    for (let round = 0; round <= stage.pace.rounds; round++) {
      runs.push(await start(stage, probe, { machines, cacheDir }));
    }
    // The first start pulls the image and compiles: it is not counted.
    const counting = runs.slice(1);
    const seconds = median(counting.map((run) => run.seconds));
    const isLargest = full === 10_000;
    rows.push({
      area: "memory",
      figure: `RSS with ${counted}`,
      unit: "MB",
      ours: median(counting.map(({ now }) => now)),
      ...(atMostMB === undefined ? {} : { target: { of: "ours", is: "atMost", than: atMostMB } }),
      note: `peak ${Math.round(median(counting.map(({ peak }) => peak)))}`,
    }, {
      area: "memory",
      figure: `start to answering DHCP with ${counted}`,
      unit: "s",
      ours: seconds,
      ...(isLargest ? { target: { of: "ours", is: "atMost", than: 3.5 } } : {}),
    });
    if (!isLargest) continue;
    const times = await newcomers(stage, cluster, probe, { machines, cacheDir, image });
    rows.push({
      area: "memory",
      figure: `new Machine beside ${counted}: watch event to OFFER`,
      unit: "ms",
      ours: median(times),
      target: { of: "ours", is: "atMost", than: 20 },
      note: `median of ${times.length}, slowest ${Math.max(...times).toFixed(1)}`,
    });
  }
  return rows;
}
