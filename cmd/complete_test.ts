import { deepEqual, equal, match } from "node:assert/strict";
import { complete, type Completion, completionLines } from "./complete.ts";
import { commandTree } from "./commands.ts";
import type { Actions } from "./commands.ts";
import type { Io } from "./io.ts";

const NOT_CALLED = () => {
  throw new Error("completion runs nothing");
};
const IO: Io = {
  ...{ stdout: NOT_CALLED, stderr: NOT_CALLED, env: NOT_CALLED, terminal: NOT_CALLED, ask: NOT_CALLED },
  keep: () => Promise.resolve(),
  ...{ signal: new AbortController().signal, calledAs: "metalman" },
};
const ACTIONS: Actions = {
  ...{ serve: NOT_CALLED, dev: NOT_CALLED, machine: NOT_CALLED, deploy: NOT_CALLED },
  ...{ machineNames: NOT_CALLED, contextNames: NOT_CALLED },
};
const TREE = commandTree(IO, ACTIONS);

/** The words alone, or what else there is. */
function words(completion: Completion): unknown {
  return completion.kind === "words" ? completion.words.map(([word]) => word).join(" ") : completion;
}

const CASES: readonly [line: string, wanted: unknown][] = [
  ["", "serve-pxe machine site manifests dev completion version"],
  ["mach", "serve-pxe machine site manifests dev completion version"],
  ["machine ", "repave reboot list status"],
  ["site ", "deploy-pxe serve-pxe"],
  ["site deploy-pxe --dry-run=", "none client server"],
  ["site deploy-pxe --kubeconfig ", { kind: "files" }],
  ["machine status ", { kind: "machine", cluster: {}, taken: [] }],
  ["machine status a ", ""],
  ["machine repave a b ", { kind: "machine", cluster: {}, taken: ["a", "b"] }],
  ["machine repave --context lab --kubeconfig=/k ", {
    ...{ kind: "machine", cluster: { context: "lab", kubeconfig: "/k" }, taken: [] },
  }],
  ["machine repave --wait ", { kind: "machine", cluster: {}, taken: [] }],
  ["machine repave -- --x ", { kind: "machine", cluster: {}, taken: ["--x"] }],
  ["machine repave -l a=b ", ""],
  ["machine repave --all ", ""],
  ["machine repave -l ", ""],
  ["machine repave --until ", "power installed ready"],
  ["machine repave --until=", "power installed ready"],
  ["machine repave -o ", "json yaml name"],
  ["machine repave --dry-run=", "none client server"],
  ["machine repave --nonsense=", ""],
  ["machine list --kubeconfig ", { kind: "files" }],
  ["machine list --kubeconfig /k --context ", { kind: "context", cluster: { kubeconfig: "/k" }, taken: [] }],
  ["machine list -", "--selector --output --kubeconfig --context --help"],
  ["machine list -l a=b -o name -", "--kubeconfig --context --help"],
  ["dev --state=", { kind: "files" }],
  ["completion ", "bash zsh fish kubectl"],
  ["manifests ", "crd namespace rbac example all"],
  ["version ", ""],
];

for (const [line, wanted] of CASES) {
  Deno.test(`complete() after "${line}"`, () => deepEqual(words(complete(TREE, line.split(" "))), wanted));
}

const namesOf = { machine: () => Promise.resolve(["node-01", "node-02", "other"]), context: NOT_CALLED };

Deno.test("completionLines() prints what cobra prints: words with what they are for, then what the shell should do", async () => {
  match(await completionLines(TREE, ["machine", "re"], namesOf), /^repave\tInstall .*\nreboot\tSwitch .*\n:4\n$/);
  equal(await completionLines(TREE, ["machine", "repave", "node-01", "no"], namesOf), "node-02\n:4\n");
  equal(await completionLines(TREE, ["machine", "repave", "--until=in"], namesOf), "installed\n:4\n");
  equal(await completionLines(TREE, ["dev", "--state", "x"], namesOf), ":0\n");
});
