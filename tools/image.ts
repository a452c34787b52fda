/** `deno task image`: the container image, made from the Dockerfile without a container engine. */
import { parseArgs } from "node:util";
import { readDockerfile } from "./image/dockerfile.ts";
import { writeLayout } from "./image/layout.ts";
import { run } from "./image/program.ts";
import { buildStages } from "./image/stages.ts";
import { downloadDeno } from "./pack/runtime.ts";
import { buildFacts } from "./pack/build_facts.ts";
import manifest from "../deno.json" with { type: "json" };

const USAGE = `Usage: deno task image [--output FOLDER] [--arch amd64|arm64] [--deno FILE] [--push REFERENCE]

FILE is Deno for that architecture; without it that of this machine or, for the other one, what npm has is taken.
Makes the image of the Dockerfile as an OCI layout (FOLDER:TAG, TAG being the version) and pushes it where asked.
Needs root, Debian 12 and the packages umoci, skopeo and libcap2-bin. The time of all files is SOURCE_DATE_EPOCH, else
that of the commit. SOURCE is the repository's URL, for the image's labels; METALMAN_IMAGE what its \`site deploy-pxe\`
deploys, if not what is pushed.
`;
const ROOT = new URL("../", import.meta.url).pathname;
/** What Deno calls an architecture, and images. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };
const ELF_MACHINES: Readonly<Record<string, number>> = { amd64: 62, arm64: 183 };
const OWN_ARCHITECTURE = ARCHITECTURES[Deno.build.arch]!;

/** A registry on this machine needs no TLS, as in metalman itself. */
function isLocal(reference: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?\//.test(reference);
}

/** @throws where the folder holds something that is not an image: it is replaced */
async function checkOutput(folder: string): Promise<void> {
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name).catch((error): string[] => {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  });
  if (names.length > 0 && !names.includes("oci-layout")) {
    throw new Error(`${folder} holds something else than an image: give another --output`);
  }
}

/** What is asked for. */
interface BuildWishes {
  readonly architecture: string;
  readonly deno: string;
  readonly push: string | undefined;
}

/** Where packages are kept between runs, and Deno for the other architecture. */
const CACHE = `${Deno.env.get("HOME") ?? "/root"}/.cache/metalman-image`;

/** Deno for the image. */
async function denoFor(architecture: string): Promise<string> {
  if (architecture === OWN_ARCHITECTURE) return Deno.execPath();
  return await downloadDeno(`linux-${architecture === "arm64" ? "arm64" : "x64"}-glibc`, CACHE);
}

/** @throws where the file is no program of the architecture: e_machine of its ELF header (gABI, chapter 4) says which */
async function checkDeno(path: string, architecture: string): Promise<void> {
  using file = await Deno.open(path);
  const header = new Uint8Array(20);
  await file.read(header);
  const machine = header.subarray(0, 4).toHex() === "7f454c46" ? header[18]! + 256 * header[19]! : undefined;
  if (machine !== ELF_MACHINES[architecture]) throw new Error(`${path} is no program for linux/${architecture}`);
}

/** Builds the image for an architecture into an OCI layout. */
async function build(layout: string, tag: string, { architecture, deno, push }: BuildWishes): Promise<void> {
  const { commit, built, image = push } = await buildFacts(ROOT);
  const epoch = Date.parse(built) / 1000;
  const folder = await Deno.makeTempDir({ prefix: "metalman-image-" });
  try {
    const result = await buildStages(readDockerfile(await Deno.readTextFile(`${ROOT}Dockerfile`)), {
      context: ROOT,
      folder,
      cache: CACHE,
      architecture,
      deno,
      given: {
        VERSION: tag,
        REVISION: commit,
        SOURCE: Deno.env.get("SOURCE") ?? "unknown",
        SOURCE_DATE_EPOCH: String(epoch),
        ...(image === undefined ? {} : { METALMAN_IMAGE: image }),
      },
      log: (line) => console.log(line),
    });
    await Deno.mkdir(layout, { recursive: true });
    await Deno.remove(layout, { recursive: true });
    await writeLayout(result, { layout, tag, folder, architecture, epoch });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      output: { type: "string", default: `${ROOT}dist/image` },
      deno: { type: "string" },
      arch: { type: "string", default: OWN_ARCHITECTURE },
      push: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  const { output, arch, push, help } = values;
  if (help) return console.log(USAGE);
  if (!Object.values(ARCHITECTURES).includes(arch)) throw new Error(`--arch=${arch}: want amd64 or arm64`);
  if (Deno.uid() !== 0) throw new Error("owners and capabilities of files are set: run this as root");
  await checkOutput(output);
  // Modes of the image's files must not be those that whoever builds it is used to.
  Deno.umask(0o022);
  const tag = `v${manifest.version}`;
  const deno = values.deno ?? await denoFor(arch);
  await checkDeno(deno, arch);
  await build(output, tag, { architecture: arch, deno, push });
  console.log(`wrote ${output}:${tag}`);
  if (push === undefined) return;
  const security = isLocal(push) ? ["--dest-tls-verify=false"] : [];
  const places = [`oci:${output}:${tag}`, `docker://${push}`];
  await run("skopeo", ["--insecure-policy", "copy", "-q", "--preserve-digests", ...security, ...places]);
  console.log(`pushed ${push}`);
}

try {
  await main();
} catch (error) {
  console.error(`Error: ${error instanceof Error ? error.message : error}`);
  Deno.exit(1);
}
