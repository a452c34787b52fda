import { deepEqual, equal } from "node:assert/strict";
import { readCloudInitEvent } from "../../machine/reports.ts";
import { eventBody, STAGES, webhooksOf } from "./cloud_init.ts";

const HOOK = "reporting:\n  metalman:\n    type: webhook\n    endpoint: http://h/cloudinit/log\n";
const CASES: readonly [name: string, config: string, wanted: ReturnType<typeof webhooksOf>][] = [
  ["a webhook", `#cloud-config\n${HOOK}`, ["http://h/cloudinit/log"]],
  ["other handlers", "#cloud-config\nreporting:\n  a: {type: log}\n  b: {type: webhook}\n  c: 3\n", []],
  ["no reporting", "#cloud-config\nusers: []\n", []],
  ["comments alone", "#cloud-config\n", []],
  ["an empty text", "", []],
  ["a list", "- a\n", { problem: "not a cloud-config" }],
];
for (const [name, config, wanted] of CASES) {
  Deno.test(`webhooksOf(): ${name}`, () => deepEqual(webhooksOf(config), wanted));
}

Deno.test("webhooksOf(): what is not YAML is said in one line", () => {
  const found = webhooksOf("reporting: [\n");
  equal("problem" in found && /^not YAML: [^\n]+$/.test(found.problem), true);
});

Deno.test("eventBody(): what metalman reads of an event (contract 7)", () => {
  const event = readCloudInitEvent(eventBody(STAGES[3]!, "finish", 1500));
  deepEqual(event, {
    name: "modules-final",
    description: "running modules for final",
    type: "finish",
    result: "SUCCESS",
  });
  equal(JSON.parse(eventBody(STAGES[0]!, "start", 1500)).timestamp, 1.5);
  equal(readCloudInitEvent(eventBody(STAGES[0]!, "start", 0))?.result, "");
});
