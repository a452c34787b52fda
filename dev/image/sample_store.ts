/** The sample image's files: text from images/sample, and what stands in for programs. */
import type { ImageFiles } from "./build.ts";
import { standIns } from "./sample_image.ts";

const FOLDER = new URL("../../images/sample/disk/", import.meta.url);
const TEXTS = ["metadata.yaml", "grub/grub.cfg.tmpl", "cloud-init/meta-data.tmpl", "cloud-init/vendor-data.tmpl"];

/** Texts of the sample image: what machines are told, whatever programs they run. Path below /disk to content. */
export async function sampleTexts(): Promise<ImageFiles> {
  const read = async (path: string) => [path, await Deno.readFile(new URL(path, FOLDER))] as const;
  return new Map(await Promise.all(TEXTS.map(read)));
}

/** All files of the sample image for emulated machines. */
export async function sampleImage(): Promise<ImageFiles> {
  return new Map([...await sampleTexts(), ...standIns()]);
}
