/** Writes an image as an OCI layout. */
import { umociFlags } from "./config.ts";
import { run } from "./program.ts";
import type { BuiltImage } from "./stages.ts";

/** How an image is written. */
export interface LayoutOptions {
  /** A folder that is not there yet. */
  readonly layout: string;
  /** Its name in the layout. */
  readonly tag: string;
  /** An empty folder for the archives. */
  readonly folder: string;
  /** `amd64` or `arm64`. */
  readonly architecture: string;
  /** Seconds since 1970: the time of every file and of the image. */
  readonly epoch: number;
}

/** An archive that depends on the files alone: sorted, one time, numbers for owners, and of attributes the capabilities. */
async function archive(folder: string, file: string, epoch: number): Promise<void> {
  await run("tar", [
    ...["--create", "--file", file, "--directory", folder, "--sort=name", `--mtime=@${epoch}`, "--numeric-owner"],
    ...["--format=posix", "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime"],
    ...["--xattrs", "--xattrs-include=security.capability", "."],
  ]);
}

/** Writes the base and what was added as a layer each. The same files and time give the same digests. */
export async function writeLayout(image: BuiltImage, options: LayoutOptions): Promise<void> {
  const { layout, tag, folder, epoch, architecture } = options;
  const created = new Date(epoch * 1000).toISOString().replace(".000Z", "Z");
  const at = ["--image", `${layout}:${tag}`];
  const history = (what: string) => [`--history.created=${created}`, `--history.created_by=${what}`];
  await run("umoci", ["init", "--layout", layout]);
  await run("umoci", ["new", ...at]);
  for (const [name, files] of [["base", image.base], ["metalman", image.added]] as const) {
    const file = `${folder}/${name}.tar`;
    await archive(files, file, epoch);
    await run("umoci", ["raw", "add-layer", ...at, ...history(`deno task image: ${name}`), file]);
    await Deno.remove(file);
  }
  const platform = [`--architecture=${architecture}`, "--os=linux", `--created=${created}`];
  await run("umoci", ["config", ...at, ...platform, ...umociFlags(image.config), ...history("Dockerfile")]);
  await run("umoci", ["gc", "--layout", layout]);
}
