/** Events about objects, as `kubectl describe` shows them: counted, few, and done without where not granted. */
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { KubeClient } from "./client.ts";
import { ApiError } from "./errors.ts";
import { EventBudget, REFILL_MS } from "./event_budget.ts";
import { objectKey, type ObjectName, type Resource, resourcePath } from "./object.ts";
import { type QueueObserver, WorkQueue } from "./queue.ts";

/** Whom an event is about. */
export interface ObjectReference extends ObjectName {
  /** `example.com/v1`. */
  readonly apiVersion: string;
  /** `Widget`. */
  readonly kind: string;
  /** Of this very object. */
  readonly uid?: string;
}

/** What is said. */
export interface EventText {
  /** Something an operator should look at, or the usual. */
  readonly type: "Normal" | "Warning";
  /** One word in upper camel case. */
  readonly reason: string;
  /** For people; cut after 1024 characters. */
  readonly message: string;
}

/** What a recorder needs. */
export interface EventRecorderOptions {
  /** Where. */
  readonly client: Pick<KubeClient, "create" | "request">;
  /** Who says it, such as `metalman`. */
  readonly component: string;
  /** Which of several instances says it. */
  readonly instance: string;
  /** Trouble is reported here, at level debug as nothing depends on events, and once that the right is missing. */
  readonly log: Logger;
  /** Time of day, and waits. */
  readonly clock: Clock;
  /** Milliseconds that nobody sets: how long something is ago. */
  readonly steadyNow: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Told what happens to those that wait. @default nobody is */
  readonly observe?: QueueObserver;
}

/** What was said of one object, and how often. */
interface Series {
  readonly about: ObjectReference;
  readonly text: EventText;
  readonly firstMs: number;
  lastMs: number;
  count: number;
  /** Name of the Event that holds it, once it is written. */
  stored?: string;
}

/** The same again within this time is counted, later it is new. */
const SERIES_MS = 60 * 60_000;
/** A series is written at most this often. */
const UPDATE_MS = 30_000;
const MAX_SERIES = 4096;
const MAX_MESSAGE = 1024;
/** Without the right to write events it is tried again after this time. */
const FORBIDDEN_MS = 10 * 60_000;

/** metav1.Time has whole seconds. */
function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

function objectId(about: ObjectReference): string {
  return JSON.stringify([objectKey(about), about.uid, about.kind]);
}

/** Writes events (core/v1) behind the back of whoever records them. */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #queue: WorkQueue;
  readonly #series = new Map<string, Series>();
  readonly #budget = new EventBudget();
  /** By the steady clock. */
  #silentUntilMs = 0;
  /** That the right is missing was said, and nothing was written since. */
  #isRefused = false;

  /**
   * A recorder that has not started.
   * @param options who says it, and where
   */
  constructor(options: EventRecorderOptions) {
    this.#options = options;
    const { clock, random, observe } = options;
    const backoff = { baseMs: 1000, maxMs: 60_000 };
    this.#queue = new WorkQueue({ clock, random, backoff, ...(observe === undefined ? {} : { observe }) });
  }

  /**
   * Says something about an object. Never throws, never waits; an object of which too much is said is passed over.
   * @param atMs when it was so
   */
  record(about: ObjectReference, text: EventText, atMs = this.#options.clock.now()): void {
    const nowMs = this.#options.clock.now();
    if (this.#options.steadyNow() < this.#silentUntilMs) return;
    const id = JSON.stringify([objectId(about), text.type, text.reason, text.message]);
    const known = this.#series.get(id);
    if (known !== undefined && atMs - known.lastMs < SERIES_MS) {
      known.count++;
      known.lastMs = Math.max(known.lastMs, atMs);
      // One that is not written yet is written with its count, when its next try is due.
      if (known.stored !== undefined) this.#queue.addAfter(id, UPDATE_MS);
      return;
    }
    if (!this.#budget.take(objectId(about), text.type === "Warning", nowMs)) return;
    this.#series.delete(id);
    this.#series.set(id, { about, text, firstMs: atMs, lastMs: atMs, count: 1 });
    for (const oldest of this.#series.keys()) {
      if (this.#series.size <= MAX_SERIES) break;
      this.#series.delete(oldest);
    }
    this.#queue.add(id);
  }

  /** Resolves when nothing is to be written at once. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  /** Writes until the signal is aborted. */
  run(signal: AbortSignal): Promise<void> {
    return this.#queue.run(1, (id) => this.#work(id, signal), signal);
  }

  async #work(id: string, signal: AbortSignal): Promise<void> {
    const series = this.#series.get(id);
    if (series === undefined) return this.#queue.forget(id);
    const isNewCount = series.stored !== undefined && this.#queue.failures(id) === 0;
    if (isNewCount && !this.#mayCount(series)) return this.#queue.addAfter(id, REFILL_MS);
    try {
      await this.#write(series, signal);
      this.#isRefused = false;
      this.#queue.forget(id);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError) || error.status === 429 || error.status >= 500) {
        return void this.#queue.retry(id);
      }
      const isRefused = error.status === 403;
      const level = isRefused && !this.#isRefused ? "info" : "debug";
      const what = isRefused ? "no right to write Events: doing without them" : "event is not written";
      this.#options.log[level](what, { reason: series.text.reason, error });
      this.#isRefused = isRefused;
      this.#queue.forget(id);
      this.#series.delete(id);
      if (!isRefused) return;
      this.#silentUntilMs = this.#options.steadyNow() + FORBIDDEN_MS;
      this.#series.clear();
    }
  }

  /** A count that may not be written now is written later, with what comes until then. */
  #mayCount({ about, text }: Series): boolean {
    return this.#budget.take(objectId(about), text.type === "Warning", this.#options.clock.now());
  }

  async #write(series: Series, signal: AbortSignal): Promise<void> {
    const { client } = this.#options;
    const resource: Resource = {
      group: "",
      version: "v1",
      plural: "events",
      namespace: series.about.namespace ?? "default",
    };
    const { count, lastMs, stored } = series;
    if (stored === undefined) {
      const event = this.#event(series, resource.namespace!);
      series.stored = event.metadata.name;
      try {
        await client.create(resource, event, { signal });
      } catch (error) {
        // Its own name in the way: an earlier try has come through.
        if (!(error instanceof ApiError) || error.status !== 409) {
          delete series.stored;
          throw error;
        }
      }
      return;
    }
    try {
      await client.request("PATCH", resourcePath(resource, { name: stored }), {
        body: { count, lastTimestamp: timestamp(lastMs) },
        contentType: "application/merge-patch+json",
        signal,
      });
    } catch (error) {
      // Events are removed after an hour or so.
      if (error instanceof ApiError && error.status === 404) delete series.stored;
      throw error;
    }
  }

  #event({ about, text, firstMs, lastMs, count }: Series, namespace: string) {
    const { component, instance, random } = this.#options;
    const suffix = `${firstMs.toString(16)}${Math.floor(random() * 0x10000).toString(16).padStart(4, "0")}`;
    const { message } = text;
    return {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: `${about.name.slice(0, 220)}.${suffix}`, namespace },
      involvedObject: { ...about },
      type: text.type,
      reason: text.reason,
      message: message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE - 3)}...` : message,
      firstTimestamp: timestamp(firstMs),
      lastTimestamp: timestamp(lastMs),
      count,
      source: { component },
      reportingComponent: component,
      reportingInstance: instance,
    };
  }
}
