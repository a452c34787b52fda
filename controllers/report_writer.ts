/**
 * What machines report, on its way into their status. A report takes effect here at once (the next file a machine asks for
 * already knows it) and reaches the API when the API can be reached: an outage of any length loses nothing (contract 11.15).
 */
import { backoffMs } from "../base/backoff.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import { TaskGroup } from "../base/tasks.ts";
import type { MachineObject, MachineStatus } from "../machine/types.ts";

/** What a report makes of a Machine's status; undefined when it changes nothing. Applied again after each conflict. */
export type StatusChange = (object: MachineObject) => MachineStatus | undefined;

/**
 * Reads, decides and PUTs the status of one Machine once, conflicts included.
 * @returns the object as stored, undefined when there is no such Machine any more
 * @throws when the API cannot be reached or refuses
 */
export type WriteStatus = (
  name: string,
  decide: StatusChange,
  signal: AbortSignal,
) => Promise<MachineObject | undefined>;

/** What the writer works with. */
export interface ReportWriterOptions {
  readonly write: WriteStatus;
  /** Called when what {@link ReportWriter.overlay} adds to a Machine has changed. */
  readonly changed: (name: string) => void;
  /** Called with each object as stored. */
  readonly stored: (object: MachineObject) => void;
  readonly log: Logger;
  /** @default systemClock */
  readonly clock?: Clock;
  /** @default Math.random */
  readonly random?: () => number;
}

/** A report that is not in the API yet. */
interface Pending {
  readonly uid: string | undefined;
  readonly kind: string;
  readonly change: StatusChange;
}

/** Reports of one Machine that wait at most; the oldest of the same kind gives way. */
const MAX_PENDING = 64;
const RETRY = { baseMs: 500, maxMs: 30_000 };

/** Keeps the reports that are not written yet and writes them, one Machine at a time, many Machines at once. */
export class ReportWriter implements AsyncDisposable {
  readonly #options: ReportWriterOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #tasks: TaskGroup;
  readonly #pending = new Map<string, Pending[]>();

  /** Nothing is written before the first {@link submit}. */
  constructor(options: ReportWriterOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#tasks = new TaskGroup(options.log);
  }

  /** How many Machines have reports that are not in the API yet. */
  get waiting(): number {
    return this.#pending.size;
  }

  /**
   * Takes a report.
   * @param kind what it is about, for the log and for {@link MAX_PENDING}
   */
  submit({ metadata: { name, uid } }: MachineObject, kind: string, change: StatusChange): void {
    const report: Pending = { uid, kind, change };
    const queue = this.#pending.get(name);
    if (queue === undefined) {
      this.#pending.set(name, [report]);
      this.#tasks.start(`status of ${name}`, (signal) => this.#drain(name, signal));
    } else {
      if (queue.length >= MAX_PENDING) queue.splice(Math.max(0, queue.findIndex((p) => p.kind === kind)), 1);
      queue.push(report);
    }
    this.#options.changed(name);
  }

  /** The object as it will be once its reports are written. */
  overlay(object: MachineObject): MachineObject {
    const status = fold(object, this.#pending.get(object.metadata.name) ?? []);
    return status === undefined ? object : { ...object, status };
  }

  /** Resolves when everything is written, or rejects when `signal` aborts first. */
  flushed(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      this.#tasks.idle().then(() => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      });
    });
  }

  async #drain(name: string, signal: AbortSignal): Promise<void> {
    let failures = 0;
    for (let queue = this.#pending.get(name); queue !== undefined && queue.length > 0;) {
      const batch = [...queue];
      try {
        const stored = await this.#options.write(name, (object) => fold(object, batch), signal);
        failures = 0;
        queue = this.#written(name, batch);
        if (stored !== undefined) this.#options.stored(stored);
      } catch (error) {
        if (signal.aborted) throw error;
        failures++;
        const retryMs = backoffMs(failures, RETRY, this.#random());
        this.#options.log.warn("status not written yet, trying again", { machine: name, retryMs, error });
        await this.#clock.sleep(retryMs, { signal });
      }
    }
  }

  /** Forgets what was written; answers with what came meanwhile. */
  #written(name: string, batch: readonly Pending[]): Pending[] | undefined {
    const rest = (this.#pending.get(name) ?? []).filter((report) => !batch.includes(report));
    if (rest.length > 0) {
      this.#pending.set(name, rest);
      return rest;
    }
    this.#pending.delete(name);
  }

  /** Gives up what is not written; see {@link flushed}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tasks[Symbol.asyncDispose]();
  }
}

/** The status after all reports that are about this very object; undefined when they change nothing. */
function fold(object: MachineObject, reports: readonly Pending[]): MachineStatus | undefined {
  let status: MachineStatus | undefined;
  for (const { uid, change } of reports) {
    // A Machine that was deleted and made again has not reported anything.
    if (uid !== object.metadata.uid) continue;
    status = change(status === undefined ? object : { ...object, status }) ?? status;
  }
  return status;
}
