/** Docker's own builder and `deno task image` read the same out of a Dockerfile. */
import { deepEqual, ok, throws } from "node:assert/strict";
import { peerTest, which } from "../peers/peer.ts";
import { DockerfileError, readDockerfile, type Stage, type Step } from "../../tools/image/dockerfile.ts";

const NEEDS = { programs: ["dockerfile-reader"] } as const;

/** A command of BuildKit's package `instructions`; which fields it has depends on its word. */
// deno-lint-ignore no-explicit-any
type Command = Record<string, any>;

interface ForeignStage {
  readonly Name: string;
  readonly Base: string;
  readonly Platform: string;
  readonly Line: number;
  readonly Steps: readonly { readonly Word: string; readonly Line: number; readonly Command: Command }[];
}

/** What BuildKit reads; its error where it refuses. */
async function foreign(text: string): Promise<Stage[] | Error> {
  const child = new Deno.Command(which("dockerfile-reader")!, { stdin: "piped", stdout: "piped", stderr: "piped" })
    .spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  if (!success) return new Error(new TextDecoder().decode(stderr));
  const stages = JSON.parse(new TextDecoder().decode(stdout)) as ForeignStage[];
  return stages.map(({ Name, Base, Platform, Line, Steps }) => ({
    name: Name === "" ? undefined : Name,
    base: Base,
    forBuilder: Platform === "$BUILDPLATFORM",
    line: Line,
    // That there is no health check is no step of ours.
    steps: Steps.filter(({ Word }) => Word.toUpperCase() !== "HEALTHCHECK").map((step) =>
      stepOf(step.Word.toUpperCase(), step.Line, step.Command)
    ),
  }));
}

/** Quotes are still in the values: BuildKit takes them off when it puts variables in. */
function values(pairs: readonly { Key: string; Value: string }[]): Record<string, string> {
  return Object.fromEntries(pairs.map(({ Key, Value }) => [Key, Value.replace(/^"(.*)"$/, "$1")]));
}

function stepOf(word: string, line: number, command: Command): Step {
  switch (word) {
    case "RUN":
      return { kind: "run", line, command: command.CmdLine[0] };
    case "COPY":
      return {
        kind: "copy",
        line,
        from: command.From || undefined,
        source: command.SourcePaths[0],
        target: command.DestPath,
      };
    case "ARG":
      return { kind: "arg", line, name: command.Args[0].Key, value: command.Args[0].Value ?? undefined };
    case "ENV":
      return { kind: "env", line, values: values(command.Env) };
    case "LABEL":
      return { kind: "label", line, values: values(command.Labels) };
    case "EXPOSE":
      return { kind: "expose", line, values: command.Ports };
    case "VOLUME":
      return { kind: "volume", line, values: command.Volumes };
    case "USER":
      return { kind: "user", line, value: command.User };
    case "WORKDIR":
      return { kind: "workdir", line, value: command.Path };
    case "STOPSIGNAL":
      return { kind: "stopsignal", line, value: command.Signal };
    case "ENTRYPOINT":
      return { kind: "entrypoint", line, command: command.CmdLine };
    default:
      throw new Error(`BuildKit knows ${word}, this test does not`);
  }
}

const DOCKERFILE = await Deno.readTextFile(new URL("../../Dockerfile", import.meta.url));
const TEXTS: readonly [name: string, text: string][] = [
  ["our own", DOCKERFILE],
  [
    "a line that goes on after a comment",
    "FROM a AS b\nRUN c && \\\n# comment\n  # another\n  d\nFROM e\nCOPY --from=b / /x\n",
  ],
  ["spaces", "  FROM   a  AS  b  \n\tRUN  c   d  \n"],
  ["values", 'FROM a\nENV A=b C="d e" F=g=h\nLABEL x.y-z="$A" q=${A}\nARG B=\nARG C\n'],
  ["lists", 'FROM a\nEXPOSE 67/udp   80/tcp\nVOLUME /a /b\nENTRYPOINT [ "/x" , "y z", "--a=b,c" ]\nHEALTHCHECK NONE\n'],
  ["words in lower case", "from a as b\nrun c\nuser 1:2\nstopsignal SIGTERM\nworkdir /w\n"],
];

for (const [name, text] of TEXTS) {
  peerTest(`readDockerfile() reads what BuildKit reads: ${name}`, NEEDS, async () => {
    // The order of ports and volumes means nothing.
    const sorted = (stages: readonly Stage[]) =>
      stages.map((stage) => ({
        ...stage,
        steps: stage.steps.map((step) =>
          step.kind === "expose" || step.kind === "volume" ? { ...step, values: step.values.toSorted() } : step
        ),
      }));
    const read = await foreign(text);
    if (read instanceof Error) throw read;
    deepEqual(sorted(readDockerfile(text)), sorted(read));
  });
}

const MUTANTS = [
  "FRM a",
  "FROM a AS",
  "FROM",

  "FROM a\nCOPY b",
  "FROM a\nENV A",
  "FROM a\nUSER",
  "FROM a\nHEALTHCHECK",
];
peerTest("readDockerfile() refuses what BuildKit refuses", NEEDS, async () => {
  for (const text of MUTANTS) {
    ok(await foreign(`${text}\n`) instanceof Error, text);
    throws(() => readDockerfile(`${text}\n`), DockerfileError, text);
  }
});
