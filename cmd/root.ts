/** The command line from the first word to the exit code. What only some commands need is loaded when it is needed. */
import type { Actions } from "./commands.ts";
import { frontPage, programName } from "./front_page.ts";
import type { Io } from "./io.ts";
import { StartError, UsageError } from "./usage.ts";
import { buildInfo, versionLine } from "./version.ts";

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
