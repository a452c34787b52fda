/** A power for tests of single parts of a machine, over a wire that the test writes. */
import type { Power } from "../power.ts";
import type { Wire } from "../wire.ts";
import { createTpm } from "../../tpm/software_tpm.ts";
import { LeapingClock } from "./leaping_clock.ts";

/** A power under a clock that leaps, and what was said and reported in it. */
export function benchPower(wire: Partial<Wire>, { hurry = 1 }: { readonly hurry?: number } = {}) {
  const clock = new LeapingClock();
  const plug = new AbortController();
  const said: string[] = [];
  const progress: number[] = [];
  const power: Power = {
    identity: { mac: "52:54:00:aa:bb:01", uuid: "6d6d0001-0000-4000-8000-525400aabb01" },
    wire: wire as Wire,
    ...{ clock, hurry, tftpPort: 69, random: () => 0.5, signal: plug.signal },
    wait: (ms) => clock.sleep(ms / hurry, { signal: plug.signal }),
    say: (_stage, detail) => said.push(detail),
    progress: (bytes) => progress.push(bytes),
    tpm: () => createTpm(),
    diskFiles: () => [],
    leased: () => {},
  };
  return { power, clock, plug, said, progress };
}

/** Lets time pass until the promise settles; what came of it. */
export async function settle<T>(clock: LeapingClock, promise: Promise<T>): Promise<T> {
  let settled = false;
  const done = promise.then(() => settled = true, () => settled = true);
  await clock.until(() => settled);
  await done;
  return await promise;
}
