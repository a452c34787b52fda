/** What one would do by hand: skopeo copies the image to disk, umoci unpacks it. */
import { run } from "../../tests/peers/peer.ts";
import type { Stage } from "../stage.ts";

/** The programs. */
export const UNPACKERS = ["skopeo", "umoci"] as const;

/** Copies and unpacks an image into a new folder, which is then removed; the seconds it took. */
export async function copyAndUnpack(stage: Stage, reference: string): Promise<number> {
  const folder = stage.newFolder("unpack");
  await run("sync", ["-f", folder]);
  const start = performance.now();
  await run("skopeo", [
    "--insecure-policy",
    "copy",
    "-q",
    "--src-tls-verify=false",
    `docker://${reference}`,
    `oci:${folder}/layout:image`,
  ]);
  await run("umoci", ["unpack", "--image", `${folder}/layout:image`, `${folder}/bundle`]);
  const seconds = (performance.now() - start) / 1000;
  await Deno.remove(folder, { recursive: true });
  return seconds;
}
