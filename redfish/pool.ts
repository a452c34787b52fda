/**
 * BMCs in use. No BMC sees two calls at once, whoever asks; as many BMCs are spoken to at once as allowed, and those
 * that let us wait do not count.
 */
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import { TaskGroup } from "../base/tasks.ts";
import { Gate, Lane } from "./lane.ts";
import type { Bmc, BmcTarget } from "./types.ts";

/** How a pool works. */
export interface BmcPoolOptions {
  /** BMCs that are spoken to at once. */
  readonly concurrency: number;
  /** Opens one; it sends nothing yet. */
  readonly open: (target: BmcTarget) => Bmc;
  /** For the two times below. */
  readonly clock: Clock;
  /** Told of what fails in the background. */
  readonly log: Logger;
  /**
   * After so long without a call a session is ended. Shorter than the shortest session time-out that BMCs have, 30 s.
   * @default 20000
   */
  readonly idleMs?: number;
  /**
   * Connections that are kept open between two turns, as file descriptors are not without end; the sessions of others
   * are kept without one, for a TLS handshake at the next turn.
   * @default 1024
   */
  readonly kept?: number;
  /** A call that takes longer does not count any more, so that BMCs that never answer do not hold up the others. @default 2000 */
  readonly slowMs?: number;
}

/** What is opened at one URL, and who waits for it. */
interface Place {
  readonly lane: Lane;
  /** At most one, so that there is never more than one session on a BMC. */
  open: { readonly key: string; readonly bmc: Bmc } | undefined;
  /** Whether its connection counts among those that are kept. */
  isKept: boolean;
}

const KEPT = 1024;

/** All fields of a target: two that differ in any share neither connection nor session (contract 11.2). */
function keyOf(
  { url, deviceId, username, password, fingerprint }: { readonly [K in keyof BmcTarget]: BmcTarget[K] | undefined },
): string {
  return JSON.stringify([url, deviceId, username, password, fingerprint]);
}

/** The BMC behind a URL, however the URL is written. */
function placeOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url;
}

/** Lends BMCs to callers, one call at a time each. */
export class BmcPool implements AsyncDisposable {
  readonly #options: BmcPoolOptions;
  readonly #gate: Gate;
  readonly #places = new Map<string, Place>();
  /** Since when nobody has spoken to a place, the longest first. */
  readonly #idle = new Map<string, number>();
  #isWatching = false;
  readonly #tasks: TaskGroup;
  #kept = 0;

  /** Opens nothing yet. */
  constructor(options: BmcPoolOptions) {
    this.#options = options;
    this.#gate = new Gate(options.concurrency, options.slowMs ?? 2000, options.clock);
    this.#tasks = new TaskGroup(options.log);
  }

  /** How many URLs are known to it; idle ones are forgotten. */
  get size(): number {
    return this.#places.size;
  }

  /**
   * Runs calls to a BMC while nobody else speaks to it. With another user, password, pin or system than the last time
   * at this URL, the old session is ended first.
   * @param run may call the BMC several times, one after the other; it must not keep it
   */
  async use<T>(target: BmcTarget, signal: AbortSignal, run: (bmc: Bmc) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    this.#tasks.signal.throwIfAborted();
    const name = placeOf(target.url);
    const place = this.#place(name);
    using _turn = await place.lane.enter(signal);
    this.#idle.delete(name);
    try {
      using _slot = await this.#gate.enter(signal);
      return await run(await this.#opened(place, target));
    } finally {
      this.#keep(place);
      this.#rest(name);
    }
  }

  /** Ends what is open for a target, such as that of a Machine that was deleted; waits for a call that is under way. */
  async release(target: BmcTarget): Promise<void> {
    const name = placeOf(target.url);
    const place = this.#places.get(name);
    if (place === undefined) return;
    using _turn = await place.lane.enter(this.#tasks.signal);
    if (place.open?.key === keyOf(target)) await this.#close(place);
    this.#forget(name, place);
  }

  #place(name: string): Place {
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    const place: Place = { lane: new Lane(), open: undefined, isKept: false };
    this.#places.set(name, place);
    return place;
  }

  async #opened(place: Place, target: BmcTarget): Promise<Bmc> {
    const key = keyOf(target);
    const { open } = place;
    if (open?.key === key) return open.bmc;
    // A first contact has had no pin, and speaks to nobody but the one that it saw since.
    const isPinnedNow = open !== undefined && open.key === keyOf({ ...target, fingerprint: undefined }) &&
      open.bmc.fingerprint !== undefined && open.bmc.fingerprint === target.fingerprint;
    if (!isPinnedNow) await this.#close(place);
    const bmc = isPinnedNow ? open.bmc : this.#options.open(target);
    place.open = { key, bmc };
    return bmc;
  }

  async #close(place: Place): Promise<void> {
    const { open } = place;
    place.open = undefined;
    if (place.isKept) this.#kept--;
    place.isKept = false;
    await open?.bmc.close();
  }

  #keep(place: Place): void {
    if (place.open === undefined || place.isKept) return;
    if (this.#kept >= (this.#options.kept ?? KEPT)) return place.open.bmc.disconnect();
    place.isKept = true;
    this.#kept++;
  }

  #rest(name: string): void {
    if (this.#tasks.signal.aborted) return;
    this.#idle.set(name, this.#options.clock.now());
    if (!this.#isWatching) this.#tasks.start("idle BMCs", (signal) => this.#watchIdle(signal));
  }

  /** One wait for all: thousands of them would be 5 MB. */
  async #watchIdle(signal: AbortSignal): Promise<void> {
    const { clock, idleMs = 20_000 } = this.#options;
    this.#isWatching = true;
    for (const [name, sinceMs] of this.#idle) {
      const passedMs = clock.now() - sinceMs;
      // A clock that was set back says nothing; then a session ends too early.
      if (passedMs >= 0 && passedMs < idleMs) await clock.sleep(idleMs - passedMs, { signal });
      if (this.#idle.get(name) !== sinceMs) continue;
      this.#idle.delete(name);
      this.#tasks.start("log out of an idle BMC", (signal) => this.#closeIdle(name, signal));
    }
    this.#isWatching = false;
  }

  async #closeIdle(name: string, signal: AbortSignal): Promise<void> {
    const place = this.#places.get(name);
    if (place === undefined) return;
    using _turn = await place.lane.enter(signal);
    // Somebody has spoken to it meanwhile.
    if (this.#idle.has(name)) return;
    await this.#close(place);
    this.#forget(name, place);
  }

  #forget(name: string, place: Place): void {
    if (place.open === undefined && !place.lane.isWaitedFor && this.#places.get(name) === place) {
      this.#places.delete(name);
    }
  }

  /** Ends all sessions; calls under way are waited for, so abort them first. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tasks[Symbol.asyncDispose]();
    await Promise.all([...this.#places.values()].map(async (place) => {
      using _turn = await place.lane.enter(new AbortController().signal);
      await this.#close(place);
    }));
    this.#places.clear();
  }
}
