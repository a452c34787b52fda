/** The command line: commands, flags, help; what they do is in the files beside this one. */
import { Command, CommanderError, Option } from "commander";
import { DEV_FLAGS, type DevSettings, devSettings } from "./dev/settings.ts";
import type { Flag, FlagValues } from "./flags.ts";
import { SERVE_FLAGS, type ServeSettings, serveSettings } from "./serve_settings.ts";
import { StartError, UsageError } from "./usage.ts";
import { buildInfo, versionLine } from "./version.ts";

/** What a command may touch of the process. */
export interface Io {
  stdout(text: string): void;
  stderr(text: string): void;
  env(name: string): string | undefined;
  /** Size of the terminal that stdout is; undefined when it is none, or plain output is wanted (NO_COLOR). */
  terminal(): { readonly columns: number; readonly rows: number } | undefined;
  /** Aborted by SIGTERM or SIGINT. */
  readonly signal: AbortSignal;
  /** The name the executable was called by. */
  readonly calledAs: string;
}

/** What the commands do; passed in so that the command line can be tested alone and each part is loaded only when used. */
export interface Actions {
  serve(settings: ServeSettings, io: Io): Promise<void>;
  dev(settings: DevSettings, io: Io): Promise<void>;
}

const SERVE_EXAMPLES = `
Examples:
  # Answer DHCP broadcasts on eth0 for Machines without a site label
  metalman serve-pxe --dhcp-interface=eth0

  # Behind DHCP relays, for the Machines labelled unbounded-cloud.io/site=rack-a
  metalman serve-pxe --site=rack-a

  # Look at what would be answered, in detail
  metalman serve-pxe --dhcp-interface=eth0 --log-level=debug`;

const DEV_EXAMPLES = `
Examples:
  # One emulated server boots over the network and installs; then try kubectl
  metalman dev

  # A rack of them, kept between runs
  metalman dev --machines=20 --state=./rack

  # In a script: exit 0 when all have installed
  metalman dev --machines=200 --once --timeout=2m

  # A real UEFI machine in QEMU
  sudo metalman dev --vm`;

/** Switches of all commands: pflag lets users write --switch=false. */
const SWITCHES = new Set([...SERVE_FLAGS, ...DEV_FLAGS].filter((f) => f.takes === undefined).map((f) => `--${f.name}`));

/** Turns `--switch=true|false` into what the parser knows: the plain switch, or nothing. */
function plainSwitches(args: readonly string[]): string[] {
  return args.flatMap((arg) => {
    const [name = "", value] = arg.split("=", 2);
    if (value === undefined || !SWITCHES.has(name)) return [arg];
    if (/^(1|t|true)$/i.test(value)) return [name];
    if (/^(0|f|false)$/i.test(value)) return [];
    throw new UsageError(`invalid argument "${value}" for "${name}": want true or false`);
  });
}

/** Declares the flags; what is returned reads their values once the command line is parsed. */
function addFlags(command: Command, flags: readonly Flag[]): () => FlagValues {
  for (const flag of flags) {
    const option = new Option(flag.takes ? `--${flag.name} <${flag.takes}>` : `--${flag.name}`, flag.help);
    if (flag.fallback !== undefined) option.default(flag.fallback);
    if (flag.repeatable) option.argParser((value: string, before?: string[]) => [...before ?? [], value]);
    command.addOption(option);
  }
  return () =>
    Object.fromEntries(
      command.options.map((option) => [option.long!.slice(2), command.getOptionValue(option.attributeName())]),
    );
}

function addServe(parent: Command, io: Io, actions: Actions): void {
  const command = parent.command("serve-pxe")
    .description("Network-boot the Machines of a site: DHCP, TFTP, HTTP and their images, in one process")
    .addHelpText("after", SERVE_EXAMPLES);
  const values = addFlags(command, SERVE_FLAGS);
  command.action(() => actions.serve(serveSettings(values(), io.env("HOME") ?? "/"), io));
}

function addDev(root: Command, io: Io, actions: Actions): void {
  const command = root.command("dev")
    .description(
      "Try it all on this machine: a small cluster, a registry and emulated servers, without root or hardware",
    )
    .addHelpText("after", DEV_EXAMPLES);
  const values = addFlags(command, DEV_FLAGS);
  command.action(() => actions.dev(devSettings(values()), io));
}

/** The whole command tree. */
function program(io: Io, actions: Actions): Command {
  const plugin = /kubectl-unbounded/.test(io.calledAs);
  const root = new Command(plugin ? "kubectl unbounded" : "metalman")
    .description("Joins bare-metal servers to a Kubernetes cluster")
    .configureOutput({ writeOut: (text) => io.stdout(text), writeErr: () => {} })
    .exitOverride()
    .showSuggestionAfterError();
  addServe(root, io, actions);
  addDev(root, io, actions);
  const site = root.command("site").description("Work on the PXE server of a site");
  addServe(site, io, actions);
  root.command("version").description("Print the version").action(() => io.stdout(versionLine(buildInfo) + "\n"));
  return root;
}

/**
 * Runs one command line.
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage
 */
export async function runCommand(args: readonly string[], io: Io, actions: Actions): Promise<number> {
  try {
    await program(io, actions).parseAsync(plainSwitches(args), { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      if (error.code === "commander.help") return 2;
      io.stderr(`Error: ${error.message.replace(/^error: /, "")}\nSee --help.\n`);
      return 2;
    }
    if (error instanceof UsageError) {
      io.stderr(`Error: ${error.message}\nSee --help.\n`);
      return 2;
    }
    if (!(error instanceof StartError)) throw error;
    io.stderr(`Error: ${error.message}\n`);
    return 1;
  }
}
