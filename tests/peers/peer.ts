/** Running programs that we did not write beside the code under test. */
import { isFree } from "../../cmd/dev/ports.ts";
import { Program, type ProgramOptions, runProgram } from "../../dev/vm/program_host.ts";

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
export function peerTest(name: string, needs: Needs, fn: (t: Deno.TestContext) => Promise<void>): void {
  const absent = missing(needs);
  if (absent === undefined) return Deno.test(name, fn);
  const reason = `${name} [skipped: ${absent} not found; deno task test:setup installs it]`;
  if (Deno.env.get("REQUIRE_PEERS") !== "1") return Deno.test({ name: reason, ignore: true, fn });
  Deno.test(reason, () => {
    throw new Error(`REQUIRE_PEERS=1 and ${absent} not found`);
  });
}

/** How a program is started. */
export interface PeerOptions extends Pick<ProgramOptions, "cwd" | "env"> {
  /** Run inside this network namespace (`ip netns exec`). */
  readonly netns?: string;
}

/** A running foreign program; its output is kept; it is ended when disposed. */
export class Peer extends Program {
  /** Starts the program. */
  constructor(program: string, args: readonly string[], { netns, ...options }: PeerOptions = {}) {
    const own = [which(program) ?? program, ...args];
    const [command, ...rest] = netns === undefined ? own : [which("ip") ?? "ip", "netns", "exec", netns, ...own];
    super(command!, rest, options);
  }
}

/**
 * Runs a program to its end and gives its output.
 * @throws when it exits non-zero, with what it printed
 */
export async function run(program: string, args: readonly string[], options: PeerOptions = {}): Promise<string> {
  await using peer = new Peer(program, args, options);
  return await runProgram(peer, `${program} ${args.join(" ")}`);
}

/** Below those that Linux gives to clients, so that no connection takes one before it is listened on. */
const PORTS = { first: 20_000, last: 32_000 };
const given = new Set<number>();

/** A port that was free a moment ago, for TCP and UDP; another one each time, as several are often asked for before any is used. */
export function freePort(): number {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * (PORTS.last - PORTS.first));
    if (given.has(port) || !isFree("tcp", "127.0.0.1", port) || !isFree("udp", "127.0.0.1", port)) continue;
    given.add(port);
    return port;
  }
}
