import assert from "node:assert/strict";
import { formatTime, setCondition } from "./conditions.ts";
import type { Condition } from "./types.ts";

const T0 = Date.parse("2026-01-01T00:00:00.900Z");
const T1 = T0 + 60_000;
const running = {
  type: "CloudInitDone",
  status: "False",
  reason: "Running",
  message: "a",
  observedGeneration: 2,
} as const;
const other: Condition = {
  type: "SSHReachable",
  status: "True",
  reason: "Probed",
  message: "",
  lastTransitionTime: "2025-01-01T00:00:00Z",
};

Deno.test("formatTime() writes whole seconds (RFC 3339 5.6)", () => {
  assert.equal(formatTime(T0), "2026-01-01T00:00:00Z");
});

Deno.test("setCondition() adds a condition and leaves another controller's alone (contract 2)", () => {
  const after = setCondition([other], running, T0);
  assert.deepEqual(after, [other, { ...running, lastTransitionTime: "2026-01-01T00:00:00Z" }]);
  assert.equal(after[0], other);
});

for (
  const [name, change, time] of [
    ["status changes: the time moves", { status: "True", reason: "Succeeded" }, "2026-01-01T00:01:00Z"],
    ["reason changes: the time stays", { reason: "Failed" }, "2026-01-01T00:00:00Z"],
    ["message changes: the time stays", { message: "b" }, "2026-01-01T00:00:00Z"],
    ["generation changes: the time stays", { observedGeneration: 3 }, "2026-01-01T00:00:00Z"],
  ] as const
) {
  Deno.test(`setCondition() ${name} (contract 2)`, () => {
    const before = setCondition([], running, T0);
    const after = setCondition(before, { ...running, ...change }, T1);
    assert.deepEqual(after, [{ ...running, ...change, lastTransitionTime: time }]);
    assert.notEqual(after, before);
  });
}

Deno.test("setCondition() gives the same array when nothing changes, so that nothing is written", () => {
  const before = setCondition([other], running, T0);
  assert.equal(setCondition(before, running, T1), before);
});
