/**
 * `deno task bundle [FOLDER]`: the program as plain JavaScript, by default in dist/bundle. What is in the folder is all
 * that it needs besides Deno: no packages, no deno.json, no network. Started like this:
 *
 *     deno run FLAGS dist/bundle/main.js serve-pxe ...
 *
 * FLAGS are in dist/bundle/flags, one a line, for what is not written in TypeScript. The folder may lie anywhere and be
 * read-only; it is replaced as a whole. The same commit makes the same bytes.
 *
 * @module
 */
import { resolve } from "node:path";
import { FIRST_GRANTS, RUN_FLAGS } from "../cmd/permissions/run_flags.ts";
import {
  type BuildFacts,
  moduleUrls,
  roomForFacts,
  withFacts,
  withModuleUrls,
  withoutPaths,
  withPlainNames,
} from "./pack/bundle_text.ts";
import { buildFacts } from "./pack/build_facts.ts";

const ROOT = new URL("../", import.meta.url).pathname;
const MAIN = `${ROOT}main.ts`;

async function deno(...args: string[]): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), { args, cwd: ROOT, env: { NO_COLOR: "1" } });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(`deno ${args[0]} failed:\n${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** The project's own modules that these lead to. */
async function modulesOf(entry: string): Promise<string[]> {
  const graph = JSON.parse(await deno("info", "--json", entry)) as { modules: { local?: string }[] };
  return graph.modules.flatMap(({ local }) => local?.startsWith(ROOT) && local.endsWith(".ts") ? [local] : []);
}

/** Modules that are loaded by themselves, path by the name that they are loaded by: found from main.ts on. */
async function findEntries(): Promise<Map<string, string>> {
  const entries = new Map<string, string>();
  const seen = new Set<string>();
  for (const waiting = [MAIN]; waiting.length > 0;) {
    for (const module of await modulesOf(waiting.pop()!)) {
      if (seen.has(module)) continue;
      seen.add(module);
      for (const named of moduleUrls(await Deno.readTextFile(module))) {
        if (!named.endsWith(".ts")) continue;
        const path = new URL(named, `file://${module}`).pathname;
        const other = entries.get(named);
        if (other === path) continue;
        if (other !== undefined) throw new Error(`${other} and ${path} are both loaded as "${named}": rename one`);
        entries.set(named, path);
        waiting.push(path);
      }
    }
  }
  return entries;
}

/** Paths of all files below a folder, as seen from it. */
export async function* filesBelow(folder: string, below = ""): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(`${folder}/${below}`)) {
    if (isDirectory) yield* filesBelow(folder, `${below}${name}/`);
    else yield `${below}${name}`;
  }
}

/** Where a module of ours is in the bundle that `folder` leads to. */
function bundled(path: string, folder: string): string {
  return path.replace(ROOT, folder).replace(/\.ts$/, ".js");
}

/** Writes what `deno bundle` wrote as what runs anywhere. */
async function finish(
  raw: string,
  folder: string,
  { entries, facts }: { readonly entries: ReadonlyMap<string, string>; readonly facts: BuildFacts },
): Promise<void> {
  let rooms = 0;
  const files = new Map<string, string>();
  for await (const name of filesBelow(raw)) {
    const up = "../".repeat(name.split("/").length - 1) || "./";
    const urlOf = (named: string) => {
      const path = entries.get(named);
      return path === undefined ? undefined : bundled(path, up);
    };
    const text = await Deno.readTextFile(`${raw}/${name}`);
    rooms += roomForFacts(text);
    files.set(name, withFacts(withoutPaths(withModuleUrls(text, urlOf)), facts));
  }
  if (rooms !== 1) throw new Error(`cmd/version.ts leaves room for the build's facts in ${rooms} places, not in one`);
  for (const [name, text] of withPlainNames(files)) {
    await Deno.mkdir(`${folder}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(`${folder}/${name}`, text);
  }
  await Deno.writeTextFile(`${folder}/flags`, [...RUN_FLAGS, ...FIRST_GRANTS].map((flag) => `${flag}\n`).join(""));
}

/**
 * Makes the bundle in a folder, in the place of what is there.
 * @returns the files that nothing imports: they are loaded by their address
 */
export async function bundle(folder: string, facts: BuildFacts): Promise<string[]> {
  const entries = await findEntries();
  const parent = folder.replace(/\/[^/]*$/, "");
  await Deno.mkdir(parent, { recursive: true });
  const staging = await Deno.makeTempDir({ dir: parent, prefix: ".bundle-" });
  const raw = await Deno.makeTempDir({ prefix: "metalman-bundle-" });
  try {
    await deno("bundle", "--quiet", "--code-splitting", "--outdir", raw, MAIN, ...entries.values());
    await finish(raw, staging, { entries, facts });
  } finally {
    await Deno.remove(raw, { recursive: true });
  }
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.chmod(staging, 0o755);
  await Deno.rename(staging, folder);
  return [...entries.values()].map((path) => bundled(path, `${folder}/`));
}

if (import.meta.main) {
  const folder = resolve(Deno.args[0] ?? `${ROOT}dist/bundle`);
  await bundle(folder, await buildFacts(ROOT));
  console.log(folder);
}
