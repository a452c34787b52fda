/** Waits for machines: one watch, what it tells to steps, and the end of it. */
import type { Clock } from "../../base/clock.ts";
import { formatDuration } from "../../base/duration.ts";
import type { KubeClient, Selection } from "../../k8s/client.ts";
import type { KubeObject } from "../../k8s/object.ts";
import { watchCollection } from "../../k8s/watch.ts";
import type { MachineObject } from "../../machine/types.ts";
import type { LiveLines } from "../live_lines.ts";
import { WatchTrouble } from "../watch_trouble.ts";
import { MACHINES } from "./cluster.ts";
import { block, type Row } from "./rows.ts";
import { advance, type Goal, newLines, NOTHING_SEEN, type Progress, standing } from "./steps.ts";

/** A machine that was asked for something. */
export interface Asked {
  readonly name: string;
  readonly goal: Goal;
  /** As the request left it. */
  readonly object: MachineObject;
}

/** What waiting needs. */
export interface WaitOptions {
  readonly client: KubeClient;
  /** Shows steps. */
  readonly lines: LiveLines;
  /** Takes errors. */
  readonly stderr: (text: string) => void;
  readonly clock: Clock;
  readonly random: () => number;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Undefined: without end. */
  readonly timeoutMs?: number;
  /** How the program is called, for hints. */
  readonly program: string;
  /** More than one was meant, so each line names its machine. */
  readonly isNamed: boolean;
}

/** How waiting ended. */
export interface Waited {
  /** 0 all done, 1 one has failed, 124 too late, 130 interrupted. */
  readonly code: number;
  /** The objects as last seen; those that are gone are not among them. */
  readonly objects: readonly MachineObject[];
}

/** However much happens, a terminal shows it at this pace. */
const REDRAW_MS = 100;

interface Waiting extends Row {
  readonly goal: Goal;
  progress: Progress;
  object: MachineObject | undefined;
}

/** Why the waiting ended. */
type End = "done" | "late" | "interrupted" | "refused";

/** One waiting. */
class Waiter {
  readonly #options: WaitOptions;
  readonly #machines: Map<string, Waiting>;
  readonly #startMs: number;
  readonly #stop = new AbortController();
  readonly #ended = Promise.withResolvers<End>();
  /** Said when the block of lines is at rest. */
  readonly #errors: string[] = [];
  /** The block of lines on the terminal. */
  #shown: readonly string[] = [];
  /** Of what is not seen any more. */
  #gone = "the Machine was deleted";
  /** Not seen since the last list began. */
  #unseen = new Set<string>();

  constructor(asked: readonly Asked[], options: WaitOptions) {
    this.#options = options;
    this.#startMs = options.clock.now();
    this.#machines = new Map(
      asked.map(({ name, goal, object }) => [name, { name, goal, object, progress: NOTHING_SEEN }]),
    );
  }

  async run(selection: Selection): Promise<Waited> {
    const { clock, timeoutMs, signal } = this.#options;
    // The watch calls that deleted too.
    if (selection.labelSelector !== undefined) this.#gone += `, or has lost its labels (${selection.labelSelector})`;
    const { signal: stop } = this.#stop;
    const interrupt = () => this.#ended.resolve("interrupted");
    if (signal.aborted) interrupt();
    signal.addEventListener("abort", interrupt, { once: true });
    const tasks = [this.#watch(selection), this.#redraw()];
    if (timeoutMs !== undefined) {
      tasks.push(clock.sleep(timeoutMs, { signal: stop }).then(() => this.#ended.resolve("late"), () => {}));
    }
    for (const task of tasks) task.catch((error) => this.#ended.reject(error));
    try {
      return this.#finish(await this.#ended.promise);
    } finally {
      signal.removeEventListener("abort", interrupt);
      this.#stop.abort();
      await Promise.allSettled(tasks);
    }
  }

  async #watch(selection: Selection): Promise<void> {
    const { client, clock, random, lines } = this.#options;
    const log = new WatchTrouble((line) => lines.say(line), (line) => {
      this.#errors.push(`Error: ${line}`);
      this.#ended.resolve("refused");
    });
    const parameters = { client, resource: MACHINES, selection, log, clock, random, signal: this.#stop.signal };
    for await (const event of watchCollection<KubeObject>(parameters)) {
      if (event.kind === "restart") this.#unseen = new Set(this.#machines.keys());
      else if (event.kind === "complete") { for (const name of this.#unseen) this.#see(name, undefined); }
      else this.#see(event.object.metadata.name, event.kind === "put" ? event.object as MachineObject : undefined);
      if ([...this.#machines.values()].every(({ progress }) => progress.outcome.kind !== "waiting")) {
        return this.#ended.resolve("done");
      }
    }
  }

  #see(name: string, object: MachineObject | undefined): void {
    const machine = this.#machines.get(name);
    if (machine === undefined) return;
    this.#unseen.delete(name);
    const before = machine.progress;
    machine.object = object;
    machine.progress = advance(before, object, machine.goal, this.#gone);
    const { outcome } = machine.progress;
    if (outcome.kind === "failed" && before.outcome.kind !== "failed") {
      this.#errors.push(`Error: machine "${name}": ${outcome.reason}`);
    }
    this.#print(name, newLines(before, machine.progress));
  }

  #print(name: string, news: readonly string[]): void {
    const { lines, isNamed } = this.#options;
    if (lines.terminal !== undefined) return;
    for (const line of news) lines.say(isNamed ? `${name}: ${line}` : line);
  }

  #draw(): void {
    const { lines, clock } = this.#options;
    const { terminal } = lines;
    if (terminal === undefined) return;
    const next = block([...this.#machines.values()], clock.now() - this.#startMs, terminal);
    if (next.length === this.#shown.length && next.every((line, i) => line === this.#shown[i])) return;
    this.#shown = next;
    lines.show(next);
  }

  async #redraw(): Promise<void> {
    if (this.#options.lines.terminal === undefined) return;
    const { signal } = this.#stop;
    try {
      for (;; await this.#options.clock.sleep(REDRAW_MS, { signal })) this.#draw();
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #finish(end: End): Waited {
    const { stderr, timeoutMs = 0, program } = this.#options;
    this.#draw();
    const machines = [...this.#machines.values()];
    const waiting = machines.filter(({ progress }) => progress.outcome.kind === "waiting");
    const places = waiting.map(({ name, progress }) => `  ${name}: ${standing(progress)}\n`).join("");
    for (const line of this.#errors) stderr(`${line}\n`);
    if (end === "late") {
      stderr(`Error: not done within ${formatDuration(timeoutMs)} (--timeout); the work goes on:\n${places}`);
    } else if (end === "interrupted") {
      stderr(`Stopped waiting; the work goes on:\n${places}See it with "${program} machine status NAME".\n`);
    }
    const objects = machines.flatMap(({ object }) => object ?? []);
    if (end === "interrupted") return { code: 130, objects };
    if (this.#errors.length > 0) return { code: 1, objects };
    return { code: end === "late" ? 124 : 0, objects };
  }
}

/**
 * Waits until each machine has done what it was asked for, or cannot.
 * @param selection all of these machines, and as few others as possible
 */
export function waitFor(asked: readonly Asked[], selection: Selection, options: WaitOptions): Promise<Waited> {
  return new Waiter(asked, options).run(selection);
}
