/** The bundle (tools/bundle.ts): all that is loaded is in it, and the same source makes the same bytes. */
import { deepEqual, equal, match } from "node:assert/strict";
import { bundle, filesBelow } from "../../tools/bundle.ts";
import { COMPILE_TARGETS, compileArguments } from "../../tools/compile.ts";
import { run } from "../peers/peer.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
/** All that a bundle is made from. */
const SOURCES = [
  ...["main.ts", "deno.json", "deno.lock", "base", "machine", "pxe", "redfish", "registry", "attest", "k8s"],
  ...["controllers", "dev", "cmd", "deploy", "images", "tools"],
];

async function temporary(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "bundle-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const names = async (folder: string) => (await Array.fromAsync(filesBelow(folder))).sort();

/** Files of a bundle that these lead to by imports. */
async function reached(entries: readonly string[], folder: string): Promise<string[]> {
  const found = new Set<string>();
  for (const entry of entries) {
    const graph = JSON.parse(
      await run(Deno.execPath(), ["info", "--json", "--no-config", entry], { env: { NO_COLOR: "1" } }),
    );
    for (const { local } of graph.modules as { local?: string }[]) if (local) found.add(local.slice(folder.length + 1));
  }
  return [...found].sort();
}

Deno.test("what is included in a compiled executable leads to every file of the bundle, and nothing lies outside", () =>
  temporary(async (temp) => {
    const folder = `${await Deno.realPath(temp)}/bundle`;
    const includes = await bundle(folder, { commit: "abc", built: "2026-01-01T00:00:00Z" });
    const files = (await names(folder)).filter((name) => name !== "flags");
    deepEqual(await reached([`${folder}/main.js`, ...includes], folder), files);
    equal(includes.every((path) => path.startsWith(folder)), true);
    for (const target of COMPILE_TARGETS) {
      const args = compileArguments({ folder, includes, output: "out", target });
      deepEqual(args.filter((_, i) => args[i - 1] === "--include"), includes);
    }
    const flags = (await Deno.readTextFile(`${folder}/flags`)).trim().split("\n");
    // An empty cache and no network: what is not in the bundle is not found.
    const env = { DENO_DIR: `${temp}/none` };
    const version = await run(Deno.execPath(), ["run", ...flags, `${folder}/main.js`, "version"], { env, cwd: "/" });
    match(version, /^v\d+\.\d+\.\d+ \(commit: abc, built: 2026-01-01T00:00:00Z\)\n$/);
  }));

Deno.test("two checkouts in different places make the same bundle, to the byte", () =>
  temporary(async (temp) => {
    const bundles: string[] = [];
    for (const place of [`${temp}/a`, `${temp}/deep/er/b`]) {
      await Deno.mkdir(place, { recursive: true });
      await run("cp", ["-r", ...SOURCES.map((name) => ROOT + name), place]);
      const env = { SOURCE_DATE_EPOCH: "1700000000", GIT_CEILING_DIRECTORIES: temp };
      await run(Deno.execPath(), ["run", "-A", `${place}/tools/bundle.ts`, `${place}/out`], { cwd: place, env });
      bundles.push(`${place}/out`);
    }
    const [first, second] = bundles as [string, string];
    deepEqual(await names(first), await names(second));
    for (const name of await names(first)) {
      equal(await Deno.readTextFile(`${first}/${name}`), await Deno.readTextFile(`${second}/${name}`), name);
    }
    match(
      await run(Deno.execPath(), ["run", "-A", `${first}/main.js`, "version"]),
      /\(commit: unknown, built: 2023-11-14T22:13:20Z\)/,
    );
  }));
