/** Gives up what a command does not need. Paths and addresses can only be told at the start, so it may start anew. */
import { givenUp, grantFlags, narrowed, type Permissions } from "./permissions.ts";
import { canReplaceProcess, replaceProcess } from "./replace_process.ts";
import { RUN_FLAGS } from "./run_flags.ts";

/** A checkout is started by whoever works on it, with flags that are theirs; an executable of `deno compile` has its own. */
function isBundle(): boolean {
  return Deno.mainModule.endsWith(".js") && !Deno.build.standalone;
}

/**
 * Keeps these permissions, gives up the rest. Where a part of a kind is to be kept and all of it is there, the process
 * is replaced by one that has been given that part: then this does not return.
 */
export async function confine(permissions: Permissions): Promise<void> {
  const has = async (name: Deno.PermissionName) => (await Deno.permissions.query({ name })).state === "granted";
  const isBroad = (await Promise.all(narrowed(permissions).map(has))).includes(true);
  if (isBroad && isBundle() && canReplaceProcess() && await has("ffi")) {
    const main = decodeURIComponent(new URL(Deno.mainModule).pathname);
    // Quietly: that a program it may run is not there is said, in better words, when it is to run.
    replaceProcess(Deno.execPath(), ["run", "--quiet", ...RUN_FLAGS, ...grantFlags(permissions), main, ...Deno.args]);
  }
  for (const name of givenUp(permissions)) await Deno.permissions.revoke({ name });
}
