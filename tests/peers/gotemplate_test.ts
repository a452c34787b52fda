import assert from "node:assert/strict";
import { goType } from "../../pxe/template/go_type.ts";
import { GoValue, parseTemplate, TemplateError } from "../../pxe/template/template.ts";
import { peerTest, run } from "./peer.ts";

/** Renders each line of a file (a JSON string of one byte a character) and prints what came of it the same way. */
const PROGRAM = `package main

import (
	"bytes"
	"encoding/json"
	"os"
	"text/template"
)

func toBytes(s string) string {
	var b []byte
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

func toRunes(s string) string {
	var r []rune
	for i := 0; i < len(s); i++ {
		r = append(r, rune(s[i]))
	}
	return string(r)
}

func main() {
	text, _ := os.ReadFile(os.Args[1])
	var templates []string
	if err := json.Unmarshal(text, &templates); err != nil {
		panic(err)
	}
	data := map[string]string{"a": "1", "b c": "", "é": "x<&>\\"'", "n": "10"}
	for _, t := range templates {
		var out bytes.Buffer
		parsed, err := template.New("").Parse(toBytes(t))
		result := [2]string{"parse", ""}
		if err == nil {
			result[0] = "exec"
			err = parsed.Execute(&out, data)
		}
		if err == nil {
			result = [2]string{"ok", toRunes(out.String())}
		} else {
			result[1] = err.Error()
		}
		json.NewEncoder(os.Stdout).Encode(result)
	}
}
`;
const DATA = new GoValue(goType("map[string]string"), { a: "1", "b c": "", "é": "x<&>\"'", n: "10" });

/** A small seeded generator: the same templates each time. */
function generator(seed: number) {
  let state = seed;
  const below = (n: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * n);
  };
  const pick = <T>(from: readonly T[]): T => from[below(from.length)]!;
  const some = (from: readonly string[], most: number) =>
    Array.from({ length: below(most + 1) }, () => pick(from)).join("");
  return { below, pick, some };
}

const NUMBERS = ["0", "1", "-1", "7", "42", "255", "-128", "1e3", "0.5", "2.5", "1e21", "1e-7", "123456789.125", "3i"]
  .concat(["0x1p-2", "0x10", "0b101", "0o17", "017", "1_000", "0x_ff", "'x'", "'é'", "9223372036854775807", "1e308"])
  .concat(["-9223372036854775808", "5e-324", "1.7976931348623157e308", "0x1.fffffffffffff8p0", "1__0", "-0.0", "1+2i"]);
const STRINGS = [
  '""',
  '"a"',
  '"héllo ☃"',
  '"\\xff\\xfe"',
  '"<a href=\\"x\\">&\'"',
  "`raw\\n`",
  '"\\u2028\\t\\x00"',
  '"10"',
];
const WORDS = [".", "$", ".a", ".é", ".nope", '(index . "b c")', "true", "false", "nil", "(len .n)", "(index .n 0)"];
const VERBS = [..."vdsqxXtcUbeEfFgGoOTzw%"];

function format({ below, pick, some }: ReturnType<typeof generator>): string {
  const one = () => {
    const width = pick(["", "", "", String(below(30)), "*", "[2]", "[1]*", "[9]"]);
    const precision = pick(["", "", "", `.${below(25)}`, ".", ".*", ".[1]*"]);
    return `%${some(["+", "-", "#", "0", " "], 2)}${width}${precision}${pick(VERBS)}`;
  };
  return `"${Array.from({ length: 1 + below(3) }, one).join("|")}"`;
}

function action(random: ReturnType<typeof generator>): string {
  const { pick, some, below } = random;
  const value = () => pick([NUMBERS, STRINGS, WORDS].map(pick));
  const values = (most: number) => some(Array.from({ length: 4 }, () => ` ${value()}`), most);
  // Go would count to 2^63.
  const countable = () => pick(["3", "0", "-1", "'\\x05'", "(len .n)", "2.5", pick(STRINGS), pick(WORDS)]);
  const text = () => pick([pick(STRINGS), ".é", "(html .)", '(printf "%v" .)']);
  switch (below(9)) {
    case 0:
    case 1:
    case 2:
      return `{{ printf ${format(random)}${values(3)} }}`;
    case 3:
      return `{{ ${pick(["eq", "ne", "lt", "le", "gt", "ge"])} ${value()} ${value()} }}`;
    case 4:
      return `{{ ${pick(["print", "println", "html", "js", "urlquery", "and", "or", "not", "len"])}${values(3)} }}`;
    case 5:
      return `{{ ${pick(["index", "slice"])} ${pick([text(), "."])}${
        some([" 0", " 1", " 2", " 5", " -1", ' "a"'], 3)
      } }}`;
    case 6:
      return `{{ ${
        pick([`if ${value()}`, `with ${value()}`, `range ${countable()}`])
      } }}<{{ . }}>{{ else }}no{{ end }}`;
    case 7:
      return `{{ $x := ${value()} }}{{ range $i, $e := ${countable()} }}{{ $i }}{{ $x = $e }},{{ end }}{{ $x }}`;
    default:
      return `{{ ${value()} | ${pick(["print", "html", "len", "printf", "eq 1", 'printf "%q"', "index .", ".a"])} }}`;
  }
}

function ours(text: string): [string, string] {
  try {
    const out = parseTemplate(Uint8Array.from(text, (char) => char.charCodeAt(0))).execute(DATA);
    return ["ok", Array.from(out, (byte) => String.fromCharCode(byte)).join("")];
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return [error.phase, error.message];
  }
}

peerTest("contract 8: generated templates give what Go's text/template gives", { programs: ["go"] }, async () => {
  const folder = await Deno.makeTempDir();
  try {
    const version = await run("go", ["version"], { env: { GOTOOLCHAIN: "local" } });
    assert.ok(
      Number(/go1\.(\d+)/.exec(version)?.[1]) >= 25,
      `${version.trim()} is older than the Go that is followed, 1.26`,
    );
    const random = generator(20261123);
    const encoder = new TextEncoder();
    const templates = Array.from({ length: 3000 }, () => {
      const text = Array.from({ length: 1 + random.below(2) }, () => action(random)).join(" ");
      return Array.from(encoder.encode(text), (byte) => String.fromCharCode(byte)).join("");
    });
    await Deno.writeTextFile(`${folder}/main.go`, PROGRAM);
    await Deno.writeTextFile(`${folder}/templates.json`, JSON.stringify(templates));
    const output = await run("go", ["run", "main.go", "templates.json"], {
      cwd: folder,
      env: { GOTOOLCHAIN: "local" },
    });
    const theirs = output.trim().split("\n").map((line) => JSON.parse(line));
    assert.equal(theirs.length, templates.length, output.slice(-2000));
    const differ = templates.flatMap((text, i) => {
      const found = ours(text), wanted = theirs[i];
      const same = found[0] === wanted[0] && found[1] === wanted[1];
      return same ? [] : [{ text, found, wanted }];
    });
    assert.deepEqual(differ.slice(0, 5), [], `${differ.length} of ${templates.length} differ`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
