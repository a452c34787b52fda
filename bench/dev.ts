/** `metalman dev`: how soon its machines are installed, and in how much memory. */
import { benchDevApi } from "./dev_api.ts";
import { MAIN, startOf } from "./metalman.ts";
import { median, type Row } from "./report.ts";
import type { Stage } from "./stage.ts";

const MANY = 200;
const LOOK_MS = 50;

/** One run of `metalman dev --once`. */
interface Installed {
  /** From its start to its end. */
  readonly seconds: number;
  /** The most that it held, as far as it was seen: it is looked at again and again. */
  readonly peakMB: number;
}

/** Resident memory at its highest in MB (10^6 bytes); 0 when the process is gone. */
function peakOf(pid: number): number {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024 / 1e6;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

/** Runs it as `deno task dev` does, until all machines have installed. */
async function installAll(machines: number): Promise<Installed> {
  const { env, flags } = startOf("dev");
  const begun = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    env,
    args: [...flags, MAIN, "dev", `--machines=${machines}`, "--once"],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let ended = false;
  const output = child.output().finally(() => ended = true);
  let peakMB = 0;
  while (!ended) {
    peakMB = Math.max(peakMB, peakOf(child.pid));
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  const { success, stdout, stderr } = await output;
  const seconds = (performance.now() - begun) / 1000;
  if (success) return { seconds, peakMB };
  const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).slice(-1500)).join("\n");
  throw new Error(`metalman dev --machines=${machines} --once:\n${text}`);
}

/** Runs it once more than is counted: the first time it is compiled. */
async function rounds(stage: Stage, machines: number): Promise<{ first: Installed; rest: Installed[] }> {
  stage.progress(`dev: ${machines} ${machines === 1 ? "machine" : "machines"}`);
  const first = await installAll(machines);
  const rest = [];
  for (let round = 0; round < stage.pace.rounds; round++) rest.push(await installAll(machines));
  return { first, rest };
}

function range(values: readonly number[], digits: number): string {
  return `${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)}`;
}

/** Measures the time to one machine and to many, the memory, and the API server. */
export async function benchDev(stage: Stage): Promise<Row[]> {
  const one = await rounds(stage, 1);
  const count = stage.pace.quick ? 20 : MANY;
  const many = await rounds(stage, count);
  const secondsOf = (runs: readonly Installed[]) => runs.map(({ seconds }) => seconds);
  const peaks = many.rest.map(({ peakMB }) => peakMB);
  return [
    {
      area: "dev",
      figure: "first machine installed, start and end of the program included",
      unit: "s",
      ours: median(secondsOf(one.rest)),
      target: { of: "ours", is: "atMost", than: 10 },
      note: `${range(secondsOf(one.rest), 1)}; the very first time ${one.first.seconds.toFixed(1)}`,
    },
    {
      area: "dev",
      figure: `${count} machines installed by PXE`,
      unit: "s",
      ours: median(secondsOf(many.rest)),
      target: { of: "ours", is: "atMost", than: 30 },
      note: range(secondsOf(many.rest), 1),
    },
    {
      area: "dev",
      figure: `peak RSS with ${count} machines`,
      unit: "MB",
      ours: Math.max(...peaks),
      target: { of: "ours", is: "atMost", than: 300 },
      note: `the highest; ${range(peaks, 0)}`,
    },
    ...await benchDevApi(stage),
  ];
}
