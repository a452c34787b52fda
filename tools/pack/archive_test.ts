import { deepEqual, equal, throws } from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { packFile } from "./archive.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const SETTINGS = { title: "title\nrm -rf é", flags: ["--a=b,c"] };
const FILES = [{ name: "z.js", content: encode("z") }, { name: "a/b/c.js", content: encode("c") }, {
  name: "deno",
  content: encode("d"),
}];

Deno.test("the same files make the same bytes, in whatever order they come", () => {
  deepEqual(packFile(FILES, SETTINGS), packFile(FILES.toReversed(), SETTINGS));
});

Deno.test("the archive begins where the script says", () => {
  const bytes = packFile(FILES, SETTINGS);
  const script = new TextDecoder("latin1").decode(bytes);
  const offset = Number(/tail -c \+(\d+)/.exec(script)![1]);
  equal(script.slice(0, offset - 1).endsWith("# The program:\n"), true);
  equal(/@\w+@/.test(script.slice(0, offset - 1).replaceAll('"$@"', "")), false);
  equal(gunzipSync(bytes.subarray(offset - 1)).length % 512, 0);
});

Deno.test("what would be more than words of the script is refused, and a title stays in its line", () => {
  for (const name of ["a b", "$(x)", "a'b", "a;b", ""]) {
    throws(() => packFile([{ name, content: encode("") }], SETTINGS), /cannot be a word/);
  }
  throws(() => packFile(FILES, { ...SETTINGS, flags: ["--x;y"] }), /cannot be a word/);
  const [, second] = new TextDecoder("latin1").decode(packFile(FILES, SETTINGS)).split("\n");
  equal(second, "# title?rm -rf ?");
});
