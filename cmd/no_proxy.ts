/** What no proxy is asked for, whatever the environment says: this machine, as Go programs have it. */
import type { Io } from "./io.ts";

const THIS_MACHINE = "localhost,127.0.0.0/8,::1";

/** A NO_PROXY with this machine in it. */
export function withThisMachine(before: string | undefined): string {
  return before ? `${before},${THIS_MACHINE}` : THIS_MACHINE;
}

/** Lets Deno's fetch, which pulls images, reach a registry of this machine directly; to be called before the first client is made. */
export function reachThisMachineDirectly(env: Io["env"]): void {
  Deno.env.set("NO_PROXY", withThisMachine(env("NO_PROXY") || env("no_proxy")));
}
