/** Arguments and flags of `manifests`: declared, checked once, then never changed. */
import { type Flag, type FlagValues, oneOf, parseFlag } from "./flags.ts";
import { UsageError } from "./usage.ts";

/** What can be asked for. `all` is what a cluster needs; the example is not. */
export const MANIFEST_PARTS = ["crd", "namespace", "rbac", "example", "all"] as const;

/** One of them. */
export type ManifestPart = typeof MANIFEST_PARTS[number];

/** Checked settings of `manifests`. */
export interface ManifestSettings {
  readonly part: ManifestPart;
  readonly output: "yaml" | "json";
}

const OUTPUTS = ["yaml", "json"] as const;

/** All flags of manifests. */
export const MANIFEST_FLAGS: readonly Flag[] = [
  { name: "output", short: "o", takes: "format", fallback: "yaml", values: OUTPUTS, help: "print yaml or json" },
];

/** Checks them. @throws {UsageError} */
export function manifestSettings(part: string, values: FlagValues): ManifestSettings {
  const known = MANIFEST_PARTS.find((one) => one === part);
  if (known === undefined) throw new UsageError(`there is no "${part}": want one of ${MANIFEST_PARTS.join(", ")}`);
  return { part: known, output: parseFlag("output", String(values["output"] ?? "yaml"), oneOf(...OUTPUTS)) };
}
