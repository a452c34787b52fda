import { deepEqual, equal } from "node:assert/strict";
import type { MachineObject } from "../machine/types.ts";
import { conflictStatus, describeConflict } from "./address_conflicts.ts";
import type { AddressConflict } from "./machine_store.ts";

const conflict: AddressConflict = { kind: "MAC", address: "aa:bb:cc:dd:ee:01", served: "old", ignored: "new" };
const object = (name: string, extra: Partial<MachineObject> = {}): MachineObject => ({
  metadata: { name, generation: 3 },
  ...extra,
});

Deno.test("describeConflict() names both Machines, each from its own side (issue 3, bad input)", () => {
  equal(
    describeConflict(conflict, "old"),
    "MAC aa:bb:cc:dd:ee:01 is also claimed by Machine new, which is younger and not served",
  );
  equal(
    describeConflict(conflict, "new"),
    "MAC aa:bb:cc:dd:ee:01 is claimed by the older Machine old, which is served instead",
  );
});

Deno.test("conflictStatus() sets the condition, is quiet when it says so already, and takes it back", () => {
  const now = Date.UTC(2026, 0, 1);
  const told = conflictStatus(object("new"), [conflict], now)!;
  deepEqual(told.conditions, [{
    type: "AddressConflict",
    status: "True",
    reason: "Duplicate",
    message: describeConflict(conflict, "new"),
    observedGeneration: 3,
    lastTransitionTime: "2026-01-01T00:00:00Z",
  }]);
  equal(conflictStatus(object("new", { status: told }), [conflict], now + 9000), undefined);
  const over = conflictStatus(object("new", { status: told }), [], now + 9000)!;
  deepEqual(over.conditions?.map((c) => [c.status, c.reason, c.message]), [["False", "Unique", ""]]);
  equal(conflictStatus(object("new", { status: over }), [], now), undefined);
});

Deno.test("conflictStatus() adds nothing to a Machine that never had a conflict", () => {
  equal(conflictStatus(object("a"), [], 0), undefined);
});
