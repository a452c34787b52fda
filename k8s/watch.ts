/**
 * Everything that happens to the objects of a collection, for as long as it is asked: list, watch, go on where a
 * watch broke, list again where that is no longer possible.
 */
import { backoffMs, type BackoffOptions } from "../base/backoff.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { KubeClient, Selection } from "./client.ts";
import { GarbageError, TooLargeError } from "./errors.ts";
import { LineSplitter } from "./lines.ts";
import { type KubeObject, type Resource, resourceName } from "./object.ts";
import { isKubeObject, parseWatchEvent, recoverFrom, type Recovery, WATCH_TROUBLES } from "./watch_event.ts";

/** What whoever mirrors a collection is told, in this order: restart, puts, complete, then puts and deletes. */
export type StoreEvent<T> =
  /** A new list begins. */
  | { readonly kind: "restart" }
  /** An object as it is now. */
  | { readonly kind: "put"; readonly object: T }
  /** An object that is gone. */
  | { readonly kind: "delete"; readonly object: T }
  /** The list has ended: what was not in it since the restart is gone. */
  | { readonly kind: "complete" };

/** Why a watch is made anew: the server has ended it, as it does every few minutes, or there is trouble. */
export const WATCH_ENDS = ["ended", ...WATCH_TROUBLES] as const;

/** What a watch needs. */
export interface WatchParameters {
  /** Where. */
  readonly client: Pick<KubeClient, "list" | "watch" | "server">;
  /** Which collection. */
  readonly resource: Resource;
  /** Which of its objects. */
  readonly selection?: Selection;
  /** Trouble is said once, and once more when it is over. */
  readonly log: Logger;
  /** Time. */
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** A watch that is silent for longer is made anew: it may be dead (quiet ones get a bookmark each 2 min). @default 75_000 */
  readonly idleMs?: number;
  /** Waits between tries. @default 0.2 s doubled up to 5 s, half of it random */
  readonly backoff?: BackoffOptions;
  /** Told each time that it is made anew. @default nobody is */
  readonly observe?: (why: typeof WATCH_ENDS[number]) => void;
}

/** An object of the API is at most 3 MiB as text. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
/** Nothing an operator need hear of: the next try tells whether there is trouble. */
const ROUTINE: ReadonlySet<Recovery["trouble"]> = new Set(["expired", "silent"]);
/** A watch that lived this long was a good one. */
const HEALTHY_MS = 5_000;

/** State of one {@link watchCollection}. */
class Watcher<T extends KubeObject> {
  readonly #p: WatchParameters;
  readonly #what: string;
  /** Where to go on; undefined when a list is needed. */
  #resourceVersion: string | undefined;
  #failures = 0;
  /** When the last list began. */
  #listedMs = -Infinity;
  /** What was said last, and is not over. */
  #trouble: Recovery["trouble"] | undefined;
  /** What the failure before was. */
  #before: Recovery["trouble"] | undefined;

  constructor(parameters: WatchParameters) {
    this.#p = parameters;
    this.#what = resourceName(parameters.resource);
  }

  async *run(): AsyncGenerator<StoreEvent<T>> {
    const { signal, clock } = this.#p;
    while (!signal.aborted) {
      const startedMs = clock.now();
      try {
        if (this.#resourceVersion === undefined) yield* this.#list();
        yield* this.#watch();
        this.#p.observe?.("ended");
        // An end in good order, unless it comes at once, again and again.
        if (clock.now() - startedMs < HEALTHY_MS) await this.#wait();
        else this.#failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        await this.#recover(error);
      }
    }
  }

  async *#list(): AsyncGenerator<StoreEvent<T>> {
    const { client, resource, selection = {}, signal, clock } = this.#p;
    this.#listedMs = clock.now();
    yield { kind: "restart" };
    let resourceVersion = "";
    for await (const page of client.list<T>(resource, selection, { signal })) {
      for (const object of page.items) {
        if (!isKubeObject(object)) throw new GarbageError("a list holds something that is not an object");
        yield { kind: "put", object };
      }
      resourceVersion ||= page.resourceVersion;
    }
    this.#resourceVersion = resourceVersion;
    this.#over();
    yield { kind: "complete" };
  }

  async *#watch(): AsyncGenerator<StoreEvent<T>> {
    const { client, resource, selection = {}, signal, random, idleMs = 75_000 } = this.#p;
    const lines = new LineSplitter(MAX_LINE_BYTES);
    const timeoutSeconds = Math.round(300 * (1 + random()));
    const from = this.#resourceVersion!;
    for await (
      const chunk of client.watch(resource, selection, { resourceVersion: from, timeoutSeconds, idleMs, signal })
    ) {
      this.#over();
      for (const line of lines.push(chunk)) {
        const event = parseWatchEvent<T>(line);
        if (event.kind === "error") throw event.error;
        if (event.kind !== "bookmark") yield { kind: event.kind, object: event.object };
        this.#resourceVersion = event.resourceVersion;
        this.#failures = 0;
      }
    }
  }

  /** The server answers again; whether the answers are any good, {@link #failures} knows. */
  #over(): void {
    if (this.#trouble === undefined) return;
    this.#p.log.info("watch goes on", { resource: this.#what });
    this.#trouble = undefined;
  }

  async #recover(error: unknown): Promise<void> {
    const known = error instanceof TooLargeError
      ? { relist: true, now: false, trouble: "garbage" as const }
      : recoverFrom(error);
    if (known === undefined) throw error;
    this.#p.observe?.(known.trouble);
    if (known.relist) this.#resourceVersion = undefined;
    // A server that has just started refuses for a moment what it will allow.
    const isPassing = known.trouble === "forbidden" && this.#before !== "forbidden";
    this.#before = known.trouble;
    if (known.trouble !== this.#trouble && !isPassing && !ROUTINE.has(known.trouble)) this.#say(known.trouble, error);
    else this.#p.log.debug("watch failed", { resource: this.#what, error });
    const { clock } = this.#p;
    if (known.now && clock.now() - this.#listedMs >= HEALTHY_MS) return;
    await this.#wait();
  }

  #say(trouble: Recovery["trouble"], error: unknown): void {
    this.#trouble = trouble;
    const fields = { resource: this.#what, server: this.#p.client.server };
    const { log } = this.#p;
    if (trouble === "missing") {
      log.warn("the API does not know this resource; waiting until its definition is installed", fields);
    } else if (trouble === "forbidden") {
      log.error("not allowed to list and watch; grant get, list and watch on this resource", { ...fields, error });
    } else if (trouble === "unauthorized") {
      log.error("the API server does not accept the credentials", { ...fields, error });
    } else {
      log.warn("watch is interrupted; trying again until it works", { ...fields, error });
    }
  }

  async #wait(): Promise<void> {
    const { clock, random, signal, backoff = { baseMs: 200, maxMs: 5_000 } } = this.#p;
    this.#failures++;
    try {
      await clock.sleep(backoffMs(this.#failures, backoff, random()), { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

/** Yields what happens to a collection until the signal is aborted; outages are waited out, and logged. */
export function watchCollection<T extends KubeObject>(parameters: WatchParameters): AsyncGenerator<StoreEvent<T>> {
  return new Watcher<T>(parameters).run();
}
