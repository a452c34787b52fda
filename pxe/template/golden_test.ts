import assert from "node:assert/strict";
import { bytesOf, goldenCases, goldenData } from "../../tests/golden/gotemplate/cases.ts";
import { parseTemplate, TemplateError } from "./template.ts";

const decoder = new TextDecoder();
type Outcome = { bytes: Uint8Array } | { error: string; phase: "parse" | "exec" | undefined };

Deno.test("contract 8: every recorded template gives Go's bytes or Go's error", () => {
  const wrong: string[] = [];
  for (const { name, machine, ...golden } of goldenCases) {
    const wanted: Outcome = golden.error === undefined
      ? { bytes: bytesOf(golden.output, golden.output_base64) }
      : { error: golden.error, phase: golden.phase };
    let found: Outcome;
    try {
      found = { bytes: parseTemplate(bytesOf(golden.template, golden.template_base64)).execute(goldenData(machine)) };
    } catch (error) {
      if (!(error instanceof TemplateError)) throw new Error(name, { cause: error });
      found = { error: error.message, phase: error.phase };
    }
    try {
      assert.deepEqual(found, wanted);
    } catch {
      const show = (it: { bytes: Uint8Array } | { error: string }) =>
        "bytes" in it ? decoder.decode(it.bytes) : JSON.stringify(it);
      wrong.push(`${name}\n  found  ${show(found)}\n  wanted ${show(wanted)}`);
    }
  }
  assert.equal(wrong.length, 0, `${wrong.length} of ${goldenCases.length} differ:\n${wrong.join("\n")}`);
});
