/** `deno task image`: the container image, made from the Dockerfile without a container engine. */
import { parseArgs } from "node:util";
import { readDockerfile } from "./image/dockerfile.ts";
import { writeLayout } from "./image/layout.ts";
import { run } from "./image/program.ts";
import { buildStages } from "./image/stages.ts";
import { buildFacts } from "./pack/build_facts.ts";
import manifest from "../deno.json" with { type: "json" };

const USAGE = `Usage: deno task image [--output FOLDER] [--arch amd64|arm64] [--push REFERENCE]

Makes the image of the Dockerfile as an OCI layout (FOLDER:TAG, TAG being the version) and pushes it where asked.
Needs root, Debian 12 and the packages umoci, skopeo and libcap2-bin. The time of all files is SOURCE_DATE_EPOCH, else
that of the commit. SOURCE is the repository's URL, for the image's labels.
`;
const ROOT = new URL("../", import.meta.url).pathname;
/** What Deno calls an architecture, and images. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };

/** A registry on this machine needs no TLS, as in metalman itself. */
function isLocal(reference: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?\//.test(reference);
}

async function main(): Promise<void> {
  const ownArchitecture = ARCHITECTURES[Deno.build.arch]!;
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      output: { type: "string", default: "dist/image" },
      arch: { type: "string", default: ownArchitecture },
      push: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return console.log(USAGE);
  if (Deno.uid() !== 0) throw new Error("owners and capabilities of files are set: run this as root");
  const { commit, built } = await buildFacts(ROOT);
  const epoch = Date.parse(built) / 1000;
  const source = Deno.env.get("SOURCE") ?? "unknown";
  const tag = `v${manifest.version}`;
  const given = { REVISION: commit, VERSION: tag, SOURCE: source, SOURCE_DATE_EPOCH: String(epoch) };
  const folder = await Deno.makeTempDir({ prefix: "metalman-image-" });
  try {
    const image = await buildStages(readDockerfile(await Deno.readTextFile(`${ROOT}Dockerfile`)), {
      context: ROOT,
      folder,
      cache: `${Deno.env.get("HOME") ?? "/root"}/.cache/metalman-image`,
      architecture: values.arch,
      ownArchitecture,
      given,
      log: (line) => console.log(line),
    });
    await Deno.mkdir(`${values.output}/..`, { recursive: true });
    await Deno.remove(values.output, { recursive: true }).catch(() => {});
    await writeLayout(image, { layout: values.output, tag, folder, architecture: values.arch, epoch });
    console.log(`wrote ${values.output}:${tag}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  if (values.push === undefined) return;
  const security = isLocal(values.push) ? ["--dest-tls-verify=false"] : [];
  const places = [`oci:${values.output}:${tag}`, `docker://${values.push}`];
  await run("skopeo", ["--insecure-policy", "copy", "-q", "--preserve-digests", ...security, ...places]);
  console.log(`pushed ${values.push}`);
}

try {
  await main();
} catch (error) {
  console.error(`Error: ${error instanceof Error ? error.message : error}`);
  Deno.exit(1);
}
