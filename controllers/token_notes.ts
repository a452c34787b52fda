/** Notes of tokens on their way into the status of Machines: an outage of any length loses none that counts. */
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { StatusWriter } from "../k8s/status.ts";
import { withToken } from "../machine/attestation.ts";
import type { MachineObject, MachineStatus } from "../machine/types.ts";
import { unlessAborted } from "./unless_aborted.ts";

/** What notes need. */
export interface TokenNotesOptions {
  /** Where they go. */
  readonly statuses: Pick<StatusWriter<MachineObject>, "write">;
  /** Called with each object as the API has it after a write. */
  readonly stored: (object: MachineObject) => void;
  /** Trouble is reported here. */
  readonly log: Logger;
  /** Time. */
  readonly clock: Pick<Clock, "now">;
}

/** A token that was issued. */
export type TokenNote = Parameters<typeof withToken>[1];

interface Waiting {
  readonly notes: Set<TokenNote>;
  readonly done: Promise<void>;
}

/** Of a Machine: as many as its status has room for. */
const MAX_NOTES = 60;

/** Keeps notes until they are written; for a Machine whose status the API never takes, its latest. */
export class TokenNotes {
  readonly #options: TokenNotesOptions;
  readonly #waiting = new Map<string, Waiting>();

  /** Nothing is written before the first note. */
  constructor(options: TokenNotesOptions) {
    this.#options = options;
  }

  /** Machines with notes that the API does not have yet. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Keeps the note of a Machine's token. */
  add(name: string, note: TokenNote): void {
    const notes = this.#waiting.get(name)?.notes;
    if (notes === undefined) {
      const first = new Set([note]);
      this.#waiting.set(name, { notes: first, done: this.#write(name, first) });
      return;
    }
    notes.add(note);
    for (const oldest of notes) {
      if (notes.size <= MAX_NOTES) break;
      notes.delete(oldest);
    }
  }

  /** Resolves when every note is written, or the signal aborts first: then the log names the Machines that lose one. */
  async flush(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size === 0) return;
    try {
      await unlessAborted(Promise.all([...this.#waiting.values()].map(({ done }) => done)), signal);
    } catch {
      const machines = [...this.#waiting.keys()].join(",");
      this.#options.log.error("tokens may not be counted: the API could not be reached before the end", { machines });
    }
  }

  /** One write at a time: which notes a write has taken is known when it is done, and each counts once. */
  async #write(name: string, notes: Set<TokenNote>): Promise<void> {
    const { statuses, stored, clock } = this.#options;
    while (notes.size > 0) {
      let taken: readonly TokenNote[] = [];
      const outcome = await statuses.write(name, "tokens", (object) => {
        taken = [...notes];
        return withNotes(object, taken, clock.now());
      });
      if (outcome.kind === "gone") break;
      for (const note of taken) notes.delete(note);
      stored(outcome.object);
    }
    this.#waiting.delete(name);
  }
}

function withNotes(object: MachineObject, notes: readonly TokenNote[], nowMs: number): MachineStatus | undefined {
  let status: MachineStatus | undefined;
  for (const note of notes) {
    status = withToken(status === undefined ? object : { ...object, status }, note, nowMs) ?? status;
  }
  return status;
}
