import { deepEqual, equal, throws } from "node:assert/strict";
import { moduleUrls, roomForFacts, withFacts, withModuleUrls, withoutPaths, withPlainNames } from "./bundle_text.ts";

const SOURCE = `const worker = new Worker(new URL("./worker.ts", import.meta.url), {});
const TEXT = new URL("../x.txt", import.meta.url);
const other = new URL("https://example.com");`;

Deno.test("moduleUrls() finds what a module loads by its address", () => {
  deepEqual(moduleUrls(SOURCE), ["./worker.ts", "../x.txt"]);
});

Deno.test("withModuleUrls() puts other addresses there, and refuses what would be missing", () => {
  const known: Readonly<Record<string, string>> = { "./worker.ts": "./a/worker.js", "../x.txt": "./x.txt" };
  deepEqual(moduleUrls(withModuleUrls(SOURCE, (named) => known[named])), ["./a/worker.js", "./x.txt"]);
  throws(
    () => withModuleUrls(SOURCE, (named) => named === "./worker.ts" ? "x" : undefined),
    /"\.\.\/x\.txt".*import it/,
  );
});

Deno.test("withoutPaths() drops where modules were, and nothing else", () => {
  const text =
    "// cmd/root.ts\nconst a = 1;\n// ../../root/.cache/npm/zod/4.6.7/v4/core.js\n// deno.json\n// a comment\n";
  equal(withoutPaths(text), "const a = 1;\n// a comment\n");
});

Deno.test("withFacts() fills the room that cmd/version.ts leaves", async () => {
  const source = await Deno.readTextFile(new URL("../../cmd/version.ts", import.meta.url));
  equal(roomForFacts(source), 1);
  const filled = withFacts(source, { commit: "$&", built: "2026-01-01T00:00:00Z" });
  equal(filled.includes('commit: "$&", built: "2026-01-01T00:00:00Z"'), true);
  equal(roomForFacts(filled), 0);
});

Deno.test("withPlainNames() names files by what is in them, whatever they were called", () => {
  const bundleOf = (one: string, two: string, serve: string) =>
    new Map([
      ["main.js", `import("./${serve}");`],
      [serve, `import "./${one}"; import "./${two}";`],
      [one, "one"],
      [two, "two"],
    ]);
  const plain = withPlainNames(bundleOf("chunk-AAAAAAAA.js", "chunk-BBBBBBBB.js", "serve-CCCCCCCC.js"));
  deepEqual(withPlainNames(bundleOf("chunk-ZZZZZZZZ.js", "chunk-00000000.js", "serve-11111111.js")), plain);
  equal(plain.get("main.js"), 'import("./serve-3.js");');
  equal(plain.get("serve-3.js"), 'import "./chunk-1.js"; import "./chunk-2.js";');
});
