/** What a watch waits for besides changes: its end, and the next bookmark. */
import type { Clock } from "../../../base/clock.ts";

/** When. */
export interface WatchTimes {
  /** The watch ends then. */
  readonly timeoutMs: number;
  /** Between bookmarks; there is one more before the end. */
  readonly bookmarkMs: number;
  /** The watch ends with it. */
  readonly signal: AbortSignal;
}

/** How long before its end a watch is told how far it is, so that the next one goes on from there. */
const LAST_BOOKMARK_MS = 2000;

/**
 * Wakes a watch. One promise is made for each wait, instead of a race with promises that live as long as the watch:
 * each of those would remember every wait there ever was.
 */
export class WatchAlarm implements Disposable {
  readonly #ended = new AbortController();
  readonly #times: WatchTimes;
  readonly #onAbort = () => this.#end();
  #wake = () => {};
  #isBookmarkDue = false;

  /** Starts now. */
  constructor(clock: Clock, times: WatchTimes) {
    this.#times = times;
    times.signal.addEventListener("abort", this.#onAbort, { once: true });
    if (times.signal.aborted) this.#end();
    clock.sleep(times.timeoutMs, { signal: this.#ended.signal }).then(this.#onAbort, this.#onAbort);
    const lastMs = times.timeoutMs - LAST_BOOKMARK_MS;
    if (lastMs > 0) this.#awaitBookmark(clock, lastMs);
    this.#awaitBookmark(clock, times.bookmarkMs, true);
  }

  /** Waits for the promise, if any, or an alarm: the end of the watch, or the next bookmark; undefined when there was none. */
  async next(other: Promise<void> | undefined): Promise<"end" | "bookmark" | undefined> {
    if (other !== undefined && !this.#ended.signal.aborted && !this.#isBookmarkDue) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      other.then(resolve);
      await promise;
    }
    if (this.#ended.signal.aborted) return "end";
    if (!this.#isBookmarkDue) return undefined;
    this.#isBookmarkDue = false;
    return "bookmark";
  }

  #awaitBookmark(clock: Clock, ms: number, again = false): void {
    const due = () => {
      this.#isBookmarkDue = true;
      this.#wake();
      if (again) this.#awaitBookmark(clock, ms, again);
    };
    // Rejected when the watch has ended.
    clock.sleep(ms, { signal: this.#ended.signal }).then(due, () => {});
  }

  #end(): void {
    this.#ended.abort();
    this.#times.signal.removeEventListener("abort", this.#onAbort);
    this.#wake();
  }

  /** Stops its timers. */
  [Symbol.dispose](): void {
    this.#end();
  }
}
