/** Keys to be worked on: each once, one worker at a key, delays, waits that grow with each failure. */
import { backoffMs, type BackoffOptions } from "../base/backoff.ts";
import { type Clock, NOT_NEEDED } from "../base/clock.ts";

/** Counts what a queue does; keys that wait are those that came and did not begin. */
export interface QueueObserver {
  /** A key waits for its turn that did not before. */
  added(): void;
  /** Work on a key begins, which has waited so long. */
  began(waitedMs: number): void;
  /** It has ended, after so long. */
  ended(workedMs: number): void;
  /** A key is tried again after a failure. */
  retried(): void;
}

/** How a queue waits. */
export interface QueueOptions {
  /** Time. */
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Waits after failures. @default 0.5 s doubled up to 5 min, half of it random */
  readonly backoff?: BackoffOptions;
  /** Told what happens. @default nobody is */
  readonly observe?: QueueObserver;
}

/** A queue of keys. A key added while it is worked on is worked on once more afterwards. */
export class WorkQueue {
  readonly #options: Required<Omit<QueueOptions, "observe">>;
  readonly #observe: QueueObserver | undefined;
  /** Keys that wait for their turn, with since when. */
  readonly #ready = new Map<string, number>();
  readonly #running = new Set<string>();
  /** Those among them that wait for one more turn, with since when. */
  readonly #dirty = new Map<string, number>();
  readonly #delayed = new Map<string, { atMs: number; cancel: AbortController }>();
  readonly #failures = new Map<string, number>();
  #idle: PromiseWithResolvers<void> | undefined;
  #wake = Promise.withResolvers<void>();

  /**
   * An empty queue.
   * @param options how it waits
   */
  constructor({ clock, random, backoff = { baseMs: 500, maxMs: 300_000 }, observe }: QueueOptions) {
    this.#options = { clock, random, backoff };
    this.#observe = observe;
  }

  /** Keys that wait, for their turn or for their time. */
  get size(): number {
    return this.#ready.size + this.#dirty.size + this.#delayed.size;
  }

  /** Asks for work on a key, now. */
  add(key: string): void {
    const waiting = this.#running.has(key) ? this.#dirty : this.#ready;
    if (!waiting.has(key)) {
      waiting.set(key, this.#options.clock.now());
      this.#observe?.added();
    }
    this.#wake.resolve();
  }

  /**
   * Asks for work on a key later; of several times the earliest counts. Work that comes first takes the request's
   * place: whoever does it says when the next is due.
   */
  addAfter(key: string, ms: number): void {
    if (ms <= 0) return this.add(key);
    const { clock } = this.#options;
    const atMs = clock.now() + ms;
    const before = this.#delayed.get(key);
    if (before !== undefined && before.atMs <= atMs) return;
    before?.cancel.abort(NOT_NEEDED);
    const cancel = new AbortController();
    this.#delayed.set(key, { atMs, cancel });
    clock.sleep(ms, { signal: cancel.signal }).then(() => {
      this.#delayed.delete(key);
      this.add(key);
    }, () => {/* Cancelled: another request has taken its place. */});
  }

  /** Asks for work on a key after a failure; returns the wait. */
  retry(key: string): number {
    const { backoff, random } = this.#options;
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    this.#observe?.retried();
    const ms = backoffMs(failures, backoff, random());
    this.addAfter(key, ms);
    return ms;
  }

  /** How often in a row work on this key has failed. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** Forgets a key's failures. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** Resolves when nothing is ready or worked on; delayed keys do not count. */
  idle(): Promise<void> {
    if (this.#ready.size + this.#running.size === 0) return Promise.resolve();
    this.#idle ??= Promise.withResolvers<void>();
    return this.#idle.promise;
  }

  /**
   * Works on keys, up to `concurrency` at a time, until the signal is aborted and the last `work` has ended.
   * `work` must not throw: see controller.ts.
   */
  async run(concurrency: number, work: (key: string) => Promise<void>, signal: AbortSignal): Promise<void> {
    const stop = () => this.#wake.resolve();
    signal.addEventListener("abort", stop, { once: true });
    const active = new Set<Promise<void>>();
    try {
      while (!signal.aborted) {
        for (const key of this.#ready.keys()) {
          if (active.size >= concurrency) break;
          const beganMs = this.#begin(key);
          const job = work(key).finally(() => {
            active.delete(job);
            this.#end(key, beganMs);
          });
          active.add(job);
        }
        await this.#wake.promise;
        this.#wake = Promise.withResolvers<void>();
      }
      await Promise.all(active);
    } finally {
      signal.removeEventListener("abort", stop);
      for (const { cancel } of this.#delayed.values()) cancel.abort(NOT_NEEDED);
      this.#delayed.clear();
    }
  }

  #begin(key: string): number {
    const nowMs = this.#options.clock.now();
    this.#observe?.began(nowMs - this.#ready.get(key)!);
    this.#ready.delete(key);
    this.#running.add(key);
    this.#delayed.get(key)?.cancel.abort(NOT_NEEDED);
    this.#delayed.delete(key);
    return nowMs;
  }

  #end(key: string, beganMs: number): void {
    this.#observe?.ended(this.#options.clock.now() - beganMs);
    this.#running.delete(key);
    const since = this.#dirty.get(key);
    if (since !== undefined) this.#ready.set(key, since);
    this.#dirty.delete(key);
    this.#wake.resolve();
    if (this.#ready.size + this.#running.size > 0) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }
}
