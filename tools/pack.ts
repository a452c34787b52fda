/**
 * `deno task pack [--target=TARGET] [--deno=FILE] [--output=FILE]`: one executable file from Deno and the bundle, by
 * default dist/metalman for this machine. It needs sh, and tail, gzip and tar for its first start.
 *
 * For another target Deno is what npm carries for it (@deno/TARGET, of the version that runs this), or a file.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { FIRST_GRANTS, RUN_FLAGS } from "../cmd/permissions/run_flags.ts";
import { bundle, filesBelow } from "./bundle.ts";
import { type PackedFile, packFile } from "./pack/archive.ts";
import { buildFacts } from "./pack/build_facts.ts";
import { downloadDeno, TARGETS, thisTarget } from "./pack/runtime.ts";

const ROOT = new URL("../", import.meta.url).pathname;

/** What is packed. */
export interface PackOptions {
  /** Path of the file to write. */
  readonly output: string;
  /** Path of the Deno that is in it. */
  readonly deno: string;
}

/** Writes the packed file. */
export async function pack({ output, deno }: PackOptions): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "metalman-pack-" });
  try {
    const facts = await buildFacts(ROOT);
    await bundle(`${folder}/bundle`, facts);
    const files: PackedFile[] = [{ name: "deno", content: await Deno.readFile(deno) }];
    for await (const name of filesBelow(`${folder}/bundle`)) {
      if (name !== "flags") files.push({ name, content: await Deno.readFile(`${folder}/bundle/${name}`) });
    }
    const bytes = packFile(files, {
      title: `metalman (commit: ${facts.commit}, built: ${facts.built})`,
      flags: [...RUN_FLAGS, ...FIRST_GRANTS],
    });
    const staging = `${output}.new`;
    await Deno.writeFile(staging, bytes, { mode: 0o755 });
    await Deno.rename(staging, output);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: { target: { type: "string" }, deno: { type: "string" }, output: { type: "string" } },
  });
  const { target = thisTarget() } = values;
  const output = values.output ?? `${ROOT}dist/metalman${values.target === undefined ? "" : `-${target}`}`;
  await Deno.mkdir(`${ROOT}dist`, { recursive: true });
  const deno = values.deno ??
    (target === thisTarget() ? Deno.execPath() : await downloadDeno(target, `${ROOT}dist/deno`));
  await pack({ output, deno });
  console.log(`${output}: ${((await Deno.stat(output)).size / 1e6).toFixed(1)} MB for ${target}`);
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(`pack: ${error instanceof Error ? error.message : error}\nTargets: ${TARGETS.join(", ")}`);
    Deno.exit(1);
  }
}
