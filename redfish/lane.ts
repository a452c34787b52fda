/** Who may speak: one at a time to a BMC, so many at a time to all. */
import { type Clock, NOT_NEEDED } from "../base/clock.ts";

/** Those who wait, first come, first served; one who gives up leaves no gap. */
class Queue {
  readonly #waiting = new Set<() => void>();

  get size(): number {
    return this.#waiting.size;
  }

  /** Resolves when called up, rejects with the signal's reason. */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = () => {
        this.#waiting.delete(call);
        reject(signal.reason);
      };
      const call = () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      this.#waiting.add(call);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Calls up the next; false where nobody waits. */
  next(): boolean {
    const [call] = this.#waiting;
    if (call === undefined) return false;
    this.#waiting.delete(call);
    call();
    return true;
  }
}

/** One at a time. */
export class Lane {
  readonly #queue = new Queue();
  #isTaken = false;

  /** Whether somebody waits for their turn. */
  get isWaitedFor(): boolean {
    return this.#queue.size > 0;
  }

  /** Resolves when it is the caller's turn, which lasts until it is disposed of. */
  async enter(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#isTaken) await this.#queue.wait(signal);
    this.#isTaken = true;
    return {
      [Symbol.dispose]: () => {
        // Handed on, not set free: who comes just now has to queue up.
        if (!this.#queue.next()) this.#isTaken = false;
      },
    };
  }
}

/** So many at a time; who stays longer than `slowMs` goes on without counting. */
export class Gate {
  readonly #queue = new Queue();
  readonly #slowMs: number;
  readonly #clock: Clock;
  #free: number;

  /**
   * Nobody is in.
   * @param places how many may be in at once
   */
  constructor(places: number, slowMs: number, clock: Clock) {
    this.#free = places;
    this.#slowMs = slowMs;
    this.#clock = clock;
  }

  /** Resolves when there is room; the place is given back when it is disposed of, or when it took too long. */
  async enter(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#queue.wait(signal);
    let isIn = true;
    const leave = () => {
      if (!isIn) return;
      isIn = false;
      if (!this.#queue.next()) this.#free++;
    };
    const timer = new AbortController();
    this.#clock.sleep(this.#slowMs, { signal: timer.signal }).then(leave, () => {});
    return {
      [Symbol.dispose]: () => {
        timer.abort(NOT_NEEDED);
        leave();
      },
    };
  }
}
