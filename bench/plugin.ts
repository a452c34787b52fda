/** How long the plugin takes to say something. */
import { MAIN } from "./metalman.ts";
import { median, type Row } from "./report.ts";
import type { Stage } from "./stage.ts";

/** What a start is compared with. */
export const EMPTY = "deno run of an empty program";

/** What is measured. */
export interface Start {
  readonly args: readonly string[];
  /** @default this Deno */
  readonly program?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The exit code that it should have. @default 0 */
  readonly code?: number;
}

/** Milliseconds from the start to the end of a program. */
export async function took({ args, program = Deno.execPath(), env = {}, code = 0 }: Start): Promise<number> {
  const startMs = performance.now();
  const end = await new Deno.Command(program, { args: [...args], env }).output();
  if (end.code !== code) throw new Error(`${program} ${args.join(" ")}: ${new TextDecoder().decode(end.stderr)}`);
  return performance.now() - startMs;
}

/** Medians of two starts, measured in turn; the first of each fills caches. */
export async function inTurn(ours: Start, peer: Start, rounds: number): Promise<readonly [number, number]> {
  const times: readonly [number[], number[]] = [[], []];
  for (let round = 0; round <= rounds; round++) {
    const pair = [await took(ours), await took(peer)] as const;
    if (round > 0) times.forEach((list, i) => list.push(pair[i]!));
  }
  return [median(times[0]), median(times[1])];
}

/** Measures its start beside that of a program that does nothing, in turn. */
export async function benchPlugin(stage: Stage): Promise<Row[]> {
  const empty = `${stage.newFolder("plugin")}/empty.ts`;
  await Deno.writeTextFile(empty, "");
  const rounds = stage.pace.quick ? 5 : 40;
  const rows: Row[] = [];
  for (const word of ["version", "--help"]) {
    const [ours, nothing] = await inTurn({ args: ["run", "-A", MAIN, word] }, { args: ["run", empty] }, rounds);
    rows.push({
      ...{ area: "plugin", figure: `start to end of ${word}`, unit: "ms", ours },
      peer: { name: EMPTY, value: nothing },
      target: { of: "ratio", is: "atMost", than: 1.5 },
    });
  }
  return rows;
}
