/**
 * `deno task release [FOLDER]`: everything that is published with a version, by default in dist/release: an archive for each
 * platform, SHA256SUMS, a bill of materials and krew's manifest. GITHUB_REPOSITORY (`owner/name`) says where it will be.
 *
 * @module
 */
import { krewManifest, krewYaml, readChecksums } from "./release/krew.ts";
import { type Lock, sbom } from "./release/sbom.ts";
import { archiveName, executableName, type Target, TARGETS } from "./release/targets.ts";
import { buildFacts } from "./pack/build_facts.ts";
import { run } from "./image/program.ts";
import manifest from "../deno.json" with { type: "json" };

const ROOT = new URL("../", import.meta.url).pathname;
const VERSION = `v${manifest.version}`;

/**
 * The repository (`owner/name`) that GitHub's runner tells of.
 * @throws where it tells of none, or of a tag that is not this version's
 */
export function releasedBy(env: (name: string) => string | undefined, version: string): string {
  const repository = env("GITHUB_REPOSITORY");
  if (repository === undefined || !/^[\w.-]+\/[\w.-]+$/.test(repository)) {
    throw new Error("set GITHUB_REPOSITORY to OWNER/NAME: krew's manifest says where the archives are");
  }
  const tag = env("GITHUB_REF_TYPE") === "tag" ? env("GITHUB_REF_NAME") : undefined;
  if (tag !== undefined && tag !== version) {
    throw new Error(`the tag is ${tag} and deno.json has ${version}: change deno.json first, then tag that commit`);
  }
  return repository;
}

/** Makes the executable of a platform. */
export type Compile = (target: Target, file: string) => Promise<void>;

async function compile({ triple }: Target, file: string): Promise<void> {
  await run(Deno.execPath(), ["task", "compile", "--target", triple, "--output", file], { cwd: ROOT });
}

/** Writes one platform's archive: the executable and the licence, with one time for both, so that the same files make the same bytes. */
async function archive(target: Target, made: { folder: string; work: string; version: string; built: string }) {
  const names = [executableName(target), "LICENSE"];
  await Deno.copyFile(`${ROOT}LICENSE`, `${made.work}/LICENSE`);
  await Deno.chmod(`${made.work}/${names[0]}`, 0o755);
  await Deno.chmod(`${made.work}/LICENSE`, 0o644);
  await run("touch", ["--date", made.built, ...names], { cwd: made.work });
  const file = `${made.folder}/${archiveName(target, made.version)}`;
  if (target.os === "windows") return await run("zip", ["-q", "-X", file, ...names], { cwd: made.work });
  const plain = ["--owner=0", "--group=0", "--numeric-owner", "--format=ustar"];
  await run("tar", ["--create", "--use-compress-program=gzip -n", "--file", file, ...plain, ...names], {
    cwd: made.work,
  });
}

/** What is imported, `name@version`: from the program's module graph, so that what tests need is not counted. */
async function importedPackages(): Promise<string[]> {
  const graph = JSON.parse(await run(Deno.execPath(), ["info", "--json", `${ROOT}main.ts`])) as {
    modules: { kind: string; npmPackage?: string }[];
  };
  return graph.modules.flatMap(({ npmPackage }) => npmPackage ?? []);
}

/** Makes a release in a folder, in the place of what is there. */
export async function release(folder: string, repository: string, compile: Compile): Promise<void> {
  const version = VERSION;
  const { built } = await buildFacts(ROOT);
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.mkdir(folder, { recursive: true });
  for (const target of TARGETS) {
    const work = await Deno.makeTempDir({ prefix: "metalman-release-" });
    try {
      await compile(target, `${work}/${executableName(target)}`);
      await archive(target, { folder: await Deno.realPath(folder), work, version, built });
    } finally {
      await Deno.remove(work, { recursive: true });
    }
  }
  const lock = JSON.parse(await Deno.readTextFile(`${ROOT}deno.lock`)) as Lock;
  const bill = sbom({ version, built, denoVersion: Deno.version.deno, imported: await importedPackages() }, lock);
  await Deno.writeTextFile(`${folder}/metalman_${version}.cdx.json`, JSON.stringify(bill, undefined, 2) + "\n");
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
  const sums = await run("sha256sum", names, { cwd: folder });
  await Deno.writeTextFile(`${folder}/SHA256SUMS`, sums);
  const homepage = `https://github.com/${repository}`;
  const downloads = `${homepage}/releases/download/${version}`;
  const krew = krewManifest({ version, homepage, downloads, checksums: readChecksums(sums) });
  await Deno.writeTextFile(`${folder}/unbounded.yaml`, krewYaml(krew));
}

if (import.meta.main) {
  try {
    const repository = releasedBy((name) => Deno.env.get(name), VERSION);
    const folder = Deno.args[0] ?? `${ROOT}dist/release`;
    await release(folder, repository, compile);
    console.log(folder);
  } catch (error) {
    console.error(`Error: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
