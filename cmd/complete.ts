/**
 * What may follow on a command line: pure, from the tree of commands and the words so far. It is printed as cobra does,
 * which kubectl reads: a line for each, then `:4`, or `:0` where the shell should offer files.
 */
import type { CommandSpec } from "./commands.ts";
import type { Flag } from "./flags.ts";
import type { ClusterSettings } from "./machine/settings.ts";

/** A word that may come, and what it is for. */
export type Word = readonly [word: string, about?: string];

/** What may come. */
export type Completion =
  | { readonly kind: "words"; readonly words: readonly Word[] }
  | { readonly kind: "files" }
  /** Names of something in this cluster, but for those that are there already. */
  | { readonly kind: "machine" | "context"; readonly cluster: ClusterSettings; readonly taken: readonly string[] };

/** A command line up to the word that is completed. */
interface Line {
  readonly command: Pick<CommandSpec, "flags" | "commands" | "takes" | "words">;
  readonly args: readonly string[];
  readonly given: ReadonlyMap<string, string>;
  /** The flag whose value comes next. */
  readonly open?: Flag;
  /** After `--` there are no flags. */
  readonly isPlain: boolean;
}

const NOTHING: Completion = { kind: "words", words: [] };

function flagOf(flags: readonly Flag[], word: string): Flag | undefined {
  const name = word.split("=", 1)[0];
  return flags.find((flag) => `--${flag.name}` === name || `-${flag.short}` === name);
}

function read(tree: readonly CommandSpec[], words: readonly string[]): Line {
  let command: Line["command"] = { commands: tree };
  let open: Flag | undefined;
  let isPlain = false;
  const args: string[] = [];
  const given = new Map<string, string>();
  for (const word of words) {
    const { flags = [], commands = [] } = command;
    const flag = isPlain || !word.startsWith("-") ? undefined : flagOf(flags, word);
    const child = commands.find(({ name }) => name === word);
    if (open !== undefined) {
      given.set(open.name, word);
      open = undefined;
    } else if (word === "--") isPlain = true;
    else if (flag !== undefined) {
      given.set(flag.name, word.includes("=") ? word.slice(word.indexOf("=") + 1) : flag.bare ?? "");
      if (flag.takes !== undefined && flag.bare === undefined && !word.includes("=")) open = flag;
    } else if (child !== undefined) command = child;
    else if (isPlain || !word.startsWith("-")) args.push(word);
  }
  return { command, args, given, isPlain, ...(open === undefined ? {} : { open }) };
}

function clusterOf(given: ReadonlyMap<string, string>): ClusterSettings {
  const [kubeconfig, context] = [given.get("kubeconfig"), given.get("context")];
  return { ...(kubeconfig ? { kubeconfig } : {}), ...(context ? { context } : {}) };
}

function valuesOf({ takes, values }: Flag, given: ReadonlyMap<string, string>): Completion {
  if (values === "context") return { kind: "context", cluster: clusterOf(given), taken: [] };
  if (values !== undefined) return { kind: "words", words: values.map((word) => [word]) };
  return takes === "path" || takes === "folder" ? { kind: "files" } : NOTHING;
}

function argumentsOf({ command: { takes, words }, args, given }: Line): Completion {
  const isFull = takes === undefined || args.length > 0 && !takes.includes("...");
  if (isFull || words === undefined || given.has("selector") || given.has("all")) return NOTHING;
  if (words === "machine") return { kind: "machine", cluster: clusterOf(given), taken: args };
  return { kind: "words", words: words.map((word) => [word]) };
}

/** What may stand in the place of the last word; not all of it begins as that word does. */
export function complete(tree: readonly CommandSpec[], words: readonly string[]): Completion {
  const line = read(tree, words.slice(0, -1));
  const current = words.at(-1) ?? "";
  const { command: { flags = [], commands }, given, open } = line;
  if (open !== undefined) return valuesOf(open, given);
  if (!line.isPlain && current.startsWith("-")) {
    const flag = flagOf(flags, current);
    if (current.includes("=")) return flag === undefined ? NOTHING : valuesOf(flag, given);
    const left = flags.filter(({ name, repeatable }) => repeatable || !given.has(name));
    return {
      kind: "words",
      words: [...left.map(({ name, help }) => [`--${name}`, help] as const), ["--help", "help"]],
    };
  }
  if (commands === undefined) return argumentsOf(line);
  return { kind: "words", words: commands.map(({ name, about }) => [name, about]) };
}

/** The names in the cluster that a completion asks for. */
type NamesOf = Readonly<Record<"machine" | "context", (cluster: ClusterSettings) => Promise<readonly string[]>>>;

/** What `__complete` prints. */
export async function completionLines(
  tree: readonly CommandSpec[],
  words: readonly string[],
  namesOf: NamesOf,
): Promise<string> {
  const found = complete(tree, words);
  if (found.kind === "files") return ":0\n";
  const current = words.at(-1) ?? "";
  // After "=", what is printed is the value alone: the shells put it there.
  const begun = current.startsWith("-") ? current.replace(/^-[^=]*=/, "") : current;
  const all: readonly Word[] = found.kind === "words"
    ? found.words
    : (await namesOf[found.kind](found.cluster)).filter((name) => !found.taken.includes(name)).map((name) => [name]);
  const lines = all.filter(([word]) => word.startsWith(begun))
    .map(([word, about]) => `${word}${about === undefined ? "" : `\t${about}`}\n`);
  return `${lines.join("")}:4\n`;
}
