/** Carries out a Dockerfile's stages on this machine, which stands for the image that they are built in. */
import { posix } from "node:path";
import { DISTROLESS, DISTROLESS_CONFIG, makeBase } from "./base.ts";
import { type Arguments, type ImageConfig, imageConfig, type Scope, scopeAfter } from "./config.ts";
import { contextNames } from "./context.ts";
import { DockerfileError, type Stage, type Step } from "./dockerfile.ts";
import { BuildError, run } from "./program.ts";

/** Where and for what an image is built. */
export interface BuildOptions {
  /** The checkout. */
  readonly context: string;
  /** An empty folder for everything that is only needed meanwhile. */
  readonly folder: string;
  /** Kept between runs. */
  readonly cache: string;
  /** `amd64` or `arm64`, of the image. */
  readonly architecture: string;
  /** Deno of that architecture. */
  readonly deno: string;
  /** Values for ARG. */
  readonly given: Arguments;
  /** Told what is done, a line each. */
  readonly log: (line: string) => void;
}

/** The image as two layers and its configuration. */
export interface BuiltImage {
  /** Folder of the base's files. */
  readonly base: string;
  /** Folder of what the last stage put upon it. */
  readonly added: string;
  /** Its configuration. */
  readonly config: ImageConfig;
}

const DENO_BASE = `denoland/deno:${Deno.version.deno}`;

/** This machine as an image: what Deno has fetched before is not fetched again. */
function machineConfig(): ImageConfig {
  const cache = Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME") ?? "/root"}/.cache/deno`;
  const { PATH = "" } = DISTROLESS_CONFIG.env;
  return { ...DISTROLESS_CONFIG, user: "0", workdir: "/", env: { PATH, DENO_DIR: cache } };
}

/** Folders of a stage: what it begins with, and what it changed. */
interface Folders {
  readonly lower: string;
  readonly upper: string;
  readonly work: string;
  readonly root: string;
}

/** Shows a stage's files as one tree at $4, in a mount namespace that ends with the shell. */
const MOUNT = 'set -eu; mount -t overlay overlay -o "lowerdir=$1,upperdir=$2,workdir=$3" "$4"; ';

async function inStage({ lower, upper, work, root }: Folders, script: string, ...args: string[]): Promise<void> {
  const own = ["--mount", "--propagation=private", "sh", "-c", MOUNT + script, "sh", lower, upper, work, root, ...args];
  await run("unshare", own);
}

/** @throws BuildError where the folder is on a file system that overlays cannot lie on */
async function checkFolder(folder: string): Promise<void> {
  const [upper, work, root] = [`${folder}/try/upper`, `${folder}/try/work`, `${folder}/try/root`];
  for (const path of [upper, work, root]) await Deno.mkdir(path, { recursive: true });
  await inStage({ lower: "/", upper, work, root }, "").catch((error) => {
    throw new BuildError(
      `cannot lay a file system over this machine's in ${folder}: run this as root, with TMPDIR on ext4, xfs or tmpfs ` +
        `(${error instanceof Error ? error.message : error})`,
    );
  });
}

/** The stages of one build; each is carried out once, in order. */
class Build {
  readonly #options: BuildOptions;
  readonly #done = new Map<string, Folders>();

  constructor(options: BuildOptions) {
    this.#options = options;
  }

  async #folders(name: string): Promise<Folders> {
    const own = `${this.#options.folder}/${name}`;
    const folders = { lower: `${own}/lower`, upper: `${own}/upper`, work: `${own}/work`, root: `${own}/root` };
    for (const folder of Object.values(folders)) await Deno.mkdir(folder, { recursive: true });
    return folders;
  }

  /** This machine with Deno where the image has it. */
  async #denoStage(name: string, { forBuilder }: Stage): Promise<Folders> {
    const folders = await this.#folders(name);
    await Deno.mkdir(`${folders.upper}/usr/bin`, { recursive: true });
    await Deno.copyFile(forBuilder ? Deno.execPath() : this.#options.deno, `${folders.upper}/usr/bin/deno`);
    return { ...folders, lower: "/" };
  }

  async #begin(name: string, stage: Stage): Promise<[Folders, ImageConfig]> {
    if (stage.base === DENO_BASE) return [await this.#denoStage(name, stage), machineConfig()];
    if (stage.base !== DISTROLESS) {
      throw new DockerfileError(stage.line, `FROM ${stage.base}: only ${DENO_BASE} and ${DISTROLESS} are known`);
    }
    const folders = await this.#folders(name);
    await makeBase(folders.lower, this.#options.cache, this.#options.architecture);
    return [folders, DISTROLESS_CONFIG];
  }

  /** Carries out a stage. */
  async stage(name: string, stage: Stage): Promise<BuiltImage> {
    this.#options.log(`FROM ${stage.base}`);
    const [folders, base] = await this.#begin(name, stage);
    let scope: Scope = { variables: base.env, workdir: base.workdir };
    for (const step of stage.steps) {
      if (step.kind === "run") await this.#run(folders, step, scope);
      if (step.kind === "copy") await this.#copy(folders, step, scope);
      scope = scopeAfter(scope, step, this.#options.given);
    }
    this.#done.set(name, folders);
    return { base: folders.lower, added: folders.upper, config: imageConfig(stage, base, this.#options.given) };
  }

  async #run(folders: Folders, { line, command }: Step & { kind: "run" }, scope: Scope): Promise<void> {
    if (folders.lower !== "/") throw new DockerfileError(line, "RUN: there is no shell in this base");
    this.#options.log(`RUN ${command}`);
    const env = Object.entries({ ...scope.variables, HOME: "/root" }).map(([name, value]) => `${name}=${value}`);
    const script = 'mount --rbind /dev "$4/dev"; mount -t proc proc "$4/proc"; mount -t tmpfs tmpfs "$4/tmp"; ' +
      'root=$4; shift 4; exec chroot "$root" env -i "$@"';
    await inStage(folders, script, ...env, "sh", "-c", `cd ${scope.workdir} && ${command}`).catch((error) => {
      throw error instanceof BuildError ? new DockerfileError(line, `RUN ${command}: ${error.message}`) : error;
    });
  }

  async #copy(folders: Folders, { line, from, source, target }: Step & { kind: "copy" }, scope: Scope): Promise<void> {
    this.#options.log(`COPY ${from === undefined ? "" : `--from=${from} `}${source} ${target}`);
    const to = folders.upper + posix.join(target.startsWith("/") ? "/" : scope.workdir, target);
    if (from === undefined) return await this.#copyContext(line, source, to);
    // Contents of a folder go into the target, a file becomes it.
    const script = 'from=$4$5; if [ -d "$from" ]; then mkdir -p "$6"; cp -a "$from/." "$6/"; ' +
      'else mkdir -p "$(dirname "$6")"; cp -a "$from" "$6"; fi';
    await inStage(this.#done.get(from)!, script, source, to);
  }

  async #copyContext(line: number, source: string, to: string): Promise<void> {
    if (source !== ".") throw new DockerfileError(line, "COPY takes the whole checkout (.), or from a stage");
    const { context } = this.#options;
    await Deno.mkdir(to, { recursive: true });
    const names = contextNames(await Deno.readTextFile(`${context}/.dockerignore`));
    await run("cp", ["-a", "--no-preserve=ownership", "--target-directory", to, "--", ...names], { cwd: context });
  }
}

/**
 * Builds the stages; the last is the image.
 * @throws DockerfileError that names the line which cannot be carried out
 */
export async function buildStages(stages: readonly Stage[], options: BuildOptions): Promise<BuiltImage> {
  await checkFolder(options.folder);
  const build = new Build(options);
  let image: BuiltImage | undefined;
  for (const [index, stage] of stages.entries()) image = await build.stage(stage.name ?? `stage-${index}`, stage);
  return image!;
}
