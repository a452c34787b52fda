import assert from "node:assert/strict";
import { isInstalling } from "./attestation.ts";
import {
  type CloudInitEvent,
  cloudInitReport,
  nextStallCheck,
  pxeDisabled,
  readCloudInitEvent,
  STALL_MS,
} from "./reports.ts";
import { mutations } from "../tests/mutate.ts";
import type { Condition, MachineObject, MachineStatus } from "./types.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");

function machineWith(status: MachineStatus = {}): MachineObject {
  return { metadata: { name: "m1", generation: 7 }, spec: { operations: { repaveCounter: 3 } }, status };
}

function report(event: Record<string, unknown>, object = machineWith()): Condition | undefined {
  const read = readCloudInitEvent(JSON.stringify(event));
  assert.ok(read);
  return cloudInitReport(object, read, NOW)?.conditions?.at(-1);
}

for (
  const [name, event, status, reason, message] of [
    [
      "start",
      { name: "init-network", description: "searching", event_type: "start" },
      "False",
      "Running",
      'stage "init-network" started: searching',
    ],
    [
      "finish SUCCESS of an earlier stage",
      { name: "modules-config", description: "d", event_type: "finish", result: "SUCCESS" },
      "False",
      "Running",
      'stage "modules-config" finished successfully, waiting for remaining stages',
    ],
    [
      "finish SUCCESS of a part of the last stage",
      { name: "modules-final/config-x", description: "d", event_type: "finish", result: "SUCCESS" },
      "False",
      "Running",
      'stage "modules-final/config-x" finished successfully, waiting for remaining stages',
    ],
    [
      "finish with another result",
      { name: "modules-final", description: "boom", event_type: "finish", result: "FAIL" },
      "False",
      "Failed",
      'stage "modules-final" failed with result "FAIL": boom',
    ],
    [
      "finish without a result",
      { name: "modules-final", event_type: "finish" },
      "False",
      "Failed",
      'stage "modules-final" failed with result "": ',
    ],
    [
      "finish SUCCESS of modules-final",
      { name: "modules-final", description: "d", event_type: "finish", result: "SUCCESS" },
      "True",
      "Succeeded",
      "cloud-init completed successfully",
    ],
    [
      "a name that needs quoting as Go's %q does",
      { name: 'a"\\\n\u0001\u00e9\u200b\u{1f600}\u{e0001}', description: "", event_type: "start" },
      "False",
      "Running",
      'stage "a\\"\\\\\\n\\x01\u00e9\\u200b\u{1f600}\\U000e0001" started: ',
    ],
  ] as const
) {
  Deno.test(`cloudInitReport(): ${name} (contract 2)`, () => {
    assert.deepEqual(report(event), {
      type: "CloudInitDone",
      status,
      reason,
      message,
      observedGeneration: 7,
      lastTransitionTime: "2026-01-01T00:00:00Z",
    });
  });
}

Deno.test("cloudInitReport() cuts a long message to 1024 characters that end in ... (contract 2)", () => {
  const description = "\u{1f600}".repeat(5000);
  const message = report({ name: "x", description, event_type: "finish", result: "FAIL" })!.message;
  assert.equal([...message].length, 1024);
  assert.ok(message.endsWith("\u{1f600}..."));
  assert.ok(message.isWellFormed());
});

Deno.test("cloudInitReport() changes nothing when the same event comes twice", () => {
  const event = readCloudInitEvent('{"name":"a","event_type":"start"}')!;
  const status = cloudInitReport(machineWith(), event, NOW);
  assert.equal(cloudInitReport(machineWith(status), event, NOW + 5000), undefined);
});

Deno.test("cloudInitReport() remembers a system that came up: a start that it reports later is no installation", () => {
  const [start, end] = ["start", "finish"].map((type) => ({
    name: "modules-final",
    description: "",
    type,
    result: "SUCCESS",
  }));
  let object = machineWith({ operations: { repaveCounter: 3 } });
  for (const [event, installing] of [[start, true], [end, false], [start, false]] as const) {
    object = { ...object, status: cloudInitReport(object, event as CloudInitEvent, NOW)! };
    assert.equal(isInstalling(object), installing);
  }
  // One that came up before this was kept.
  const { attestation: _, ...before } = cloudInitReport(object, end as CloudInitEvent, NOW)!;
  assert.equal(isInstalling(machineWith(cloudInitReport(machineWith(before), start as CloudInitEvent, NOW))), false);
});

Deno.test("cloudInitReport() keeps the other fields of the status", () => {
  const event = readCloudInitEvent('{"name":"a","event_type":"start"}')!;
  const status = cloudInitReport(machineWith({ phase: "Ready", operations: { rebootCounter: 4 } }), event, NOW);
  assert.equal(status?.phase, "Ready");
  assert.deepEqual(status?.operations, { rebootCounter: 4 });
});

for (
  const junk of ["", "null", "[]", "{", '"x"', "{}", '{"name":"a"}', '{"name":1,"event_type":"start"}']
) {
  Deno.test(`readCloudInitEvent() takes ${junk || "nothing"} as junk (contract 7)`, () => {
    assert.equal(readCloudInitEvent(junk), undefined);
  });
}

function runningSince(time: string, reason = "Running"): MachineObject {
  const condition = { type: "CloudInitDone", status: "False" as const, reason, message: "", lastTransitionTime: time };
  return machineWith({ conditions: [condition] });
}
const SINCE_NOW = runningSince("2026-01-01T00:00:00Z");

for (
  const [name, object, changedMs, now, kind] of [
    ["no condition", machineWith(), 0, NOW, "none"],
    ["failed", runningSince("2026-01-01T00:00:00Z", "Failed"), 0, NOW + 2 * STALL_MS, "none"],
    ["running for less than 5 min", SINCE_NOW, 0, NOW + STALL_MS - 1, "later"],
    ["running for 5 min", SINCE_NOW, 0, NOW + STALL_MS, "timedOut"],
    ["running, and its message changed since", SINCE_NOW, NOW + 60_000, NOW + STALL_MS, "later"],
    [
      "running, and 5 min passed since its message changed",
      SINCE_NOW,
      NOW + 60_000,
      NOW + 60_000 + STALL_MS,
      "timedOut",
    ],
    ["running since a time that cannot be read", runningSince("?"), 0, NOW, "timedOut"],
  ] as const
) {
  Deno.test(`nextStallCheck(): ${name} (contract 2)`, () => {
    assert.equal(nextStallCheck(object, changedMs, now).kind, kind);
  });
}

Deno.test("nextStallCheck() says when to look again, at most one limit away", () => {
  assert.deepEqual(nextStallCheck(SINCE_NOW, 0, NOW + 1000), { kind: "later", at: NOW + STALL_MS });
  const future = runningSince("2036-01-01T00:00:00Z");
  assert.deepEqual(nextStallCheck(future, 0, NOW), { kind: "later", at: NOW + STALL_MS });
});

Deno.test("an event that comes after the time-out counts again (contract 2)", () => {
  const check = nextStallCheck(SINCE_NOW, 0, NOW + STALL_MS);
  assert.ok(check.kind === "timedOut");
  const { lastTransitionTime, ...timedOut } = check.status.conditions!.at(-1)!;
  assert.equal(lastTransitionTime, "2026-01-01T00:05:00Z");
  assert.deepEqual(timedOut, {
    type: "CloudInitDone",
    status: "Unknown",
    reason: "TimedOut",
    message: "cloud-init did not complete within 5m0s",
    observedGeneration: 7,
  });
  const late = report({ name: "modules-final", event_type: "finish", result: "SUCCESS" }, machineWith(check.status));
  assert.equal(late?.status, "True");
});

const REPAVED = {
  type: "Repaved",
  status: "True",
  reason: "Succeeded",
  message: "image=reg/img:1",
  observedGeneration: 7,
  lastTransitionTime: "2026-01-01T00:00:00Z",
} as const;

Deno.test("pxeDisabled() takes over the wanted counter and sets Repaved (contract 2, 7)", () => {
  const object = machineWith({ phase: "Ready", operations: { rebootCounter: 5, repaveCounter: 1 } });
  assert.deepEqual(pxeDisabled(object, { wantedRepaves: 3, image: "reg/img:1" }, NOW), {
    phase: "Ready",
    operations: { rebootCounter: 5, repaveCounter: 3 },
    conditions: [REPAVED],
  });
});

Deno.test("pxeDisabled() does not invent counters that nobody asked for (contract 11.6)", () => {
  assert.deepEqual(pxeDisabled(machineWith(), { wantedRepaves: 0, image: "reg/img:1" }, NOW), {
    conditions: [REPAVED],
  });
});

Deno.test("pxeDisabled() writes the counter though the condition is right already", () => {
  const object = machineWith({ conditions: [REPAVED] });
  assert.deepEqual(pxeDisabled(object, { wantedRepaves: 3, image: "reg/img:1" }, NOW + 5000), {
    operations: { repaveCounter: 3 },
    conditions: [REPAVED],
  });
});

Deno.test("pxeDisabled() changes nothing the second time", () => {
  const wanted = { wantedRepaves: 3, image: "reg/img:1" };
  const status = pxeDisabled(machineWith(), wanted, NOW);
  assert.equal(pxeDisabled(machineWith(status), wanted, NOW + 5000), undefined);
});

Deno.test("200,000 mutated cloud-init events: an event or junk, and messages within their limit", () => {
  const seed = JSON.stringify({
    name: "modules-final",
    description: 'running "x" \u00e9\u{1f600}',
    event_type: "finish",
    origin: "cloudinit",
    timestamp: 1.5,
    result: "SUCCESS",
  });
  const pieces = ["", "{", "}", '"', "\\", "null", "0", "\u0000", "\ud800", "start", "x".repeat(1200), ","];
  let accepted = 0;
  for (const body of mutations({ texts: [seed], pieces, count: 200_000, seed: 3 })) {
    const event = readCloudInitEvent(body);
    if (event === undefined) continue;
    accepted++;
    const condition = cloudInitReport(machineWith(), event, NOW)!.conditions![0]!;
    assert.ok([...condition.message].length <= 1024 && condition.message.isWellFormed());
    assert.equal(condition.type, "CloudInitDone");
  }
  assert.ok(accepted > 10_000);
});
