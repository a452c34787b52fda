/** What the areas of a run share; each part is made when it is first asked for and ended with the run. */
import { missing } from "../tests/peers/peer.ts";
import { startRegistry } from "../tests/peers/registry.ts";
import type { ControlGroups } from "./cgroup.ts";
import { Cluster } from "./cluster.ts";
import { Images } from "./images.ts";
import { LoadClients } from "./load.ts";

/** How long and how often is measured. */
export interface Pace {
  /** Over small data too. */
  readonly quick: boolean;
  /** Of one measurement. */
  readonly seconds: number;
  /** Measurements of each figure, ours and the peer's in turn; the median counts. */
  readonly rounds: number;
}

/** The shared parts. */
export class Stage implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly #made = new Map<string, Promise<unknown>>();
  /** Removed at the end of the run. */
  readonly folder: string;
  /** For the servers under test. */
  readonly groups: ControlGroups;
  /** Of every area. */
  readonly pace: Pace;
  /** Says what is being done. */
  readonly progress: (text: string) => void;

  /**
   * Nothing is started yet.
   * @param parts `folder`: an empty one that every user may read
   */
  constructor(parts: Pick<Stage, "folder" | "groups" | "pace" | "progress">) {
    this.folder = parts.folder;
    this.groups = parts.groups;
    this.pace = parts.pace;
    this.progress = parts.progress;
  }

  #once<T>(name: string, make: () => Promise<T>): Promise<T> {
    const made = this.#made.get(name) as Promise<T> | undefined ?? make();
    this.#made.set(name, made);
    return made;
  }

  /** The API server. */
  get cluster(): Promise<Cluster> {
    return this.#once("cluster", async () => {
      this.progress("starting kube-apiserver");
      return this.#stack.use(await Cluster.start());
    });
  }

  /** The registry and its images. */
  get images(): Promise<Images> {
    return this.#once("images", async () => {
      const registry = this.#stack.use(await startRegistry());
      const folder = this.newFolder("images");
      return new Images({ folder, registryHost: registry.host, quick: this.pace.quick });
    });
  }

  /** The built load clients. */
  get load(): Promise<LoadClients> {
    return this.#once("load", () => LoadClients.build(this.folder));
  }

  /** A new folder inside {@link folder}. */
  newFolder(name: string): string {
    const folder = Deno.makeTempDirSync({ dir: this.folder, prefix: `${name}-` });
    // Servers that give up root must be able to read below it.
    Deno.chmodSync(folder, 0o755);
    return folder;
  }

  /** True when the program is installed. */
  has(program: string): boolean {
    return missing({ programs: [program] }) === undefined;
  }

  /** Ends everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#made.values());
    await this.#stack.disposeAsync();
  }
}
