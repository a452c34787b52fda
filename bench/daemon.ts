/** A server under test: started with its output in a file, so that nobody has to read along while it is measured. */
import { Peer, which } from "../tests/peers/peer.ts";
import type { ControlGroup } from "./cgroup.ts";
import type { Stage } from "./stage.ts";
import { until } from "./wire.ts";

/** How a server is started. */
export interface DaemonOptions {
  /** Looked up as a shell does. */
  readonly program: string;
  /** Its arguments. */
  readonly args: readonly string[];
  /** Added to our own environment. */
  readonly env?: Record<string, string>;
  /** Asked again and again until it is true. */
  readonly isReady: () => boolean | Promise<boolean>;
  /** How long it may take to get ready. @default 30,000 */
  readonly timeoutMs?: number;
}

/** A running server. */
export class Daemon implements AsyncDisposable {
  readonly #peer: Peer;
  readonly #program: string;
  readonly #logFile: string;
  readonly #group: ControlGroup;
  #ended = false;

  private constructor({ folder, groups }: Pick<Stage, "folder" | "groups">, { program, args, env }: DaemonOptions) {
    this.#program = program;
    this.#logFile = `${folder}/${program.replace(/.*\//, "")}.log`;
    this.#group = groups.create();
    const path = which(program) ?? program;
    const script = 'echo $$ >"$1" && log=$2 && shift 2 && exec "$@" >"$log" 2>&1';
    this.#peer = new Peer("sh", ["-c", script, "sh", this.#group.joinFile, this.#logFile, path, ...args], {
      ...(env === undefined ? {} : { env }),
    });
    this.#peer.status.then(() => this.#ended = true);
  }

  /**
   * Starts it and waits until it is ready.
   * @throws when it ends or is not ready in time, with the end of what it printed
   */
  static async start(stage: Pick<Stage, "folder" | "groups">, options: DaemonOptions): Promise<Daemon> {
    const daemon = new Daemon(stage, options);
    try {
      const { timeoutMs = 30_000, isReady } = options;
      await until(`${options.program} is ready`, async () => daemon.#ended || await isReady(), {
        timeoutMs,
        everyMs: 5,
      });
      if (daemon.#ended) throw new Error(`${options.program} ended`);
      return daemon;
    } catch (error) {
      await daemon[Symbol.asyncDispose]();
      throw new Error(`${(error as Error).message}:\n${await daemon.#lastLines()}`);
    }
  }

  /** Processor seconds that it and its children have taken so far. */
  cpuSeconds(): number {
    return this.#group.cpuSeconds();
  }

  /** Of these, what the thread that answers DHCP has taken, and what it waited for a processor. */
  mainThreadSeconds(): ReturnType<ControlGroup["mainThreadSeconds"]> {
    return this.#group.mainThreadSeconds();
  }

  /** Gives it the processors before its clients, which are other machines where it runs for real. */
  favour(): Promise<void> {
    return this.#group.favour();
  }

  /** Its resident memory. */
  residentMB(): ReturnType<ControlGroup["residentMB"]> {
    return this.#group.residentMB();
  }

  async #lastLines(): Promise<string> {
    const text = await Deno.readTextFile(this.#logFile).catch(() => "");
    return text.slice(-3000);
  }

  /**
   * Says nothing while it runs.
   * @throws when it has ended by itself: what was measured is then worth nothing
   */
  async check(): Promise<void> {
    if (this.#ended) throw new Error(`${this.#program} ended while it was measured:\n${await this.#lastLines()}`);
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#peer.stop();
  }
}
