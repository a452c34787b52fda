import assert from "node:assert/strict";
import type { MachineObject } from "../../machine/types.ts";
import { goldenCases, goldenMachine } from "../../tests/golden/gotemplate/cases.ts";
import { templateData } from "./machine_view.ts";
import { type Limits, parseTemplate, TemplateError } from "./template.ts";

const decoder = new TextDecoder();

function data(machine: MachineObject, agentConfigJSON = () => "{}") {
  return templateData({
    machine,
    apiserverURL: "https://k8s:6443",
    serveURL: "http://10.0.0.2:8880",
    agentConfigJSON,
    kubernetesVersion: "v1.34.1",
    clusterDNS: "10.96.0.10",
  });
}

function render(text: string, machine: MachineObject = { metadata: { name: "m" } }, limits?: Limits): string {
  return decoder.decode(parseTemplate(text).execute(data(machine), limits));
}

const wantsRepave = (counters: string) => ({
  metadata: { name: "m" },
  ...JSON.parse(counters),
});

for (
  const [name, text, counters, wanted] of [
    [
      "absent counters are equal",
      "{{ le .Machine.Spec.Operations.RepaveCounter .Machine.Status.Operations.RepaveCounter }}",
      "{}",
      "true",
    ],
    [
      "a first repave is ahead of an absent status",
      "{{ gt .Machine.Spec.Operations.RepaveCounter .Machine.Status.Operations.RepaveCounter }}",
      '{"spec":{"operations":{"repaveCounter":1}}}',
      "true",
    ],
    [
      "zero counters print as numbers",
      '{{ .Machine.Spec.Operations.RebootCounter }}{{ printf "%T" .Machine.Status.Operations.RepaveCounter }}',
      "{}",
      "0int64",
    ],
    [
      "a variable holding the nil pointer reads as zero too",
      "{{ $o := .Machine.Spec.Operations }}{{ $o.RebootCounter }}",
      "{}",
      "0",
    ],
    [
      "the pointer itself stays nil",
      "{{ .Machine.Spec.Operations }}{{ if .Machine.Status.Operations }}set{{ end }}{{ with .Machine.Spec.Operations }}with{{ end }}",
      "{}",
      "<nil>",
    ],
    ["null is absent", "{{ .Machine.Spec.Operations.RepaveCounter }}", '{"spec":{"operations":null}}', "0"],
    ["other absent objects stay nil", "{{ .Machine.Spec.PXE }}{{ .Machine.Spec.SSH }}", "{}", "<nil><nil>"],
  ] as const
) {
  Deno.test(`contract 11.6: ${name}`, () => assert.equal(render(text, wantsRepave(counters)), wanted));
}

Deno.test("contract 11.6: a counter that does not exist is still Go's error", () => {
  assert.throws(
    () => render("{{ .Machine.Spec.Operations.Nope }}"),
    new TemplateError(
      "exec",
      'template: :1:11: executing "" at <.Machine.Spec.Operations.Nope>: can\'t evaluate field Nope in type *v1alpha3.OperationsSpec',
    ),
  );
});

Deno.test("contract 8: .KubernetesVersion and .ClusterDNS are there, as the guide promises", () => {
  assert.equal(
    render("{{ .KubernetesVersion }} {{ .ClusterDNS }} {{ .ApiserverURL }}"),
    "v1.34.1 10.96.0.10 https://k8s:6443",
  );
});

Deno.test("templateData() computes the agent's configuration once, and only for templates that print it", () => {
  let calls = 0;
  const lazy = data({ metadata: { name: "m" } }, () => `config ${++calls}`);
  parseTemplate("{{ .Machine.Name }}").execute(lazy);
  assert.equal(calls, 0);
  const out = parseTemplate("{{ .AgentConfigJSON }}{{ len .AgentConfigJSON }}{{ .AgentConfigJSON }}").execute(lazy);
  assert.equal(decoder.decode(out), "config 18config 1");
});

Deno.test("parseTemplate() keeps bytes that are not UTF-8, and names of the Machine that are no ASCII", () => {
  const text = Uint8Array.of(0xff, 0xc0, ...new TextEncoder().encode("{{ .Machine.Name }}"), 0x80);
  const out = parseTemplate(text).execute(data({ metadata: { name: "nöde" } }));
  assert.deepEqual([...out], [0xff, 0xc0, 0x6e, 0xc3, 0xb6, 0x64, 0x65, 0x80]);
});

Deno.test("a Machine with fields of the wrong type reads as if they were absent", () => {
  const machine = {
    metadata: { name: 5, labels: ["x"], generation: "7", creationTimestamp: "yesterday" },
    spec: { pxe: { dhcpLeases: { a: 1 }, image: null }, ssh: "x", operations: [] },
    status: 5,
  } as unknown as MachineObject;
  const text = "[{{ .Machine.Name }}{{ .Machine.Labels }}{{ .Machine.Generation }}{{ .Machine.CreationTimestamp }}" +
    "{{ .Machine.Spec.PXE }}{{ .Machine.Spec.SSH.Host }}{{ .Machine.Status.Phase }}]";
  assert.equal(render(text, machine), "[map[]00001-01-01 00:00:00 +0000 UTC{ [] <nil> <nil>}]");
});

Deno.test("a template does not reach what JavaScript adds to objects", () => {
  const machine = { metadata: { name: "m", labels: { a: "b" } } };
  assert.equal(
    render("{{ .Machine.Labels.constructor }}{{ .Machine.Labels.__proto__ }}", machine),
    "<no value><no value>",
  );
  assert.equal(render('[{{ index .Machine.Labels "toString" }}]', machine), "[]");
  for (const name of ["constructor", "__proto__", "hasOwnProperty"]) {
    assert.throws(() => parseTemplate(`{{ ${name} 1 }}`), /function .* not defined/);
    assert.throws(() => render(`{{ .${name} }}`), /can't evaluate field/);
    assert.throws(() => render(`{{ .Machine.${name} }}`), /can't evaluate field/);
  }
});

const repeat = (text: string, times: number) => text.repeat(times);
const steps = /needs more than 250000 steps$/;
/** Templates that would take for ever, or all memory; what refuses them. */
const hostile: readonly (readonly [string, string, RegExp])[] = [
  ["a range to 2^63", "{{ range 9223372036854775807 }}{{ end }}", steps],
  ["ranges in ranges", repeat("{{ range 1000000 }}", 20) + repeat("{{ end }}", 20), steps],
  ["endless output", "{{ range 9999999999 }}" + repeat("x", 1000) + "{{ end }}", /writes more than 8388608 bytes$/],
  ["wide padding", '{{ range 999999 }}{{ $x := printf "%1000000d%-1000000s" 1 "" }}{{ end }}', steps],
  ["padding of every element", `{{ printf "%${repeat("1", 6)}v" .Machine.Finalizers }}`, /bytes$|steps$/],
  ["long fractions", '{{ range 999999 }}{{ $x := printf "%.1000000f" 1.5 }}{{ end }}', steps],
  ["a string that doubles", '{{ $x := "0123456789abcdef" }}{{ range 99 }}{{ $x = print $x $x }}{{ end }}', steps],
  ["an escape that doubles", '{{ $x := "&&&&&&&&" }}{{ range 99 }}{{ $x = js $x }}{{ end }}', steps],
  ["long comparisons", '{{ $x := printf "%900000d" 1 }}{{ range 999999 }}{{ $y := eq $x $x }}{{ end }}', steps],
  ["many arguments", `{{ range 999999 }}{{ $x := print ${repeat("1 ", 1000)} }}{{ end }}`, steps],
  ["long chains of names", `{{ range 999999 }}{{ $x := $.Machine.Labels${repeat(".a", 1000)} }}{{ end }}`, steps],
  [
    "a template calling itself twice",
    '{{ define "a" }}{{ if lt (len .) 60 }}{{ template "a" (print . 1) }}{{ template "a" (print . 1) }}{{ end }}{{ end }}{{ template "a" "" }}',
    steps,
  ],
  [
    "a template calling itself",
    '{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}',
    /maximum template depth/,
  ],
  [
    "a full stack",
    `{{ define "a" }}${repeat("{{ if 1 }}", 490)}{{ template "a" }}${
      repeat("{{ end }}", 490)
    }{{ end }}{{ template "a" }}`,
    /maximum template depth|steps$/,
  ],
  ["parentheses", `{{ ${repeat("(", 9999)}1${repeat(")", 9999)} }}`, /: max expression depth exceeded$/],
  ["nesting", repeat("{{ if 1 }}", 9999), /blocks nested more than 500 deep$/],
  ["a chain of else if", `{{ if 1 }}${repeat("{{ else if 1 }}", 9999)}{{ end }}`, /blocks nested more than 500 deep$/],
  ["tokens", repeat("{{1}}", 50_000), /more than 100000 tokens$/],
  ["variables", Array.from({ length: 2000 }, (_, i) => `{{ $a${i} := 1 }}`).join(""), /more than 1000 variables$/],
  ["a long text", repeat("x", (4 << 20) + 1), /4194305 bytes are more than 4194304$/],
  ["a number of a million digits", `{{ ${repeat("9", 1_000_000)} }}`, /illegal number syntax/],
];
for (const [name, text, wanted] of hostile) {
  Deno.test(`bad input: ${name} ends with a clear error`, () => {
    const machine = goldenMachine("deleting");
    machine.metadata.finalizers = Array.from({ length: 1000 }, () => "x");
    assert.throws(() => render(text, machine), (error) => error instanceof TemplateError && wanted.test(error.message));
  });
}

Deno.test("execute() holds to the limits it is given, and says where", () => {
  const m = { metadata: { name: "m" } };
  assert.equal(render("12345", m, { maxOutputBytes: 5 }), "12345");
  assert.throws(
    () => render("{{ 12345 }}6", m, { maxOutputBytes: 5 }),
    /^TemplateError: template: :1:3: .*more than 5 bytes$/,
  );
  assert.throws(() => render("{{ range 9 }}{{ end }}", m, { maxSteps: 5 }), /more than 5 steps$/);
  const twice = '{{ define "a" }}x{{ end }}{{ define "b" }}{{ template "a" }}{{ end }}{{ template "b" }}';
  assert.equal(render(twice, m, { maxDepth: 2 }), "x");
  assert.throws(() => render(twice, m, { maxDepth: 1 }), /maximum template depth/);
});

Deno.test("the deepest nesting that parses also renders", () => {
  const parens = `{{ ${repeat("(", 499)}1${repeat(")", 499)} }}`;
  assert.equal(render(repeat("{{ if 1 }}", 499) + parens + repeat("{{ end }}", 499)), "1");
});

Deno.test("bad input: 200,000 mutated templates give text or a TemplateError", () => {
  const pool = goldenCases.flatMap(({ template }) => template !== undefined && template.length < 150 ? [template] : []);
  const tokens = pool.map((text) => text.match(/\{\{-?|-?\}\}|"[^"]*"|\$?\w+|\.\w+|\s+|[^]/gu)!);
  const all = tokens.flat();
  const dots = ["full", "bare", "unicode"].map((name) => data(goldenMachine(name)));
  let state = 20261123;
  const below = (n: number) => Math.floor((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32 * n);
  const encoder = new TextEncoder();
  let rendered = 0;
  for (let i = 0; i < 200_000; i++) {
    const words = [...tokens[below(tokens.length)]!];
    for (let edits = 1 + below(3); edits > 0; edits--) {
      words.splice(below(words.length + 1), below(2), ...(below(3) === 0 ? [] : [all[below(all.length)]!]));
    }
    const bytes = encoder.encode(words.join(""));
    if (below(4) === 0 && bytes.length > 0) bytes[below(bytes.length)] = below(256);
    try {
      parseTemplate(bytes).execute(dots[i % 3]!, { maxSteps: 2000, maxOutputBytes: 65536 });
      rendered++;
    } catch (error) {
      if (!(error instanceof TemplateError)) throw new Error(decoder.decode(bytes), { cause: error });
    }
  }
  assert.ok(rendered > 20_000 && rendered < 180_000, `${rendered} of 200000 rendered`);
});
