/** Writes to the status of objects: each is decided on the newest state, and kept until it is written. */
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { KubeClient } from "./client.ts";
import { ApiError, isTransient } from "./errors.ts";
import { type KubeObject, parseKey, type Resource } from "./object.ts";
import { type QueueObserver, WorkQueue } from "./queue.ts";

/** An object with a status. */
export interface StatusObject extends KubeObject {
  /** What a controller writes. */
  status?: unknown;
}

/**
 * The status an object should have; undefined when it has it. May be asked several times, each time with a newer
 * object, and must not change the object.
 */
export type Decide<T extends StatusObject> = (object: T) => T["status"] | undefined;

/** How a write has ended, and the object as the server has it then. */
export type WriteOutcome<T> =
  | { readonly kind: "written" | "unchanged"; readonly object: T }
  /** There is no such object. */
  | { readonly kind: "gone" };

/** How tries to write end; `conflict`: somebody else has written meanwhile, so it is decided anew. */
export const STATUS_RESULTS = ["written", "unchanged", "gone", "conflict", "failed"] as const;

/** What a writer needs. */
export interface StatusWriterOptions<T extends StatusObject> {
  /** Where. */
  readonly client: Pick<KubeClient, "get" | "replaceStatus">;
  /** Of which objects. */
  readonly resource: Resource;
  /** The object as last seen, to spare a request. */
  readonly cached: (key: string) => T | undefined;
  /** Trouble is reported here. */
  readonly log: Logger;
  /** Time. */
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Told of each try. @default nobody is */
  readonly observe?: (result: typeof STATUS_RESULTS[number]) => void;
  /** Told what happens to the objects that wait. @default nobody is */
  readonly observeQueue?: QueueObserver;
}

interface Pending<T extends StatusObject> {
  readonly decide: Decide<T>;
  /** Shared by the writes that replace each other. */
  readonly done: PromiseWithResolvers<WriteOutcome<T>>;
}

const CONCURRENCY = 8;
const MAX_CONFLICTS = 8;
/** A cache may be this far behind what we wrote ourselves. */
const CACHE_LAG_MS = 60_000;

function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [x, y] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const names = new Set([...Object.keys(x), ...Object.keys(y)]);
  return [...names].every((name) => same(x[name], y[name]));
}

/** Keeps writes until they are done, through conflicts and outages of any length. */
export class StatusWriter<T extends StatusObject> {
  readonly #options: StatusWriterOptions<T>;
  readonly #queue: WorkQueue;
  readonly #pending = new Map<string, Map<string, Pending<T>>>();
  readonly #writtenMs = new Map<string, number>();
  /** That the right is missing was said, and nothing was written since. */
  #isRefused = false;

  /**
   * A writer with nothing to write.
   * @param options what it writes to
   */
  constructor(options: StatusWriterOptions<T>) {
    this.#options = options;
    const { clock, random, observeQueue: observe } = options;
    const backoff = { baseMs: 250, maxMs: 30_000 };
    this.#queue = new WorkQueue({ clock, random, backoff, ...(observe === undefined ? {} : { observe }) });
  }

  /** Objects with writes that are not done. */
  get size(): number {
    return this.#pending.size;
  }

  /**
   * Has `decide` applied to an object's status. A write to the same slot of the same object that has not been done
   * yet is replaced: a slot is one thing that is said about an object, of which only the newest matters.
   * @returns settles when it is done; it never rejects
   */
  write(key: string, slot: string, decide: Decide<T>): Promise<WriteOutcome<T>> {
    const slots = this.#pending.get(key) ?? new Map<string, Pending<T>>();
    this.#pending.set(key, slots);
    const done = slots.get(slot)?.done ?? Promise.withResolvers<WriteOutcome<T>>();
    slots.set(slot, { decide, done });
    this.#queue.add(key);
    return done.promise;
  }

  /** Resolves when every write has been tried; those that failed wait for their next try. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  /** Writes until the signal is aborted. */
  run(signal: AbortSignal): Promise<void> {
    return this.#queue.run(CONCURRENCY, (key) => this.#work(key, signal), signal);
  }

  async #work(key: string, signal: AbortSignal): Promise<void> {
    const taken = new Map(this.#pending.get(key));
    if (taken.size === 0) return;
    const { log } = this.#options;
    try {
      const outcome = await this.#apply(key, [...taken.values()].map((pending) => pending.decide), signal);
      if (this.#queue.failures(key) > 0) {
        log.info("status is written after all", { object: key, outcome: outcome.kind });
      }
      if (outcome.kind === "written") this.#isRefused = false;
      this.#queue.forget(key);
      this.#options.observe?.(outcome.kind);
      this.#settle(key, taken, outcome);
    } catch (error) {
      if (signal.aborted) return;
      this.#options.observe?.("failed");
      // Who may not write one status may write none.
      const isRefused = error instanceof ApiError && error.status === 403;
      const first = this.#queue.failures(key) === 0 && !(isRefused && this.#isRefused);
      if (isRefused) this.#isRefused = true;
      const retryMs = this.#queue.retry(key);
      const level = !first ? "debug" : isTransient(error) ? "warn" : "error";
      log[level]("status is not written yet; it is tried until it is", { object: key, error, retryMs });
    }
  }

  #settle(key: string, taken: Map<string, Pending<T>>, outcome: WriteOutcome<T>): void {
    const slots = this.#pending.get(key)!;
    for (const [slot, pending] of taken) {
      // One that was replaced meanwhile is in the queue again.
      if (slots.get(slot) !== pending) continue;
      slots.delete(slot);
      pending.done.resolve(outcome);
    }
    if (slots.size === 0) this.#pending.delete(key);
  }

  async #apply(key: string, decides: readonly Decide<T>[], signal: AbortSignal): Promise<WriteOutcome<T>> {
    const { client, resource, clock } = this.#options;
    try {
      let object = this.#fromCache(key) ?? await client.get<T>(resource, parseKey(key), { signal });
      for (let conflicts = 0;; conflicts++) {
        let status = object.status as T["status"];
        for (const decide of decides) status = decide({ ...object, status }) ?? status;
        if (same(status, object.status)) return { kind: "unchanged", object };
        // Kept in the order of time. Noted before, as a write without an answer may have been done.
        this.#writtenMs.delete(key);
        this.#writtenMs.set(key, clock.now());
        try {
          const written = await client.replaceStatus<T>(resource, { ...object, status }, { signal });
          return { kind: "written", object: written };
        } catch (error) {
          if (!(error instanceof ApiError) || error.status !== 409 || conflicts >= MAX_CONFLICTS) throw error;
          this.#options.observe?.("conflict");
        }
        object = await client.get<T>(resource, parseKey(key), { signal });
      }
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return { kind: "gone" };
      throw error;
    }
  }

  /** Not shortly after a write of ours: the cache may not show it yet, and "unchanged" be wrong. */
  #fromCache(key: string): T | undefined {
    const { cached, clock } = this.#options;
    for (const [written, atMs] of this.#writtenMs) {
      if (clock.now() - atMs < CACHE_LAG_MS) break;
      this.#writtenMs.delete(written);
    }
    return this.#writtenMs.has(key) ? undefined : cached(key);
  }
}
