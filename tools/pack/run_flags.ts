/** How Deno is started for the bundle. */

/** What it needs of V8, from the measurements in docs/benchmarks.md. */
const V8_FLAGS = "--max-semi-space-size=2";

/** Flags of `deno run`: nothing but the bundle is looked for, and what is not allowed is not asked for. */
export function runFlags(): string[] {
  return [
    ...["--no-prompt", "--no-config", "--no-lock", "--no-remote", "--no-npm", "--cached-only"],
    ...["--unstable-net", "--unstable-worker-options", `--v8-flags=${V8_FLAGS}`],
    ...["--allow-net", "--allow-read", "--allow-write", "--allow-env", "--allow-sys", "--allow-run"],
  ];
}
