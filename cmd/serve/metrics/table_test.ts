import { deepEqual, equal, match, ok } from "node:assert/strict";
import { load } from "js-yaml";
import { type Entry, METRICS } from "./table.ts";

const DOCS = new URL("../../../docs/", import.meta.url);
const ENTRIES = Object.entries<Entry>(METRICS);

/** A line of the table in docs/metrics.md. */
function docLine([name, { type, help, labels = {} }]: [string, Entry]): string {
  const words = Object.entries(labels).map(([label, values]) =>
    `\`${label}\`${values.length === 0 ? "" : `: ${values.join(", ")}`}`
  );
  return `| \`${name}\` | ${type} | ${help} | ${words.join("; ")} |`;
}

Deno.test("docs/metrics.md has a line for each metric, as the program has it, and no other", async () => {
  const lines = (await Deno.readTextFile(new URL("metrics.md", DOCS))).split("\n");
  deepEqual(lines.filter((line) => /^\| `(metalman|process)_/.test(line)), ENTRIES.map(docLine));
});

for (const [name, { type, labels = {} }] of ENTRIES) {
  Deno.test(`${name} is named as Prometheus wants a ${type} to be (prometheus.io/docs/practices/naming)`, () => {
    match(name, /^(metalman|process)_[a-z_]+$/);
    equal(name.endsWith("_total"), type === "counter");
    equal(name.endsWith("_seconds"), type === "histogram" || name === "process_start_time_seconds");
    for (const label of Object.keys(labels)) match(label, /^(?!le$|job$|instance$)[a-z]+$/);
    const series = Object.values(labels).reduce((product, values) => product * (values.length + 1), 1);
    ok(series <= 250, `${series} series are too many`);
  });
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: Readonly<Record<string, string>>;
}

Deno.test("docs/alerts.yaml asks for metrics and labels that there are", async () => {
  const text = await Deno.readTextFile(new URL("alerts.yaml", DOCS));
  const { groups } = load(text) as { groups: { rules: Rule[] }[] };
  const rules = groups.flatMap((group) => group.rules);
  ok(rules.length >= 5);
  for (const { alert, expr, annotations } of rules) {
    const selectors = [...expr.matchAll(/\b((?:metalman|process)_\w+)(?:\{([^}]*)\})?/g)];
    ok(selectors.length > 0, alert);
    for (const [, name = "", matchers = ""] of selectors) {
      const entry = new Map(ENTRIES).get(name.replace(/_(sum|count)$/, ""));
      ok(entry !== undefined, `${alert}: ${name}`);
      for (const [, label = "", value = ""] of matchers.matchAll(/(\w+)[!=~]+"([^"]*)"/g)) {
        const known = entry.labels?.[label] ?? [];
        for (const word of value.split("|")) ok(known.includes(word), `${alert}: ${label} is never ${word}`);
      }
    }
    deepEqual(Object.keys(annotations), ["summary", "description"], alert);
  }
});
