/** A foreign program that runs beside this one and ends with it. */

/** How a program is started. */
export interface ProgramOptions {
  /** Folder to run in. @default this program's own */
  readonly cwd?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Told of what it writes, as it comes. */
  readonly onOutput?: (text: string) => void;
}

/** Of its output, the last so many characters are kept. */
const KEPT_OUTPUT = 64 << 20;

/** A running program; its output is kept; it is ended when disposed. */
export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #pumps: Promise<void>[];
  readonly #onOutput: ((text: string) => void) | undefined;
  readonly #waiters = new Set<() => void>();
  #ended = false;
  /** What it wrote to standard output and standard error. */
  output = "";

  /** Starts it. */
  constructor(command: string, args: readonly string[], { cwd, env, onOutput }: ProgramOptions = {}) {
    this.#onOutput = onOutput;
    this.#child = new Deno.Command(command, {
      args: [...args],
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#pumps = [this.#pump(this.#child.stdout), this.#pump(this.#child.stderr)];
    this.#child.status.then(() => this.#wake(true));
  }

  /** Its process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Its end. */
  get status(): Promise<Deno.CommandStatus> {
    return this.#child.status;
  }

  async #pump(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.output = (this.output + text).slice(-KEPT_OUTPUT);
      this.#onOutput?.(text);
      this.#wake(false);
    }
  }

  #wake(ended: boolean): void {
    this.#ended ||= ended;
    for (const wake of [...this.#waiters]) wake();
  }

  /**
   * Resolves with the match once the output holds the pattern.
   * @throws when the program ends or `timeoutMs` passes first, with the output so far
   */
  waitFor(pattern: RegExp, timeoutMs = 30_000): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        this.#waiters.delete(look);
        settle();
      };
      const look = () => {
        const match = pattern.exec(this.output);
        if (match !== null) return finish(() => resolve(match));
        if (this.#ended) finish(() => reject(new Error(`ended before ${pattern}:\n${this.output}`)));
      };
      const timer = setTimeout(
        () => finish(() => reject(new Error(`no ${pattern} in ${timeoutMs} ms:\n${this.output}`))),
        timeoutMs,
      );
      this.#waiters.add(look);
      look();
    });
  }

  /** Resolves with its status when all that it wrote has been read. */
  async end(): Promise<Deno.CommandStatus> {
    const status = await this.#child.status;
    await Promise.allSettled(this.#pumps);
    return status;
  }

  /** Ends it: SIGTERM (or `signal`), and SIGKILL after 5 s. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<Deno.CommandStatus> {
    const kill = (name: Deno.Signal) => {
      try {
        this.#child.kill(name);
      } catch {
        // It has ended already.
      }
    };
    if (!this.#ended) kill(signal);
    const timer = setTimeout(() => kill("SIGKILL"), 5000);
    await this.#child.status;
    clearTimeout(timer);
    return await this.end();
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/**
 * Runs a program to its end and gives its output.
 * @throws when it exits non-zero, with what it printed
 */
export async function runProgram(program: Program, name: string): Promise<string> {
  const { success, code } = await program.end();
  if (!success) throw new Error(`${name} exited ${code}:\n${program.output}`);
  return program.output;
}
