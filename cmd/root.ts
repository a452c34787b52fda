/** The command line from the first word to the exit code. What only some commands need is loaded when it is needed. */
import type { DevSettings } from "./dev/settings.ts";
import { frontPage, programName } from "./front_page.ts";
import type { ClusterSettings, MachineSettings } from "./machine/settings.ts";
import type { Permissions } from "./permissions.ts";
import type { ServeSettings } from "./serve_settings.ts";
import type { DeploySettings } from "./site/settings.ts";
import { StartError, UsageError } from "./usage.ts";
import { buildInfo, versionLine } from "./version.ts";

/** What a command may touch of the process. */
export interface Io {
  stdout(text: string): void;
  stderr(text: string): void;
  env(name: string): string | undefined;
  /** Size of the terminal that stdout is; undefined when it is none, or plain output is wanted (NO_COLOR). */
  terminal(): { readonly columns: number; readonly rows: number } | undefined;
  /** Puts a question on the terminal; undefined where there is none to answer it. */
  ask(question: string): Promise<string | undefined>;
  /** Gives up all other permissions; what it has been given a part of may mean that the process starts anew. */
  keep(permissions: Permissions): Promise<void>;
  /** Aborted by SIGTERM or SIGINT. */
  readonly signal: AbortSignal;
  /** The name the executable was called by. */
  readonly calledAs: string;
}

/** What the commands do; passed in so that the command line can be tested alone and each part is loaded only when used. */
export interface Actions {
  serve(settings: ServeSettings, io: Io): Promise<void>;
  dev(settings: DevSettings, io: Io): Promise<void>;
  /** Resolves with the exit code. */
  machine(settings: MachineSettings, io: Io): Promise<number>;
  /** Resolves with the exit code. */
  deploy(settings: DeploySettings, io: Io): Promise<number>;
  /** Names of Machines that a command line may go on with; of any cluster that does not answer, none. */
  machineNames(cluster: ClusterSettings): Promise<readonly string[]>;
  /** Names of contexts that it may go on with. */
  contextNames(cluster: ClusterSettings): Promise<readonly string[]>;
}

/**
 * Not written where it is imported: `deno run` would load all that it leads to before the first line runs, for a
 * version too. tools/bundle.ts finds it by this spelling, as it finds workers.
 */
const PROGRAM = new URL("./program.ts", import.meta.url);

/** What can be said before anything is loaded. */
function answerAtOnce(args: readonly string[], io: Io): string | undefined {
  if (args.length !== 1) return;
  if (args[0] === "version") return `${versionLine(buildInfo)}\n`;
  if (args[0] === "--help" || args[0] === "-h") return frontPage(programName(io.calledAs));
}

/**
 * Runs one command line.
 * @param actions what the commands do; this program's own where absent
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage; 124 and 130 where a command waits: too long, interrupted
 */
export async function runCommand(args: readonly string[], io: Io, actions?: Actions): Promise<number> {
  const answer = answerAtOnce(args, io);
  if (answer !== undefined) {
    io.stdout(answer);
    return 0;
  }
  try {
    const { ACTIONS, runProgram } = await import(PROGRAM.href) as typeof import("./program.ts");
    return await runProgram(args, io, actions ?? ACTIONS);
  } catch (error) {
    if (error instanceof UsageError) {
      io.stderr(`Error: ${error.message}\nSee --help.\n`);
      return 2;
    }
    if (!(error instanceof StartError)) throw error;
    io.stderr(`Error: ${error.message}\n`);
    return 1;
  }
}
