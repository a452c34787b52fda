/** Which commit is built, and when. */
import { ImageReferenceError } from "../../registry/errors.ts";
import { parseReference } from "../../registry/reference.ts";
import type { BuildFacts } from "./bundle_text.ts";

async function git(folder: string, ...args: string[]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command("git", {
      args: ["-C", folder, ...args],
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
}

/**
 * When it is built: SOURCE_DATE_EPOCH (reproducible-builds.org), else the time of the commit, so that one commit makes
 * the same file everywhere; now where it is more than a commit, or none.
 * @throws {TypeError} when SOURCE_DATE_EPOCH is no number of seconds
 */
export function buildTime(epoch: string | undefined, commitTime: string | undefined, nowMs: number): string {
  if (epoch !== undefined && !/^\d{1,11}$/.test(epoch)) {
    throw new TypeError(`SOURCE_DATE_EPOCH is "${epoch}": want seconds since 1970`);
  }
  const seconds = epoch ?? commitTime;
  const ms = seconds === undefined ? nowMs : Number(seconds) * 1000;
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/**
 * What METALMAN_IMAGE says: `site deploy-pxe` of the build would call a wrong one a wrong --image, which nobody gave.
 * @throws {TypeError} when it is no image
 */
export function buildImage(image: string | undefined): string | undefined {
  if (image === undefined) return undefined;
  try {
    parseReference(image);
  } catch (error) {
    if (!(error instanceof ImageReferenceError)) throw error;
    throw new TypeError(`METALMAN_IMAGE: ${error.message}`);
  }
  return image;
}

/**
 * Facts of a build from this folder: a checkout, or a copy without its history, whose commit is told in REVISION.
 * METALMAN_IMAGE is the container image that belongs to it.
 */
export async function buildFacts(folder: string): Promise<BuildFacts> {
  const commit = await git(folder, "rev-parse", "HEAD") ?? Deno.env.get("REVISION");
  const isDirty = (await git(folder, "status", "--porcelain", "--untracked-files=no") ?? "") !== "";
  const commitTime = isDirty ? undefined : await git(folder, "log", "-1", "--format=%ct");
  const image = buildImage(Deno.env.get("METALMAN_IMAGE"));
  return {
    ...(image === undefined ? {} : { image }),
    commit: commit === undefined ? "unknown" : `${commit}${isDirty ? "-dirty" : ""}`,
    built: buildTime(Deno.env.get("SOURCE_DATE_EPOCH"), commitTime, Date.now()),
  };
}
