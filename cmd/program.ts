/** Reads a command line: the tree of commands, told to commander. */
import { Command, CommanderError, Option } from "commander";
import { type CommandSpec, commandTree } from "./commands.ts";
import { completionLines } from "./complete.ts";
import type { Flag, FlagValues } from "./flags.ts";
import { ABOUT, frontPage, programName } from "./front_page.ts";
import { COMPLETION } from "./permissions/permissions.ts";
import type { Actions } from "./commands.ts";
import type { Io } from "./io.ts";
import { UsageError } from "./usage.ts";

export { ACTIONS } from "./actions.ts";

function allFlags(commands: readonly CommandSpec[]): Flag[] {
  return commands.flatMap(({ flags = [], commands = [] }) => [...flags, ...allFlags(commands)]);
}

/**
 * Arguments as pflag reads them, in the words of commander: `--switch=true|false` becomes the plain switch or nothing,
 * and a flag that may stand alone gets the value that it then has, so that it never takes the next word for one.
 */
function plainArguments(args: readonly string[], flags: readonly Flag[]): string[] {
  const switches = new Set(flags.filter(({ takes }) => takes === undefined).map(({ name }) => `--${name}`));
  const alone = new Map(flags.map(({ name, bare }) => [`--${name}`, bare]));
  const end = args.indexOf("--");
  const rest = end < 0 ? [] : args.slice(end);
  const plain = args.slice(0, end < 0 ? undefined : end).flatMap((arg) => {
    const [name = "", value] = arg.split("=", 2);
    const bare = alone.get(arg);
    if (bare !== undefined) return [`${arg}=${bare}`];
    if (value === undefined || !switches.has(name)) return [arg];
    if (/^(1|t|true)$/i.test(value)) return [name];
    if (/^(0|f|false)$/i.test(value)) return [];
    throw new UsageError(`invalid argument "${value}" for "${name}": want true or false`);
  });
  return [...plain, ...rest];
}

/** Declares the flags; what is returned reads their values once the command line is parsed. */
function addFlags(command: Command, flags: readonly Flag[]): () => FlagValues {
  for (const { name, short, takes, bare, help, fallback, repeatable } of flags) {
    const long = short === undefined ? `--${name}` : `-${short}, --${name}`;
    const value = takes === undefined ? "" : bare === undefined ? ` <${takes}>` : ` [${takes}]`;
    const option = new Option(`${long}${value}`, help);
    if (fallback !== undefined) option.default(fallback);
    if (repeatable) option.argParser((value: string, before?: string[]) => [...before ?? [], value]);
    command.addOption(option);
  }
  return () =>
    Object.fromEntries(
      command.options.map((option) => [option.long!.slice(2), command.getOptionValue(option.attributeName())]),
    );
}

/** What a command line ended with. */
interface Ending {
  code: number;
}

function addCommand(parent: Command, spec: CommandSpec, program: string, ending: Ending): void {
  const command = parent.command(spec.name).description(spec.about);
  if (spec.examples !== undefined) {
    const examples = spec.examples.map(([comment, line]) => `  # ${comment}\n  ${program} ${line}`);
    command.addHelpText("after", `\nExamples:\n${examples.join("\n\n")}`);
  }
  if (spec.takes !== undefined) command.argument(spec.takes);
  const values = addFlags(command, spec.flags ?? []);
  for (const child of spec.commands ?? []) addCommand(command, child, program, ending);
  const { run } = spec;
  if (run === undefined) return;
  command.action(async () => {
    ending.code = await run(command.processedArgs.flat() as string[], values()) ?? 0;
  });
}

/**
 * Runs one command line.
 * @returns the exit code
 * @throws {UsageError} when the command line is wrong
 */
export async function runProgram(args: readonly string[], io: Io, actions: Actions): Promise<number> {
  const name = programName(io.calledAs);
  const tree = commandTree(io, actions);
  if (args[0] === "__complete") {
    await io.keep(COMPLETION);
    const namesOf = { machine: actions.machineNames, context: actions.contextNames };
    io.stdout(await completionLines(tree, args.slice(1), namesOf));
    return 0;
  }
  const ending: Ending = { code: 0 };
  const root = new Command(name)
    .description(ABOUT)
    .configureOutput({
      writeOut: (text) => io.stdout(text),
      writeErr: (text) => io.stderr(text),
      // What is wrong becomes an error that the caller prints.
      outputError: () => {},
      getOutHelpWidth: () => io.terminal()?.columns ?? 80,
    })
    .exitOverride()
    .showSuggestionAfterError();
  for (const spec of tree) addCommand(root, spec, name, ending);
  root.helpInformation = () => frontPage(name);
  try {
    await root.parseAsync(plainArguments(args, allFlags(tree)), { from: "user" });
    return ending.code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    if (error.code !== "commander.help") throw new UsageError(error.message.replace(/^error: /, ""));
    // Nothing was asked for, or a group of commands: its help is printed.
    return 2;
  }
}
