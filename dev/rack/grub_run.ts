/** Runs a GRUB configuration: what it loads and says is asked of the caller, so that nothing here does I/O. */
import type { GrubAnswer, GrubAsk, GrubFile, GrubMachine, GrubOutcome, GrubRun } from "./grub_types.ts";
import { GrubSyntaxError, parseGrubScript, type Statement, type Word } from "./grub_script.ts";
import { holds } from "./grub_test_command.ts";

type Work<T> = Generator<GrubAsk, T, GrubAnswer>;

interface Entry {
  readonly title: string;
  readonly id: string;
  readonly body: readonly Statement[];
}

/** A script that ran so long goes round in circles. */
const MAX_COMMANDS = 10_000;
const MAX_SOURCES = 16;
const MAX_VALUE = 65_536;
/** The device that is the disk's first partition. */
const DISK = "hd0,gpt1";
/** Known, and nothing to do for a machine without a screen. */
const QUIET = new Set([
  ...["insmod", "rmmod", "loadfont", "export", "load_video", "terminal_input", "terminal_output", "serial", "clear"],
  ...["true", "play", "background_color", "background_image", "net_bootp", "gfxmode"],
]);

/** Ends the whole run. */
class Ended extends Error {
  readonly outcome: GrubOutcome;
  constructor(outcome: GrubOutcome) {
    super("GRUB ends");
    this.outcome = outcome;
  }
}

class Grub {
  readonly #variables: Map<string, string>;
  readonly #uuid: string;
  readonly #diskFiles: readonly string[];
  #entries: Entry[] = [];
  #kernel: string | undefined;
  #commands = 0;
  #sources = 0;
  /** What went wrong last, as GRUB prints it. */
  #lastError = "";
  /** A kernel without its initrd would start and panic: what could not be loaded is the better thing to say. */
  #notLoaded = "";

  constructor(variables: ReadonlyMap<string, string>, uuid: string, diskFiles: readonly string[]) {
    this.#variables = new Map(variables);
    this.#uuid = uuid;
    this.#diskFiles = diskFiles;
  }

  *run(text: string): Work<GrubOutcome> {
    try {
      yield* this.#script(text);
      return yield* this.#menu();
    } catch (error) {
      if (error instanceof Ended) return error.outcome;
      throw error;
    }
  }

  *#script(text: string): Work<boolean> {
    let statements: Statement[];
    try {
      statements = parseGrubScript(text);
    } catch (error) {
      if (error instanceof GrubSyntaxError) return yield* this.#error(`syntax error: ${error.message}`);
      throw error;
    }
    return yield* this.#block(statements);
  }

  /** The value is that of the last command. */
  *#block(statements: readonly Statement[]): Work<boolean> {
    let ok = true;
    for (const statement of statements) ok = yield* this.#statement(statement);
    return ok;
  }

  *#statement(statement: Statement): Work<boolean> {
    if (statement.kind === "command") return yield* this.#command(this.#expand(statement.words));
    if (statement.kind === "menuentry") {
      this.#addEntry(this.#expand(statement.words), statement.body);
      return true;
    }
    for (const { condition, body } of statement.branches) {
      if (yield* this.#block(condition)) return yield* this.#block(body);
    }
    return yield* this.#block(statement.otherwise);
  }

  #addEntry([title = "", ...options]: readonly string[], body: readonly Statement[]): void {
    const at = options.findIndex((option) => option === "--id" || option === "$menuentry_id_option");
    const id = at >= 0 ? options[at + 1] : options.find((o) => o.startsWith("--id="))?.slice(5);
    this.#entries.push({ title, id: id ?? title, body });
  }

  #expand(words: readonly Word[]): string[] {
    const result: string[] = [];
    for (const word of words) {
      let fields = [""];
      for (const part of word) {
        const value = part.kind === "text" ? part.text : this.#variables.get(part.name) ?? "";
        const more = part.kind === "text" || part.quoted ? [value] : value.split(/\s+/);
        fields = [...fields.slice(0, -1), fields.at(-1)! + more[0]!, ...more.slice(1)];
      }
      const onlyUnquoted = word.every((part) => part.kind === "variable" && !part.quoted);
      result.push(...(onlyUnquoted ? fields.filter((field) => field !== "") : fields));
    }
    return result;
  }

  *#command([name = "", ...args]: readonly string[]): Work<boolean> {
    if (++this.#commands > MAX_COMMANDS) {
      throw new Ended({ kind: "prompt", reason: `the configuration ran ${MAX_COMMANDS} commands and did not end` });
    }
    if (name === "" || QUIET.has(name)) return true;
    const assigned = /^(\w+)=(.*)$/s.exec(name);
    if (assigned !== null) return this.#set(assigned[1]!, assigned[2]!);
    switch (name) {
      case "set":
        return this.#setAll(args);
      case "unset":
        for (const variable of args) this.#variables.delete(variable);
        return true;
      case "[":
        return holds(args.at(-1) === "]" ? args.slice(0, -1) : args);
      case "test":
        return holds(args);
      case "false":
        return false;
      case "smbios":
        return this.#smbios(args);
      case "echo":
        yield { kind: "print", text: args.filter((arg) => !/^-[ne]$/.test(arg)).join(" ") };
        return true;
      case "search":
        return yield* this.#search(args);
      case "sleep":
        yield { kind: "wait", seconds: Math.min(3600, Number(args.at(-1)) || 0) };
        return true;
      default:
        return yield* this.#bootCommand(name, args);
    }
  }

  *#bootCommand(name: string, args: readonly string[]): Work<boolean> {
    switch (name) {
      case "source":
      case ".":
      case "configfile":
      case "normal":
        return yield* this.#source(name, args[0] ?? "");
      case "linux":
      case "linuxefi":
        return yield* this.#linux(args);
      case "initrd":
      case "initrdefi":
        return yield* this.#initrd(args);
      case "boot":
        if (this.#kernel === undefined) return yield* this.#error("you need to load the kernel first");
        throw new Ended(this.#boot(this.#kernel));
      case "exit":
      case "reboot":
      case "halt":
        throw new Ended({ kind: name });
      default:
        return yield* this.#error(`can't find command \`${name}'`);
    }
  }

  *#error(text: string): Work<false> {
    this.#lastError = `error: ${text}.`;
    yield { kind: "print", text: this.#lastError };
    return false;
  }

  #set(name: string, value: string): true {
    this.#variables.set(name, value.slice(0, MAX_VALUE));
    return true;
  }

  #setAll(args: readonly string[]): true {
    for (const arg of args) {
      const at = arg.indexOf("=");
      if (at > 0) this.#set(arg.slice(0, at), arg.slice(at + 1));
    }
    return true;
  }

  /** The one question that is asked: `--type 1 --get-uuid 8`, the system UUID. */
  #smbios(args: readonly string[]): boolean {
    if (args.indexOf("--get-uuid") < 0) return false;
    const at = args.indexOf("--set");
    return at < 0 || this.#set(args[at + 1] ?? "", this.#uuid);
  }

  /** Which device has a file; labels and UUIDs the machine's one disk does not have. */
  *#search(args: readonly string[]): Work<boolean> {
    const name = args.filter((arg) => !arg.startsWith("-")).at(-1) ?? "";
    const isFound = args.some((arg) => arg === "--file" || arg === "-f") && this.#diskFiles.includes(name);
    if (!isFound) return yield* this.#error(`no such device: ${name}`);
    const set = args.find((arg) => arg === "--set" || arg.startsWith("--set="));
    return set === undefined || this.#set(set.slice(6) || "root", DISK);
  }

  /** The file that a name means; undefined where it is on a device that the machine does not have. */
  #file(name: string): GrubFile | undefined {
    const match = /^(?:\(([^)]*)\))?(\/.*)$/.exec(name);
    const device = match?.[1] ?? this.#variables.get("root") ?? "";
    const [protocol, server = this.#variables.get("net_default_server") ?? ""] = device.split(",", 2);
    if (match === null || (protocol !== "tftp" && protocol !== "http")) return undefined;
    return { protocol, server, path: match[2]! };
  }

  /** `source` counts as done also where the file is missing; `configfile` brings a menu of its own. */
  *#source(command: string, name: string): Work<boolean> {
    const file = this.#file(name);
    if (file === undefined) return yield* this.#error(`file \`${name}' not found`);
    if (++this.#sources > MAX_SOURCES) return yield* this.#error(`more than ${MAX_SOURCES} files are sourced`);
    const answer = yield { kind: "read", file };
    if (answer === undefined || "error" in answer) {
      yield* this.#error(answer?.error ?? `file \`${name}' not found`);
      return true;
    }
    if (command !== "configfile" && command !== "normal") return yield* this.#script(answer.text);
    this.#entries = [];
    yield* this.#script(answer.text);
    throw new Ended(yield* this.#menu());
  }

  *#linux([name = "", ...args]: readonly string[]): Work<boolean> {
    if (!(yield* this.#load("kernel", name))) return false;
    this.#kernel = args.join(" ");
    return true;
  }

  *#initrd(names: readonly string[]): Work<boolean> {
    if (this.#kernel === undefined) return yield* this.#error("you need to load the kernel first");
    for (const name of names) if (!(yield* this.#load("initrd", name))) return false;
    return true;
  }

  *#load(role: "kernel" | "initrd", name: string): Work<boolean> {
    const file = this.#file(name);
    if (file === undefined) return yield* this.#error(`file \`${name}' not found`);
    const answer = yield { kind: "load", role, file };
    if (answer === undefined || "text" in answer) return true;
    this.#notLoaded ||= answer.error;
    return yield* this.#error(answer.error);
  }

  #boot(commandLine: string): GrubOutcome {
    return this.#notLoaded === "" ? { kind: "boot", commandLine } : { kind: "prompt", reason: this.#notLoaded };
  }

  *#menu(): Work<GrubOutcome> {
    const problem = this.#notLoaded || this.#lastError;
    const hint = problem === "" ? "" : `; it said: ${problem}`;
    if (this.#entries.length === 0) {
      return { kind: "prompt", reason: `the configuration has no menuentry and no boot${hint}` };
    }
    const timeout = this.#variables.get("timeout");
    if (timeout === undefined || !(Number(timeout) >= 0)) {
      return { kind: "prompt", reason: "the menu waits for a key, as no timeout is set" };
    }
    yield { kind: "wait", seconds: Math.min(3600, Number(timeout)) };
    const entry = this.#default();
    yield { kind: "print", text: `Booting \`${entry.title}'` };
    yield* this.#block(entry.body);
    if (this.#kernel !== undefined) return this.#boot(this.#kernel);
    return { kind: "prompt", reason: this.#notLoaded || this.#lastError || `menuentry "${entry.title}" boots nothing` };
  }

  /** `default` is a number, a title or an id; what fits none of them means the first entry. */
  #default(): Entry {
    const wanted = this.#variables.get("default") ?? "0";
    const byNumber = /^\d+$/.test(wanted) ? this.#entries[Number(wanted)] : undefined;
    return byNumber ?? this.#entries.find(({ title, id }) => title === wanted || id === wanted) ?? this.#entries[0]!;
  }
}

/**
 * Runs a configuration.
 * @param variables what GRUB has set before: prefix, root, net_default_*
 */
export function runGrub(
  text: string,
  variables: ReadonlyMap<string, string>,
  { uuid, diskFiles = [] }: GrubMachine,
): GrubRun {
  return new Grub(variables, uuid, diskFiles).run(text);
}
