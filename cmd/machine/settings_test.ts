import { deepEqual, throws } from "node:assert/strict";
import type { FlagValues } from "../flags.ts";
import { UsageError } from "../usage.ts";
import { listSettings, type PowerSettings, powerSettings, statusSettings } from "./settings.ts";

const DEFAULTS: PowerSettings = {
  kind: "repave",
  which: { kind: "names", names: ["a"] },
  yes: false,
  until: "power",
  timeoutMs: 3_600_000,
};
const { until: _, ...NO_WAIT } = DEFAULTS;

const GOOD: readonly [names: string[], values: FlagValues, wanted: PowerSettings][] = [
  [["a"], {}, DEFAULTS],
  [["a", "b", "a"], {}, { ...DEFAULTS, which: { kind: "names", names: ["a", "b"] } }],
  [[], { selector: "rack=a" }, { ...DEFAULTS, which: { kind: "selector", selector: "rack=a" } }],
  [[], { all: true, yes: true }, { ...DEFAULTS, which: { kind: "all" }, yes: true }],
  [["a"], { wait: "false" }, NO_WAIT],
  [["a"], { wait: "T", until: "installed", timeout: "90s" }, { ...DEFAULTS, until: "installed", timeoutMs: 90_000 }],
  [["a"], { "dry-run": "client" }, { ...NO_WAIT, dryRun: "client" }],
  [["a"], { "dry-run": "server", output: "yaml" }, { ...NO_WAIT, dryRun: "server", output: "yaml" }],
  [["a"], { kubeconfig: "k", context: "c" }, { ...DEFAULTS, kubeconfig: "k", context: "c" }],
];

for (const [names, values, wanted] of GOOD) {
  Deno.test(`powerSettings() reads ${names.join(" ")} ${JSON.stringify(values)}`, () => {
    deepEqual(powerSettings("repave", names, values), wanted);
  });
}

Deno.test("powerSettings(): a timeout of 0 is without end", () => {
  const { timeoutMs: _, ...endless } = DEFAULTS;
  deepEqual(powerSettings("repave", ["a"], { timeout: "0" }), endless);
});

const BAD: readonly [kind: PowerSettings["kind"], names: string[], values: FlagValues, message: RegExp][] = [
  ["repave", [], {}, /^repave which Machines\? Give their names, -l labels or --all$/],
  ["repave", ["a"], { all: true }, /^names, -l and --all exclude each other/],
  ["repave", ["a"], { selector: "x=y" }, /^names, -l and --all exclude each other/],
  ["reboot", [], { selector: "x=y", all: true }, /^names, -l and --all exclude each other/],
  ["reboot", ["a"], { until: "installed" }, /^--until=installed is for repave: a reboot installs nothing$/],
  ["repave", ["a"], { until: "now" }, /^invalid argument "now" for "--until": want one of power, installed, ready$/],
  ["repave", ["a"], { output: "xml" }, /^invalid argument "xml" for "--output": want one of json, yaml, name$/],
  ["repave", ["a"], { "dry-run": "yes" }, /^invalid argument "yes" for "--dry-run": want one of none, client, server$/],
  ["repave", ["a"], { wait: "maybe" }, /^invalid argument "maybe" for "--wait": want true or false$/],
  ["repave", ["a"], { timeout: "soon" }, /^invalid argument "soon" for "--timeout": invalid duration/],
  [
    "repave",
    ["a"],
    { timeout: "600h" },
    /^invalid argument "600h" for "--timeout": want at most 596h, or 0 for no end$/,
  ],
  ["repave", ["a"], { timeout: "-5m" }, /^invalid argument "-5m" for "--timeout": want a duration above zero$/],
];

for (const [kind, names, values, message] of BAD) {
  Deno.test(`powerSettings() refuses ${kind} ${names.join(" ")} ${JSON.stringify(values)}`, () => {
    throws(() => powerSettings(kind, names, values), (error) => {
      return error instanceof UsageError && message.test(error.message);
    });
  });
}

Deno.test("listSettings() and statusSettings() read their flags", () => {
  deepEqual(listSettings({ selector: "a=b", output: "name" }), { kind: "list", selector: "a=b", output: "name" });
  deepEqual(statusSettings("n", { context: "lab" }), { kind: "status", name: "n", context: "lab" });
  throws(() => listSettings({ output: "wide" }), UsageError);
});
