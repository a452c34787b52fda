/** Reads our Dockerfile: the instructions that it uses, and no others. */

/** What one instruction says. */
export type Step =
  | { readonly kind: "run"; readonly line: number; readonly command: string }
  | {
    readonly kind: "copy";
    readonly line: number;
    /** The stage copied from; undefined: the checkout. */
    readonly from: string | undefined;
    readonly source: string;
    readonly target: string;
  }
  | { readonly kind: "arg"; readonly line: number; readonly name: string; readonly value: string | undefined }
  | { readonly kind: "env" | "label"; readonly line: number; readonly values: Readonly<Record<string, string>> }
  | { readonly kind: "expose" | "volume"; readonly line: number; readonly values: readonly string[] }
  | { readonly kind: "user" | "workdir" | "stopsignal"; readonly line: number; readonly value: string }
  | { readonly kind: "entrypoint"; readonly line: number; readonly command: readonly string[] };

/** From one FROM to the next. */
export interface Stage {
  /** Of `AS`; the last stage may have none. */
  readonly name: string | undefined;
  /** The image it begins with. */
  readonly base: string;
  /** Made on and for the platform that builds (`--platform=$BUILDPLATFORM`). */
  readonly forBuilder: boolean;
  /** Of its FROM. */
  readonly line: number;
  /** What follows it. */
  readonly steps: readonly Step[];
}

/** A line that this reader does not know. */
export class DockerfileError extends Error {
  /** The class, in logs. */
  override name = "DockerfileError";

  /** Names the line. */
  constructor(line: number, what: string) {
    super(`Dockerfile, line ${line}: ${what}`);
  }
}

interface Instruction {
  readonly line: number;
  readonly word: string;
  readonly rest: string;
}

/** Lines that end with a backslash go on; comments and empty lines say nothing. */
function* instructions(text: string): Generator<Instruction> {
  let start = 0;
  let whole = "";
  for (const [index, line] of text.split("\n").entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    if (whole === "") start = index + 1;
    whole += line.replace(/\\$/, "");
    if (line.endsWith("\\")) continue;
    const [, word = "", rest = ""] = /^\s*(\S+)\s*(.*?)\s*$/s.exec(whole)!;
    yield { line: start, word: word.toUpperCase(), rest };
    whole = "";
  }
  if (whole !== "") throw new DockerfileError(start, "the last line ends with a backslash");
}

function matched(pattern: RegExp, { line, word, rest }: Instruction, form: string): RegExpExecArray {
  const match = pattern.exec(rest);
  if (match === null) throw new DockerfileError(line, `${word} is understood as "${word} ${form}" only`);
  return match;
}

/** `A=b C="d e"`. */
function pairs(instruction: Instruction): Record<string, string> {
  matched(/^(?:[\w.-]+=(?:"[^"\\]*"|[^\s"'\\]+)\s*)+$/, instruction, 'NAME=value NAME="value"');
  const found = instruction.rest.matchAll(/([\w.-]+)=(?:"([^"]*)"|(\S+))/g);
  return Object.fromEntries([...found].map(([, name, quoted, plain]) => [name, quoted ?? plain ?? ""]));
}

function command(instruction: Instruction): readonly string[] {
  const { line, word, rest } = instruction;
  let value: unknown;
  try {
    value = JSON.parse(rest);
  } catch {
    throw new DockerfileError(line, `${word} has to be a JSON list: there is no shell in the image`);
  }
  if (!Array.isArray(value) || value.length === 0 || !value.every((item) => typeof item === "string")) {
    throw new DockerfileError(line, `${word} has to be a JSON list of texts`);
  }
  return value;
}

function copy(instruction: Instruction): Step {
  const form = "[--from=STAGE] SOURCE TARGET";
  const [, from, source = "", target = ""] = matched(/^(?:--from=(\S+)\s+)?([^\s-]\S*)\s+(\S+)$/, instruction, form);
  if (/[*?[]/.test(source)) throw new DockerfileError(instruction.line, "COPY of a pattern is not known");
  return { kind: "copy", line: instruction.line, from, source, target };
}

/** One instruction; undefined where it asks for nothing. */
function step(instruction: Instruction): Step | undefined {
  const { line, word, rest } = instruction;
  switch (word) {
    case "RUN":
      if (/^(\[|--|$)/.test(rest)) throw new DockerfileError(line, "RUN is understood as a line for the shell only");
      return { kind: "run", line, command: rest };
    case "COPY":
      return copy(instruction);
    case "ARG": {
      const [, name = "", value] = matched(/^(\w+)(?:=(\S*))?$/, instruction, "NAME[=default]");
      return { kind: "arg", line, name, value };
    }
    case "ENV":
      return { kind: "env", line, values: pairs(instruction) };
    case "LABEL":
      return { kind: "label", line, values: pairs(instruction) };
    case "EXPOSE":
      matched(/^(\d+\/(tcp|udp)\s*)+$/, instruction, "PORT/tcp PORT/udp");
      return { kind: "expose", line, values: rest.split(/\s+/) };
    case "VOLUME":
      matched(/^(\/\S+\s*)+$/, instruction, "/PATH");
      return { kind: "volume", line, values: rest.split(/\s+/) };
    case "USER":
      return { kind: "user", line, value: matched(/^\d+:\d+$/, instruction, "UID:GID")[0] };
    case "WORKDIR":
      return { kind: "workdir", line, value: matched(/^\/\S*$/, instruction, "/PATH")[0] };
    case "STOPSIGNAL":
      return { kind: "stopsignal", line, value: matched(/^SIG[A-Z]+$/, instruction, "SIGNAME")[0] };
    case "ENTRYPOINT":
      return { kind: "entrypoint", line, command: command(instruction) };
    case "HEALTHCHECK":
      matched(/^NONE$/, instruction, "NONE");
      return undefined;
    default:
      throw new DockerfileError(line, `${word} is an instruction that \`deno task image\` does not know`);
  }
}

function stage(instruction: Instruction): Stage & { steps: Step[] } {
  const form = "[--platform=$BUILDPLATFORM] IMAGE [AS NAME]";
  const [, platform, base = "", name] = matched(
    /^(--platform=\$BUILDPLATFORM\s+)?([^\s$-][^\s$]*)(?:\s+AS\s+([a-z]\w*))?$/i,
    instruction,
    form,
  );
  return { name, base, forBuilder: platform !== undefined, line: instruction.line, steps: [] };
}

/**
 * The stages, the last of which is the image.
 * @throws DockerfileError that names the line
 */
export function readDockerfile(text: string): readonly Stage[] {
  const stages: (Stage & { steps: Step[] })[] = [];
  for (const instruction of instructions(text)) {
    const now = stages.at(-1);
    if (instruction.word === "FROM") {
      stages.push(stage(instruction));
      continue;
    }
    if (now === undefined) throw new DockerfileError(instruction.line, "FROM has to come first");
    const next = step(instruction);
    if (next?.kind === "copy" && next.from !== undefined && !stages.slice(0, -1).some((s) => s.name === next.from)) {
      throw new DockerfileError(next.line, `there is no stage ${next.from} before this one`);
    }
    if (next !== undefined) now.steps.push(next);
  }
  if (stages.length === 0) throw new DockerfileError(1, "there is no FROM");
  return stages;
}
