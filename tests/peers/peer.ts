/** Running programs that we did not write beside the code under test. */

/** Programs of a Debian package or of `deno task test:setup`, looked up like a shell does. */
export function which(program: string): string | undefined {
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/sbin", peersFolder() + "/bin"];
  return folders.map((folder) => `${folder}/${program}`).find(isFile);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Where `deno task test:setup` puts what Debian does not have. */
export function peersFolder(): string {
  return Deno.env.get("METALMAN_PEERS") ?? `${Deno.env.get("HOME") ?? "/root"}/.cache/metalman-peers`;
}

/** What a test needs installed. */
export interface Needs {
  /** Program names. */
  readonly programs: readonly string[];
  /** Paths of files. @default none */
  readonly files?: readonly string[];
  /** Network namespaces, ports below 1024. @default false */
  readonly root?: boolean;
}

/** Says what is missing, in words; undefined when nothing is. */
export function missing({ programs, files = [], root = false }: Needs): string | undefined {
  const absent = [...programs.filter((p) => which(p) === undefined), ...files.filter((f) => !isFile(f))];
  if (root && Deno.uid() !== 0) absent.push("root");
  return absent.length === 0 ? undefined : absent.join(", ");
}

/**
 * A test beside foreign programs. Where they are missing it is skipped and its name says why;
 * with REQUIRE_PEERS=1 that is a failure.
 */
export function peerTest(name: string, needs: Needs, fn: () => Promise<void>): void {
  const absent = missing(needs);
  if (absent === undefined) return Deno.test(name, fn);
  const reason = `${name} [skipped: ${absent} not found; deno task test:setup installs it]`;
  if (Deno.env.get("REQUIRE_PEERS") !== "1") return Deno.test({ name: reason, ignore: true, fn });
  Deno.test(reason, () => {
    throw new Error(`REQUIRE_PEERS=1 and ${absent} not found`);
  });
}

/** How a program is started. */
export interface PeerOptions {
  /** Folder to run in. @default the test's own */
  readonly cwd?: string;
  /** Added to the test's environment. */
  readonly env?: Record<string, string>;
  /** Run inside this network namespace (`ip netns exec`). */
  readonly netns?: string;
}

/** A running foreign program; its output is kept; it is ended when disposed. */
export class Peer implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #pumps: Promise<void>[];
  readonly #waiters = new Set<() => void>();
  #ended = false;
  /** Everything it wrote to standard output and standard error. */
  output = "";

  /** Starts the program. */
  constructor(program: string, args: readonly string[], { cwd, env, netns }: PeerOptions = {}) {
    const path = which(program) ?? program;
    const [command, allArgs] = netns === undefined
      ? [path, args]
      : [which("ip") ?? "ip", ["netns", "exec", netns, path, ...args]];
    this.#child = new Deno.Command(command, {
      args: [...allArgs],
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
      this.output += text;
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
    const status = await this.#child.status;
    clearTimeout(timer);
    await Promise.allSettled(this.#pumps);
    return status;
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
export async function run(program: string, args: readonly string[], options: PeerOptions = {}): Promise<string> {
  await using peer = new Peer(program, args, options);
  const status = await peer.status;
  await peer.stop();
  if (!status.success) throw new Error(`${program} ${args.join(" ")} exited ${status.code}:\n${peer.output}`);
  return peer.output;
}

/** A TCP port that was free a moment ago. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
