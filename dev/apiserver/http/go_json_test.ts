import { equal } from "node:assert/strict";
import fc from "fast-check";
import { jsonProblem } from "./go_json.ts";

/** What encoding/json of Go 1.26 says. */
const cases: readonly [string, string | undefined][] = [
  ["{bad", "invalid character 'b' looking for beginning of object key string"],
  ["", "unexpected end of JSON input"],
  ['{"a":1} trailing', "invalid character 't' after top-level value"],
  ['{"a":tru}', "invalid character '}' in literal true (expecting 'e')"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ["[1,]", "invalid character ']' looking for beginning of value"],
  ["[1 2]", "invalid character '2' after array element"],
  ['"a\nb"', "invalid character '\\n' in string literal"],
  ['"\\x"', "invalid character 'x' in string escape code"],
  ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
  ["-a", "invalid character 'a' in numeric literal"],
  ["1.a", "invalid character 'a' after decimal point in numeric literal"],
  ["1ea", "invalid character 'a' in exponent of numeric literal"],
  ["01", "invalid character '1' after top-level value"],
  ["'a'", "invalid character '\\'' looking for beginning of value"],
  ["\x00", "invalid character '\\x00' looking for beginning of value"],
  ["é", "invalid character 'Ã' looking for beginning of value"],
  ['{"a":', "unexpected end of JSON input"],
  ["[".repeat(2000), "invalid character '[' exceeded max depth"],
  [' {"a": [1, -2.5e+3, "x\\u00e9", true, false, null, {}], "b": []} ', undefined],
];

for (const [text, problem] of cases) {
  Deno.test(`jsonProblem() of ${JSON.stringify(text.slice(0, 40))} is Go's`, () => {
    equal(jsonProblem(new TextEncoder().encode(text)), problem);
  });
}

Deno.test("jsonProblem() finds one exactly where JSON.parse does", () => {
  const pieces = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"',
    "a",
    '"a"',
    "1",
    "-",
    ".",
    "e",
    "true",
    "null",
    "\\",
    "u",
    " ",
    "\n",
    "0",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
      const text = parts.join("");
      let good = true;
      try {
        JSON.parse(text);
      } catch {
        good = false;
      }
      equal(jsonProblem(new TextEncoder().encode(text)) === undefined, good, text);
    }),
    { numRuns: 2000, seed: 4 },
  );
});
