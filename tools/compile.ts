/**
 * `deno task compile [--target=TARGET] [--output=FILE]`: one executable by `deno compile`, by default dist/metalman for
 * this machine; of the bundle, so that it says which commit it is. Deno fetches its runtime from dl.deno.land.
 *
 * Its permissions are part of it: a command gives up whole kinds, but cannot keep a part of one (cmd/permissions/confine.ts).
 *
 * @module
 */
import { parseArgs } from "node:util";
import { FIRST_GRANTS, RUN_FLAGS } from "../cmd/permissions/run_flags.ts";
import { bundle } from "./bundle.ts";
import { buildFacts } from "./pack/build_facts.ts";

const ROOT = new URL("../", import.meta.url).pathname;

/** What `deno compile` has a runtime for and metalman is for; on Windows it is the kubectl plugin. */
export const COMPILE_TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
] as const;

/** What is compiled. */
export interface CompileOptions {
  /** Folder of the bundle. */
  readonly folder: string;
  /** Files of it that nothing imports. */
  readonly includes: readonly string[];
  /** Path of the file to write. */
  readonly output: string;
  /** One of {@link COMPILE_TARGETS}; this machine where absent. */
  readonly target?: string;
}

/** Arguments of deno. */
export function compileArguments({ folder, includes, output, target }: CompileOptions): string[] {
  return [
    ...["compile", ...RUN_FLAGS],
    // To start anew is of no use to it.
    ...FIRST_GRANTS.filter((grant) => grant !== "--allow-ffi"),
    ...includes.flatMap((path) => ["--include", path]),
    ...(target === undefined ? [] : ["--target", target]),
    ...["--output", output, `${folder}/main.js`],
  ];
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: { target: { type: "string" }, output: { type: "string" } },
  });
  const { target } = values;
  if (target !== undefined && !(COMPILE_TARGETS as readonly string[]).includes(target)) {
    console.error(`compile: there is no target "${target}"; targets: ${COMPILE_TARGETS.join(", ")}`);
    return 2;
  }
  const output = values.output ?? `${ROOT}dist/metalman${target === undefined ? "" : `-${target}`}`;
  const folder = `${ROOT}dist/bundle`;
  const includes = await bundle(folder, await buildFacts(ROOT));
  const args = compileArguments({ folder, includes, output, ...(target === undefined ? {} : { target }) });
  // Deno does not replace what it has not made, such as a packed file.
  await Deno.remove(output).catch(() => {});
  const { code } = await new Deno.Command(Deno.execPath(), { args }).spawn().status;
  return code;
}

if (import.meta.main) Deno.exit(await main());
