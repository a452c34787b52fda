/** The cluster's authority for whoever needs it now, although it may not have been read yet. */
import { type Clock, NOT_NEEDED } from "../base/clock.ts";
import type { ClusterFactsReader } from "./cluster_facts.ts";
import { unlessAborted } from "./unless_aborted.ts";

/** What is read again where it is missing, at most so often: requests of machines must not become as many reads. */
const PAUSE_MS = 10_000;
/** Of a read. Whoever asked first may be sent away at any time, while others wait for the same. */
const READ_MS = 10_000;
/** Of the answer to a machine, whatever the cluster's own may be. */
const MAX_CA = 256 * 1024;

/** Gives the authority's certificates as PEM; undefined where they cannot be known. Whoever asks meanwhile waits for the same read. */
export function clusterCaReader(
  facts: Pick<ClusterFactsReader, "current" | "readOnce">,
  clock: Clock,
): (signal: AbortSignal) => Promise<string | undefined> {
  let reading: { readonly startedMs: number; readonly done: Promise<void> } | undefined;
  return async (signal) => {
    if ("missing" in facts.current.caCertBase64) {
      const nowMs = clock.now();
      if (reading === undefined || nowMs - reading.startedMs >= PAUSE_MS) {
        reading = { startedMs: nowMs, done: readInTime(facts, clock) };
      }
      await unlessAborted(reading.done, signal);
    }
    const { caCertBase64 } = facts.current;
    return "missing" in caCertBase64 ? undefined : decode(caCertBase64.value);
  };
}

async function readInTime(facts: Pick<ClusterFactsReader, "readOnce">, clock: Clock): Promise<void> {
  const end = new AbortController();
  clock.sleep(READ_MS, { signal: end.signal }).then(() => end.abort(), () => {});
  await facts.readOnce(end.signal);
  end.abort(NOT_NEEDED);
}

function decode(base64: string): string | undefined {
  if (base64.length > MAX_CA) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.fromBase64(base64));
  } catch {
    return undefined;
  }
}
