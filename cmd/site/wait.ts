/** Waits until a Deployment is rolled out. */
import type { Clock } from "../../base/clock.ts";
import { formatDuration } from "../../base/duration.ts";
import type { KubeClient } from "../../k8s/client.ts";
import { ApiError, ConnectionError } from "../../k8s/errors.ts";
import type { KubeObject } from "../../k8s/object.ts";
import { watchCollection } from "../../k8s/watch.ts";
import { WatchTrouble } from "../watch_trouble.ts";
import { DEPLOYMENTS, labelsOf, nameOf, NAMESPACE } from "./deployment.ts";
import { type PodObject, podTroubles } from "./pods.ts";
import { type DeploymentObject, type Rollout, rolloutOf } from "./rollout.ts";
import type { DeploySettings } from "./settings.ts";

/** What waiting needs. */
export interface RolloutOptions {
  readonly client: KubeClient;
  readonly settings: DeploySettings;
  /** Takes how far it is, a line each time that it changes. */
  readonly say: (line: string) => void;
  /** Takes errors. */
  readonly stderr: (text: string) => void;
  readonly clock: Clock;
  readonly random: () => number;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

/** How it ended, and what is said of it. */
interface End {
  readonly code: number;
  readonly line?: string;
}

const PODS = { group: "", version: "v1", plural: "pods", namespace: NAMESPACE };

/** One waiting. */
class RolloutWaiter {
  readonly #options: RolloutOptions;
  readonly #name: string;
  readonly #stop = new AbortController();
  readonly #ended = Promise.withResolvers<End>();
  #text = "";
  #isThere = false;

  constructor(options: RolloutOptions) {
    this.#options = options;
    this.#name = nameOf(options.settings);
  }

  async run(): Promise<number> {
    const { clock, settings: { wait }, signal, stderr } = this.#options;
    const interrupt = () => this.#ended.resolve({ code: 130, line: "Stopped waiting; the rollout goes on." });
    if (signal.aborted) interrupt();
    signal.addEventListener("abort", interrupt, { once: true });
    const tasks = [this.#watch()];
    if (wait?.timeoutMs !== undefined) tasks.push(this.#late(clock, wait.timeoutMs));
    for (const task of tasks) task.catch((error) => this.#ended.reject(error));
    try {
      const { code, line } = await this.#ended.promise;
      if (line !== undefined) stderr(`${line}\n`);
      if (code === 1 || code === 124) await this.#explain();
      return code;
    } finally {
      signal.removeEventListener("abort", interrupt);
      this.#stop.abort();
      await Promise.allSettled(tasks);
    }
  }

  async #late(clock: Clock, timeoutMs: number): Promise<void> {
    const { signal } = this.#stop;
    try {
      await clock.sleep(timeoutMs, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
      return;
    }
    const far = this.#text === "" ? "" : `: ${this.#text}`;
    const line = `${this.#error()} not rolled out within ${formatDuration(timeoutMs)} (--timeout); it goes on${far}`;
    this.#ended.resolve({ code: 124, line });
  }

  #error(): string {
    return `Error: Deployment/${this.#name}:`;
  }

  async #watch(): Promise<void> {
    const { client, clock, random, say } = this.#options;
    const log = new WatchTrouble(say, (line) => this.#ended.resolve({ code: 1, line: `${this.#error()} ${line}` }));
    const selection = { fieldSelector: `metadata.name=${this.#name}` };
    const parameters = { client, resource: DEPLOYMENTS, selection, log, clock, random, signal: this.#stop.signal };
    for await (const event of watchCollection<KubeObject>(parameters)) {
      if (event.kind === "restart") this.#isThere = false;
      else if (event.kind === "put") {
        this.#isThere = true;
        if (this.#see(event.object as DeploymentObject)) return;
      } else if (event.kind === "delete" || !this.#isThere) {
        return this.#ended.resolve({ code: 1, line: `${this.#error()} it is deleted` });
      }
    }
  }

  /** Whether that was all. */
  #see(object: DeploymentObject): boolean {
    const rollout: Rollout = rolloutOf(object);
    if (rollout.kind === "done") {
      this.#options.say(`Deployment/${this.#name} rolled out`);
      this.#ended.resolve({ code: 0 });
    } else if (rollout.kind === "failed") {
      this.#ended.resolve({ code: 1, line: `${this.#error()} ${rollout.reason}` });
    } else if (rollout.text !== this.#text) {
      this.#text = rollout.text;
      this.#options.say(`Waiting: ${rollout.text}`);
    }
    return rollout.kind !== "waiting";
  }

  /** What pods say, where they may be read, and where more is to be found. */
  async #explain(): Promise<void> {
    const { client, settings, stderr, signal } = this.#options;
    const labelSelector = Object.entries(labelsOf(settings)).map((pair) => pair.join("=")).join(",");
    try {
      for await (const { items } of client.list<KubeObject>(PODS, { labelSelector }, { signal })) {
        for (const line of podTroubles(items as PodObject[])) stderr(`  ${line}\n`);
        break;
      }
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof ConnectionError) && !signal.aborted) throw error;
    }
    stderr(`See more with: kubectl -n ${NAMESPACE} describe pods -l ${labelSelector}\n`);
  }
}

/**
 * Waits until all replicas are of the newest template and available.
 * @returns the exit code: 0 done, 1 failed, 124 waited too long, 130 interrupted
 */
export function waitForRollout(options: RolloutOptions): Promise<number> {
  return new RolloutWaiter(options).run();
}
