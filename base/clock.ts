/** Time as a parameter: what decides on time takes a {@link Clock}, so tests own it. */

/** Options of a wait. */
export interface SleepOptions {
  /** Ends the wait at once; the promise rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** The time of day and a way to wait. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms` milliseconds, rejects with the signal's reason when aborted first. */
  sleep(ms: number, options?: SleepOptions): Promise<void>;
}

/**
 * To end a wait that nobody cares for any more. `abort()` without a reason makes one each time, with a stack: 4 us and
 * 750 bytes, of which a fleet of BMCs makes thousands a second.
 */
export const NOT_NEEDED = new DOMException("not needed any more", "AbortError");

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep(ms, { signal } = {}) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      }, ms);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  },
};

/** A clock that moves only when told to, for tests. */
export class FakeClock implements Clock {
  #now: number;
  #sleepers: { at: number; wake: () => void }[] = [];

  /** @param startMs what {@link now} answers at first */
  constructor(startMs = 0) {
    this.#now = startMs;
  }

  /** The time set by {@link advance}. */
  now(): number {
    return this.#now;
  }

  /** How many waits are pending. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  /** Waits until the clock was advanced by `ms`. */
  sleep(ms: number, { signal }: SleepOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        this.#sleepers = this.#sleepers.filter((s) => s !== sleeper);
        reject(signal?.reason);
      };
      const sleeper = {
        at: this.#now + ms,
        wake: () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        },
      };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Moves time forward by `ms` and wakes, in order, whoever is due. */
  advance(ms: number): void {
    this.#now += ms;
    const due = this.#sleepers.filter((s) => s.at <= this.#now).sort((a, b) => a.at - b.at);
    this.#sleepers = this.#sleepers.filter((s) => s.at > this.#now);
    for (const sleeper of due) sleeper.wake();
  }
}
