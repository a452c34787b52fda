/** A clock for tests that leaps to the next moment at which somebody wakes, once everything else has come to rest. */
import { setImmediate } from "node:timers";
import type { Clock, SleepOptions } from "../../../base/clock.ts";

interface Sleeper {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

/** See the module. Only what runs in memory may be waited for: it must come to rest within one turn of the event loop. */
export class LeapingClock implements Clock {
  #now = 1_000_000;
  #order = 0;
  readonly #sleepers = new Set<Sleeper>();

  now(): number {
    return this.#now;
  }

  sleep(ms: number, { signal }: SleepOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const sleeper: Sleeper = {
        at: this.#now + Math.max(0, ms),
        order: this.#order++,
        wake: () => {
          signal?.removeEventListener("abort", onAbort);
          this.#sleepers.delete(sleeper);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** How many wait. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  /**
   * Lets time pass until `reached`.
   * @throws when nobody waits for anything and it is not, or it took longer than a simulated day
   */
  async until(reached: () => boolean): Promise<void> {
    const endMs = this.#now + 86_400_000;
    for (;;) {
      await rest();
      if (reached()) return;
      const next = [...this.#sleepers].sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (next === undefined || next.at > endMs) throw new Error("nothing happens any more");
      this.#now = Math.max(this.#now, next.at);
      next.wake();
    }
  }

  /** Lets this much time pass. */
  async pass(ms: number): Promise<void> {
    let over = false;
    const sleep = this.sleep(ms).then(() => over = true);
    await this.until(() => over);
    await sleep;
  }
}

/** One turn of the event loop: by then every promise that could be settled is. */
function rest(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
