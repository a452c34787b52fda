/** A queue and what is done with each key. */
import type { BackoffOptions } from "../base/backoff.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import { type QueueObserver, WorkQueue } from "./queue.ts";

/** How work on a key has ended, and what is next. What is thrown instead is tried again, with growing waits. */
export type Result =
  /** All is as it should be. */
  | { readonly kind: "done" }
  /** Look again after this time. */
  | { readonly kind: "again"; readonly afterMs: number }
  /** Trying again cannot help; the object has to change first. */
  | { readonly kind: "failed"; readonly reason: string };

/** What a controller needs. */
export interface ControllerOptions {
  /** Its name in the log. */
  readonly name: string;
  /** Looks at the object of this key and does what is next for it. */
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<Result>;
  /** Failures are reported here. */
  readonly log: Logger;
  /** Time. */
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Keys worked on at a time. @default 8 */
  readonly concurrency?: number;
  /** Waits after failures. @default 0.5 s doubled up to 5 min, half of it random */
  readonly backoff?: BackoffOptions;
  /** Told what happens to its keys. @default nobody is */
  readonly observe?: QueueObserver | undefined;
}

/** Works on keys, each by itself, until told to stop. */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #queue: WorkQueue;

  /**
   * A controller that has not started.
   * @param options what it does
   */
  constructor(options: ControllerOptions) {
    this.#options = options;
    const { clock, random, backoff, observe } = options;
    this.#queue = new WorkQueue({
      clock,
      random,
      ...(backoff === undefined ? {} : { backoff }),
      ...(observe === undefined ? {} : { observe }),
    });
  }

  /** Asks for work on a key, at once or later. */
  enqueue(key: string, afterMs = 0): void {
    this.#queue.addAfter(key, afterMs);
  }

  /** Resolves when no key is ready or worked on. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  /** Works until the signal is aborted and running work has ended. */
  run(signal: AbortSignal): Promise<void> {
    return this.#queue.run(this.#options.concurrency ?? 8, (key) => this.#work(key, signal), signal);
  }

  async #work(key: string, signal: AbortSignal): Promise<void> {
    const { name, reconcile, log } = this.#options;
    try {
      const result = await reconcile(key, signal);
      this.#queue.forget(key);
      if (result.kind === "again") this.#queue.addAfter(key, result.afterMs);
      if (result.kind === "failed") {
        log.error("given up until the object changes", { controller: name, object: key, reason: result.reason });
      }
    } catch (error) {
      if (signal.aborted) return;
      const retryMs = this.#queue.retry(key);
      log.warn("work failed; it is tried again", { controller: name, object: key, error, retryMs });
    }
  }
}
