/** How long the plugin takes to say something. */
import { MAIN } from "./metalman.ts";
import { median, type Row } from "./report.ts";
import type { Stage } from "./stage.ts";

const EMPTY = "deno run of an empty program";

/** Milliseconds from the start to the end of a program. */
async function took(args: readonly string[]): Promise<number> {
  const startMs = performance.now();
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args: [...args] }).output();
  if (!success) throw new Error(`${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return performance.now() - startMs;
}

/** Measures its start beside that of a program that does nothing, in turn. */
export async function benchPlugin(stage: Stage): Promise<Row[]> {
  const empty = `${stage.newFolder("plugin")}/empty.ts`;
  await Deno.writeTextFile(empty, "");
  const rounds = stage.pace.quick ? 5 : 40;
  const rows: Row[] = [];
  for (const word of ["version", "--help"]) {
    const [ours, nothing]: [number[], number[]] = [[], []];
    // The first of each fills caches.
    for (let round = 0; round <= rounds; round++) {
      const pair = [await took(["run", "-A", MAIN, word]), await took(["run", empty])] as const;
      if (round > 0) [ours, nothing].forEach((times, i) => times.push(pair[i]!));
    }
    rows.push({
      ...{ area: "plugin", figure: `start to end of ${word}`, unit: "ms", ours: median(ours) },
      peer: { name: EMPTY, value: median(nothing) },
      target: { of: "ratio", is: "atMost", than: 1.5 },
    });
  }
  return rows;
}
