/** The sample image's files: text from images/sample, and what stands in for programs. */
import metaData from "../../images/sample/disk/cloud-init/meta-data.tmpl" with { type: "text" };
import vendorData from "../../images/sample/disk/cloud-init/vendor-data.tmpl" with { type: "text" };
import grubConfig from "../../images/sample/disk/grub/grub.cfg.tmpl" with { type: "text" };
import metadata from "../../images/sample/disk/metadata.yaml" with { type: "text" };
import type { ImageFiles } from "./build.ts";
import { standIns } from "./sample_image.ts";

const TEXTS: Readonly<Record<string, string>> = {
  "metadata.yaml": metadata,
  "grub/grub.cfg.tmpl": grubConfig,
  "cloud-init/meta-data.tmpl": metaData,
  "cloud-init/vendor-data.tmpl": vendorData,
};

/** Texts of the sample image: what machines are told, whatever programs they run. Path below /disk to content. */
export function sampleTexts(): ImageFiles {
  const encoder = new TextEncoder();
  return new Map(Object.entries(TEXTS).map(([path, text]) => [path, encoder.encode(text)]));
}

/** All files of the sample image for emulated machines. */
export function sampleImage(): ImageFiles {
  return new Map([...sampleTexts(), ...standIns()]);
}
