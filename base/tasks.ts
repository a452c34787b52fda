/** Owns background promises, so that none is left alone with its failure. */
import type { Logger } from "./log.ts";

/** A group of background tasks that are ended and awaited together. */
export class TaskGroup implements AsyncDisposable {
  readonly #controller = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #log: Logger;

  /** @param log where a task that fails is reported */
  constructor(log: Logger) {
    this.#log = log;
  }

  /** Aborted when the group is disposed. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** How many tasks have not ended. */
  get size(): number {
    return this.#running.size;
  }

  /**
   * Starts `run`; its failure is logged under `name`, not thrown, unless the group has been disposed.
   * @param run gets the group's signal
   */
  start(name: string, run: (signal: AbortSignal) => Promise<void>): void {
    const task = this.#guard(name, run).finally(() => this.#running.delete(task));
    this.#running.add(task);
  }

  async #guard(name: string, run: (signal: AbortSignal) => Promise<void>): Promise<void> {
    try {
      await run(this.signal);
    } catch (error) {
      if (!this.signal.aborted) this.#log.error("background task failed", { task: name, error });
    }
  }

  /** Resolves when no task runs any more. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Aborts all tasks and waits for their end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort(new DOMException("shutting down", "AbortError"));
    await this.idle();
  }
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
