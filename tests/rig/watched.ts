/** What a machine of a rack says it does, kept and waited for. */
import type { MachineEvent, Stage } from "../../dev/rack/types.ts";

/** Events of one machine as they come, and a way to wait for one. */
export class Watched {
  /** All of them. */
  readonly events: MachineEvent[] = [];
  readonly #waiting: { readonly wanted: (event: MachineEvent) => boolean; readonly found: () => void }[] = [];

  /** Takes one. */
  readonly take = (event: MachineEvent): void => {
    this.events.push(event);
    for (const { found } of this.#waiting.filter(({ wanted }) => wanted(event))) found();
  };

  /** The next event of this stage; fails at once when the machine does, and after a while that is twice what a busy one takes. */
  async until(stage: Stage): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const last = () => `${this.times}: ${this.events.at(-1)?.detail}`;
    this.#waiting.push({ wanted: (event) => event.stage === stage, found: resolve });
    this.#waiting.push({ wanted: (event) => event.stage === "failed", found: () => reject(new Error(last())) });
    const timer = setTimeout(() => reject(new Error(`no ${stage} in 240 s: ${last()}`)), 240_000);
    await promise.finally(() => clearTimeout(timer));
  }

  /** Each stage once, in order. */
  get stages(): Stage[] {
    return this.events.map(({ stage }) => stage).filter((stage, at, all) => stage !== all[at - 1]);
  }

  /** Seconds from the first event to the first of each stage. */
  get times(): string {
    const first = this.events[0]?.atMs ?? 0;
    return this.stages.map((stage) => {
      const { atMs } = this.events.find((event) => event.stage === stage)!;
      return `${stage} ${((atMs - first) / 1000).toFixed(1)}`;
    }).join(", ");
  }
}
