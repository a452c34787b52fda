/** Images: from a created Machine to its first byte, against skopeo and umoci. */
import { run } from "../tests/peers/peer.ts";
import type { ImageKind } from "./images.ts";
import { startMetalman, untilServed } from "./metalman.ts";
import { copyAndUnpack, UNPACKERS } from "./peers/umoci.ts";
import { median, type Row } from "./report.ts";
import type { Stage } from "./stage.ts";

const KINDS: readonly { kind: ImageKind; figure: string; than: number }[] = [
  { kind: "large", figure: "600 MB in one file", than: 0.35 },
  { kind: "files", figure: "5,000 small files", than: 0.5 },
];

interface Pull {
  readonly seconds: number;
  readonly cpu: number;
  readonly peakMB: number;
}

/** A fresh metalman with an empty cache and no Machine, and a disk with nothing left to write; then a Machine is created. */
async function pull(stage: Stage, kind: ImageKind): Promise<Pull> {
  const [cluster, images] = [await stage.cluster, await stage.images];
  const site = `image-${kind}`;
  const reference = await images.reference(kind);
  const cacheDir = stage.newFolder("cache");
  try {
    await using ours = await startMetalman(stage, { site, cacheDir });
    await run("sync", ["-f", stage.folder]);
    const before = ours.cpuSeconds();
    const start = performance.now();
    await cluster.create(site, 0, reference);
    await untilServed(0, 5);
    const seconds = (performance.now() - start) / 1000;
    await ours.check();
    return { seconds, cpu: ours.cpuSeconds() - before, peakMB: ours.residentMB().peak };
  } finally {
    await cluster.clear(site);
    await Deno.remove(cacheDir, { recursive: true });
  }
}

/** Measures how fast images are there. */
export async function benchImage(stage: Stage): Promise<Row[]> {
  const images = await stage.images;
  const hasPeer = UNPACKERS.every((program) => stage.has(program));
  const rows: Row[] = [];
  for (const { kind, figure, than } of KINDS) {
    stage.progress(`image: ${figure}`);
    const reference = await images.reference(kind);
    const ours: Pull[] = [];
    const peer: number[] = [];
    for (let round = 0; round < stage.pace.rounds; round++) {
      ours.push(await pull(stage, kind));
      if (hasPeer) peer.push(await copyAndUnpack(stage, reference));
    }
    const row = { area: "image" as const, figure: `created Machine to first byte, ${figure}` };
    rows.push({
      ...row,
      unit: "s",
      ours: median(ours.map(({ seconds }) => seconds)),
      peer: { name: UNPACKERS.join("+"), ...(peer.length === 0 ? {} : { value: median(peer) }) },
      target: { of: "ratio", is: "atMost", than },
    });
    rows.push({ ...row, unit: "CPU s", ours: median(ours.map(({ cpu }) => cpu)) });
    rows.push({ ...row, unit: "peak RSS MB", ours: median(ours.map(({ peakMB }) => peakMB)) });
  }
  return rows;
}
