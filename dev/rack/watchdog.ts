/** A time-out that costs nothing while all goes well: one timer at a time, however many packets come. */
import type { Clock } from "../../base/clock.ts";

/** Why its own timer ends; making a new reason each time takes longer than all the rest. */
const ENDED = "the watch has ended";

/** Acts whenever nothing has happened for a time. */
export class Watchdog implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #end = new AbortController();
  readonly #done: Promise<void>;
  #deadline: number;

  /**
   * Starts to watch.
   * @param limitMs how long it may be quiet
   * @param onQuiet called then, and again each time it has been quiet for as long
   */
  constructor(clock: Clock, limitMs: number, onQuiet: () => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#deadline = clock.now() + limitMs;
    this.#done = this.#watch(onQuiet);
  }

  /** Something has happened. */
  touch(): void {
    this.#deadline = this.#clock.now() + this.#limitMs;
  }

  async #watch(onQuiet: () => void): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      try {
        await this.#clock.sleep(this.#deadline - this.#clock.now(), { signal });
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
      if (this.#clock.now() < this.#deadline) continue;
      this.touch();
      onQuiet();
    }
  }

  /** Ends the watch. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort(ENDED);
    return this.#done;
  }
}
