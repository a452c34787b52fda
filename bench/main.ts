/**
 * `deno task bench`: metalman beside programs that others wrote, in one run.
 *
 * It runs itself again in a network and process namespace of its own, where all addresses are on loopback: no load
 * can leave it, every port is free, and nothing that was started outlives it.
 */
import { missing } from "../tests/peers/peer.ts";
import { AREA_BENCHES } from "./areas.ts";
import { ControlGroups, removeGroups } from "./cgroup.ts";
import { machineFacts } from "./facts.ts";
import { type Area, type BenchOptions, BenchUsageError, parseOptions } from "./options.ts";
import { judge, type JudgedRow, table } from "./report.ts";
import { Stage } from "./stage.ts";
import { raiseLoopback } from "./wire.ts";

/** Set inside the namespace: the folder of everything temporary. */
const INSIDE = "METALMAN_BENCH_FOLDER";
const SETUP = "deno task test:setup installs it";

function progress(text: string): void {
  console.error(`bench: ${text}`);
}

/** The programs that are missing, each with what that means. */
function gaps(areas: readonly Area[]): string[] {
  return areas.flatMap((area) => {
    const { needed, peers } = AREA_BENCHES[area];
    const absent = missing({ programs: needed });
    if (absent !== undefined) return [`${area} is skipped: ${absent} not found; ${SETUP}`];
    const absentPeers = missing({ programs: peers });
    return absentPeers === undefined ? [] : [`${area} is not compared with ${absentPeers}: not found; ${SETUP}`];
  });
}

async function measure(stage: Stage, areas: readonly Area[]): Promise<{ rows: JudgedRow[]; failures: string[] }> {
  const rows: JudgedRow[] = [];
  const failures: string[] = [];
  for (const area of areas) {
    const { needed, run } = AREA_BENCHES[area];
    if (missing({ programs: needed }) !== undefined) continue;
    try {
      // Targets are for the full sizes.
      const found = (await run(stage)).map(({ target, ...row }) => stage.pace.quick ? row : { target, ...row });
      rows.push(...found.map(judge));
    } catch (error) {
      failures.push(`${area} failed: ${error instanceof Error ? error.message : error}`);
      progress(failures.at(-1)!);
    }
  }
  return { rows, failures };
}

function print(
  options: BenchOptions,
  facts: Record<string, string>,
  found: { rows: JudgedRow[]; skipped: string[]; failures: string[] },
): void {
  if (options.output === "json") {
    console.log(JSON.stringify({ quick: options.quick, facts, ...found }, null, 2));
    return;
  }
  for (const [name, value] of Object.entries(facts)) console.log(`${name}: ${value}`);
  if (options.quick) console.log("quick run: short and over small data, its numbers say little");
  console.log(`\n${table(found.rows)}`);
  for (const line of [...found.skipped, ...found.failures]) console.log(`\n${line}`);
}

/** Inside the namespace. */
async function runInside(options: BenchOptions, folder: string): Promise<number> {
  await raiseLoopback();
  const facts = await machineFacts();
  const pace = options.quick ? { quick: true, seconds: 1, rounds: 1 } : { quick: false, seconds: 5, rounds: 3 };
  await using stage = new Stage({ folder, groups: await ControlGroups.mount(folder), pace, progress });
  const found = await measure(stage, options.areas);
  print(options, facts, { ...found, skipped: gaps(options.areas) });
  return found.failures.length === 0 ? 0 : 1;
}

/** Outside: makes the namespaces and the folder, and removes the folder in the end. */
async function runOutside(options: BenchOptions): Promise<number> {
  const lacking = missing({ programs: ["unshare", "mount", "ip", "sh"], root: true });
  if (lacking !== undefined) throw new BenchUsageError(`bench: ${lacking} needed for a network namespace of its own`);
  const skipped = gaps(options.areas);
  if (Deno.env.get("REQUIRE_PEERS") === "1" && skipped.length > 0) {
    throw new BenchUsageError(`bench: REQUIRE_PEERS=1, and ${skipped.join("; ")}`);
  }
  const folder = await Deno.makeTempDir({ prefix: "metalman-bench-" });
  await Deno.chmod(folder, 0o755);
  const child = new Deno.Command("unshare", {
    args: ["--net", "--pid", "--fork", "--mount-proc", "--kill-child", Deno.execPath(), "run", "-A", ...self()],
    env: { [INSIDE]: folder, TMPDIR: folder },
  }).spawn();
  const end = () => child.kill("SIGKILL");
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, end);
  try {
    return (await child.status).code;
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.removeSignalListener(signal, end);
    await removeGroups(folder);
    await Deno.remove(folder, { recursive: true });
  }
}

function self(): string[] {
  return [import.meta.filename!, ...Deno.args];
}

async function main(): Promise<number> {
  try {
    const options = parseOptions(Deno.args);
    const folder = Deno.env.get(INSIDE);
    return folder === undefined ? await runOutside(options) : await runInside(options, folder);
  } catch (error) {
    if (!(error instanceof BenchUsageError)) throw error;
    console.error(error.message);
    return 2;
  }
}

if (import.meta.main) Deno.exit(await main());
