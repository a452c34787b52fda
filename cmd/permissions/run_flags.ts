/** How Deno is started for this program. */
import { KINDS } from "./permissions.ts";

/** Of every Deno that runs a bundle: nothing but the bundle is looked for, and what is not allowed is not asked for. */
const ALONE = ["--no-prompt", "--no-config", "--no-lock", "--no-remote", "--no-npm", "--cached-only"];
const UNSTABLE = ["--unstable-net", "--unstable-worker-options"];
/** What a server needs of V8, by the measurements of docs/decisions/http.md, redfish.md and dev.md. */
const V8 = "--max-semi-space-size=2,--heap-growing-percent=30";

/** Flags of `deno run` for a bundle, without permissions. */
export const RUN_FLAGS: readonly string[] = [...ALONE, ...UNSTABLE, `--v8-flags=${V8}`];

/** What it is started with: a command takes what it needs of it (cmd/permissions.ts). */
export const FIRST_GRANTS: readonly string[] = KINDS.map((kind) => `--allow-${kind}`);
