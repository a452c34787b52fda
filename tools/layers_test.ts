import { deepEqual } from "node:assert/strict";
import plugin from "./layers.ts";

/** What the plugin says about a file. */
function said(file: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, file, source).map(({ id, message }) => `${id}: ${message}`);
}

const act = (what: string) => [`layers/pure-files: ${what} in a file that should decide, not act`];
const cases: readonly [name: string, file: string, source: string, wanted: string[]][] = [
  ["a folder below", "pxe/dhcp/a.ts", `import { a } from "../../base/b.ts";`, []],
  ["its own folder", "pxe/dhcp/a.ts", `import { a } from "../files.ts";`, []],
  ["a folder beside", "pxe/a.ts", `import { a } from "../k8s/b.ts";`, ["layers/imports: pxe/ must not import k8s/"]],
  ["a type", "base/a.ts", `import type { A } from "../pxe/b.ts";`, ["layers/imports: base/ must not import pxe/"]],
  ["a re-export", "k8s/a.ts", `export * from "../machine/b.ts";`, ["layers/imports: k8s/ must not import machine/"]],
  ["a dynamic import", "k8s/a.ts", `await import("../cmd/b.ts");`, ["layers/imports: k8s/ must not import cmd/"]],
  ["a folder that no rule names", "new/a.ts", `import "../base/b.ts";`, ["layers/imports: new/ must not import base/"]],
  ["the wiring", "cmd/a.ts", `import "../pxe/b.ts"; import "../k8s/c.ts";`, []],
  ["a test", "base/a_test.ts", `import "../tests/mutate.ts"; Deno.readFileSync("x");`, []],
  ["Deno", "pxe/a.ts", `Deno.readFileSync("x");`, act("Deno.readFileSync")],
  ["Deno in a file named for it", "pxe/http/file_stream.ts", `Deno.openSync("x");`, []],
  ["a name that only ends alike", "pxe/restore.ts", `Deno.openSync("x");`, act("Deno.openSync")],
  ["a timer", "k8s/a.ts", `setTimeout(() => {}, 1);`, act("setTimeout()")],
  ["a worker", "registry/a.ts", `new Worker("x");`, act("Worker()")],
  ["the time", "machine/a.ts", `const a = Date.now(), b = performance.now(), c = new Date(5);`, [
    ...act("Date.now"),
    ...act("performance.now"),
  ]],
  ["chance, also in a controller", "controllers/a.ts", `Math.random(); Math.floor(1);`, act("Math.random")],
  ["a module that acts", "k8s/a.ts", `import { connect } from "node:net";`, act("connect of node:net")],
  ["its types and what computes", "k8s/a.ts", `import { isIP, type Socket } from "node:net";`, []],
  ["a type import", "k8s/a.ts", `import type { Agent } from "node:https";`, []],
];
for (const [name, file, source, wanted] of cases) {
  Deno.test(`layers: ${name} in ${file}`, () => deepEqual(said(file, source), wanted));
}
