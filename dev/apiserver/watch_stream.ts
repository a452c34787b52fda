/** Watches as bodies of answers: each ends with its client or with the server, and gives back what it holds. */
import type { Logger } from "../../base/log.ts";
import { TaskGroup } from "../../base/tasks.ts";

/** A watch that has been begun. */
export interface BegunWatch {
  /** As they come. */
  readonly lines: AsyncIterable<string>;
  /** Ends {@link lines}. */
  readonly ended: AbortController;
}

/** All watches of a server. */
export class WatchStreams implements AsyncDisposable {
  readonly #log: Logger;
  readonly #ends: TaskGroup;
  readonly #open = new Set<() => void>();

  /** @param log hears of watches that fail */
  constructor(log: Logger) {
    this.#log = log;
    this.#ends = new TaskGroup(log);
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** The body of an answer. */
  body({ lines, ended }: BegunWatch): ReadableStream<Uint8Array> {
    const iterator = lines[Symbol.asyncIterator]();
    const end = () => {
      if (!this.#open.delete(end)) return;
      ended.abort();
      // Where nobody pulls any more, only this lets it give back what it holds.
      this.#ends.start("end of a watch", async () => void await iterator.return?.());
    };
    this.#open.add(end);
    const encoder = new TextEncoder();
    return new ReadableStream({
      pull: async (controller) => {
        const line = await this.#next(iterator);
        if (ended.signal.aborted) return;
        if (line !== undefined) return controller.enqueue(encoder.encode(line));
        end();
        controller.close();
      },
      cancel: end,
    }, { highWaterMark: 0 });
  }

  /** The next line of a watch; undefined at its end. */
  async #next(iterator: AsyncIterator<string>): Promise<string | undefined> {
    try {
      const { done, value } = await iterator.next();
      return done === true ? undefined : value;
    } catch (error) {
      this.#log.error("watch failed in the development API server", { error });
      return undefined;
    }
  }

  /** Ends all of them. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of [...this.#open]) end();
    await this.#ends.idle();
  }
}
