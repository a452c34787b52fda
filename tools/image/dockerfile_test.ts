import { deepEqual, equal, match, throws } from "node:assert/strict";
import { DISTROLESS, DISTROLESS_CONFIG } from "./base.ts";
import { imageConfig, umociFlags } from "./config.ts";
import { contextNames } from "./context.ts";
import { DockerfileError, readDockerfile } from "./dockerfile.ts";
import { FIRST_GRANTS, RUN_FLAGS } from "../../cmd/permissions/run_flags.ts";

const FILE = new URL("../../Dockerfile", import.meta.url);

Deno.test("readDockerfile() reads each form that it knows", () => {
  const text = `# comment
FROM one:1 AS first
RUN a && \\
    # a comment does not end the line
    b
FROM --platform=$BUILDPLATFORM two:2 as second
COPY --from=first /a/ /b
COPY . .
ARG A
ARG B=b
ENV C=c D="d e"
LABEL l="$B"
EXPOSE 67/udp 80/tcp
VOLUME /v
USER 1:2
WORKDIR /w
STOPSIGNAL SIGTERM
HEALTHCHECK NONE
ENTRYPOINT ["/x", "y z"]
`;
  deepEqual(readDockerfile(text), [
    {
      name: "first",
      base: "one:1",
      forBuilder: false,
      line: 2,
      steps: [{ kind: "run", line: 3, command: "a &&     b" }],
    },
    {
      name: "second",
      base: "two:2",
      forBuilder: true,
      line: 6,
      steps: [
        { kind: "copy", line: 7, from: "first", source: "/a/", target: "/b" },
        { kind: "copy", line: 8, from: undefined, source: ".", target: "." },
        { kind: "arg", line: 9, name: "A", value: undefined },
        { kind: "arg", line: 10, name: "B", value: "b" },
        { kind: "env", line: 11, values: { C: "c", D: "d e" } },
        { kind: "label", line: 12, values: { l: "$B" } },
        { kind: "expose", line: 13, values: ["67/udp", "80/tcp"] },
        { kind: "volume", line: 14, values: ["/v"] },
        { kind: "user", line: 15, value: "1:2" },
        { kind: "workdir", line: 16, value: "/w" },
        { kind: "stopsignal", line: 17, value: "SIGTERM" },
        { kind: "entrypoint", line: 19, command: ["/x", "y z"] },
      ],
    },
  ]);
});

const refused: readonly [name: string, text: string, wanted: RegExp][] = [
  [
    "an instruction that is not used",
    "FROM a\nONBUILD RUN b",
    /line 2: ONBUILD is an instruction that .* does not know/,
  ],
  ["ADD, which may fetch", "FROM a\nADD http:\/\/x /y", /line 2: ADD/],
  ["a shell form that no shell reads", "FROM a\nENTRYPOINT deno run", /line 2: ENTRYPOINT has to be a JSON list/],
  [
    "an entry point that is no list of texts",
    'FROM a\nENTRYPOINT ["a", 1]',
    /line 2: ENTRYPOINT has to be a JSON list/,
  ],
  ["RUN with a mount", "FROM a\nRUN --mount=type=cache a", /line 2: RUN is understood/],
  ["RUN of nothing", "FROM a\nRUN", /line 2: RUN is understood/],
  ["RUN without a shell", 'FROM a\nRUN ["a"]', /line 2: RUN is understood/],
  ["COPY with another flag", "FROM a\nCOPY --chown=1 a b", /line 2: COPY is understood/],
  ["COPY of a pattern", "FROM a\nCOPY *.ts /", /line 2: COPY of a pattern/],
  ["COPY from what is not there", "FROM a\nCOPY --from=b c d", /line 2: there is no stage b/],
  ["COPY from itself", "FROM a AS b\nCOPY --from=b c d", /line 2: there is no stage b/],
  ["a user by name", "FROM a\nUSER nonroot", /line 2: USER is understood/],
  ["a port without protocol", "FROM a\nEXPOSE 80", /line 2: EXPOSE is understood/],
  ["a health check", "FROM a\nHEALTHCHECK CMD a", /line 2: HEALTHCHECK is understood/],
  ["a base that is not pinned here", "FROM $BASE", /line 1: FROM is understood/],
  ["something before FROM", "RUN a\nFROM b", /line 1: FROM has to come first/],
  ["nothing", "# nothing\n", /there is no FROM/],
  ["an end in the middle", "FROM a\nRUN b \\", /line 2: the last line ends with a backslash/],
];
for (const [name, text, wanted] of refused) {
  Deno.test(`readDockerfile() refuses ${name} and names the line`, () => {
    throws(() => readDockerfile(text), (error) => error instanceof DockerfileError && wanted.test(error.message));
  });
}

Deno.test("imageConfig() sets arguments where the stage declares them", () => {
  const read = (text: string) =>
    imageConfig(readDockerfile(text).at(-1)!, DISTROLESS_CONFIG, { A: "given", B: "given" });
  deepEqual(read("FROM x\nARG A=own\nARG C=own\nLABEL a=$A c=${C}").labels, { a: "given", c: "own" });
  throws(() => read("FROM x\nLABEL b=$B"), /line 2: \$B has no value/);
  throws(() => read("FROM x\nLABEL a=$A\nARG A"), /line 2: \$A has no value/);
});

Deno.test("our Dockerfile makes a container that is not root and takes the arguments of the Deployment (contract 4)", async () => {
  const image = readDockerfile(await Deno.readTextFile(FILE)).at(-1)!;
  equal(image.base, DISTROLESS);
  const config = imageConfig(image, DISTROLESS_CONFIG, { VERSION: "v1.2.3" });
  equal(config.user, "65532:65532");
  deepEqual(config.volumes, ["/var/cache/metalman"]);
  deepEqual([...config.ports].sort(), ["67/udp", "69/udp", "8081/tcp", "8880/tcp"]);
  equal(config.labels["org.opencontainers.image.version"], "v1.2.3");
  equal(config.labels["org.opencontainers.image.licenses"], "MIT");
  deepEqual(config.entrypoint, [
    "/usr/lib/metalman/deno",
    "run",
    ...RUN_FLAGS,
    ...FIRST_GRANTS,
    "/usr/lib/metalman/bundle/main.js",
  ]);
  equal(umociFlags(config).filter((flag) => flag.startsWith("--config.env=")).length, Object.keys(config.env).length);
});

Deno.test("our Dockerfile builds with the Deno that the project is tested with", async () => {
  const bases = readDockerfile(await Deno.readTextFile(FILE)).slice(0, -1).map(({ base }) => base);
  for (const base of bases) match(base, /^denoland\/deno:\d+\.\d+\.\d+$/);
  const contributing = await Deno.readTextFile(new URL("../../CONTRIBUTING.md", import.meta.url));
  const tested = /deno@(\d+\.\d+\.\d+)/.exec(contributing)![1];
  deepEqual([...new Set(bases)], [`denoland/deno:${tested}`]);
});

Deno.test("contextNames() takes what .dockerignore lists, and refuses what it does not understand", () => {
  deepEqual(contextNames("# c\n*\n!deno.json\n\n!cmd\n"), ["deno.json", "cmd"]);
  throws(() => contextNames("dist\n"), /has to begin with/);
  throws(() => contextNames("*\n!cmd/**\n"), /"!cmd\/\*\*" is not understood/);
  throws(() => contextNames("*\n!..\n"), /not understood/);
});

Deno.test(".dockerignore lists what is there, and no history", async () => {
  const names = contextNames(await Deno.readTextFile(new URL("../../.dockerignore", import.meta.url)));
  for (const name of names) await Deno.stat(new URL(`../../${name}`, import.meta.url));
  equal(names.includes(".git"), false);
});
