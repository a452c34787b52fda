/** What `metalman version` says. */
import manifest from "../deno.json" with { type: "json" };

/** Facts of the build; tools/bundle.ts writes commit and time in the place of these words, a checkout knows neither. */
export interface BuildInfo {
  readonly version: string;
  readonly commit: string;
  /** RFC 3339. */
  readonly built: string;
  /** Container image of the same build: what `site deploy-pxe` deploys. */
  readonly image: string;
}

/** This program's. */
export const buildInfo: BuildInfo = {
  version: `v${manifest.version}`,
  commit: "unknown",
  built: "unknown",
  image: "metalman:latest",
};

/** `VERSION (commit: SHA, built: TIME)` (contract 3). */
export function versionLine({ version, commit, built }: BuildInfo): string {
  return `${version} (commit: ${commit}, built: ${built})`;
}
