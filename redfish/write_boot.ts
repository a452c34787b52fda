/** Writes a wish into a BMC's boot override: as its documents say, then as its refusals ask for, until it reads back. */
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import {
  bodyOf,
  type BootAttempt,
  bootFacts,
  type BootSetting,
  isAsWished,
  mendedAttempts,
  plainAttempts,
} from "./boot.ts";
import type { RedfishClient, Resource } from "./client.ts";
import { AnswerError, type Failure } from "./failure.ts";
import type { BootWish } from "./types.ts";

/** PATCHes for one wish. */
const MAX_ATTEMPTS = 8;
/** Some show a change a little later than they confirm it. */
const READ_BACK_PAUSES_MS = [0, 1000, 2000];

/** What it is written with. */
export interface BootWriteOptions {
  /** The document that is changed first, as it was just read. */
  readonly known: Resource;
  /** For the pauses before it is read again. */
  readonly clock: Clock;
  /** Told each attempt. */
  readonly log: Logger;
}

/** What has come of it. */
export type BootWritten =
  /** It reads back as wished at this URI. */
  | { readonly kind: "set"; readonly uri: string }
  | { readonly kind: "not supported"; readonly reason: string };

/**
 * Tries until it reads back as wished, or nothing is left to try.
 * @throws {BmcError} where it could not be told, such as by a busy BMC
 */
export async function writeBoot(
  client: RedfishClient,
  setting: BootSetting,
  { known, clock, log }: BootWriteOptions,
  signal: AbortSignal,
): Promise<BootWritten> {
  const tried = new Set<string>();
  const waiting: BootAttempt[] = [...plainAttempts(setting)];
  let fresh: Resource | undefined = known;
  let reason = "the BMC offers no way to write it";
  while (waiting.length > 0 && tried.size < MAX_ATTEMPTS) {
    const attempt = waiting.shift()!;
    const key = JSON.stringify([attempt.uri, bodyOf(attempt)]);
    if (tried.has(key)) continue;
    tried.add(key);
    const failure = await tryWrite(client, attempt, attempt.uri === setting.uri ? fresh : undefined, signal);
    fresh = undefined;
    log.debug("boot override", { ...attempt, answer: failure?.sentence ?? "taken" });
    if (failure !== undefined) {
      reason = `the BMC refuses to change what boots: ${failure.sentence}`;
      // What has to be mended in one way to write it has to be in the others.
      waiting.unshift(...mendedAttempts(attempt, failure, setting));
      continue;
    }
    const seen = await readBack(client, attempt.uri, { wish: setting.wish, clock }, signal);
    if (seen === undefined) return { kind: "set", uri: attempt.uri };
    reason = `the BMC takes the change of what boots and does not make it: it says ${seen}`;
  }
  return { kind: "not supported", reason };
}

async function tryWrite(
  client: RedfishClient,
  attempt: BootAttempt,
  known: Resource | undefined,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  try {
    await client.patch(attempt.uri, bodyOf(attempt), known ?? await client.get(attempt.uri, signal), signal);
    return undefined;
  } catch (error) {
    if (error instanceof AnswerError && error.fault === "refused") return error.failure;
    throw error;
  }
}

/** Undefined when it is as wished; else what it is. */
async function readBack(
  client: RedfishClient,
  uri: string,
  { wish, clock }: { wish: BootWish; clock: Clock },
  signal: AbortSignal,
): Promise<string | undefined> {
  let seen = "nothing";
  for (const pause of READ_BACK_PAUSES_MS) {
    if (pause > 0) await clock.sleep(pause, { signal });
    const override = bootFacts((await client.get(uri, signal)).document)?.override;
    if (override === undefined) continue;
    if (isAsWished(override, wish)) return undefined;
    seen = `${override.target} ${override.enabled}`;
  }
  return seen;
}
