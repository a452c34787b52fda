import { deepEqual, throws } from "node:assert/strict";
import type { MachineObject, Operations } from "../../machine/types.ts";
import { RequestError, requestFor, withRequest } from "./request.ts";

function machine(wanted?: Operations, done?: Operations): MachineObject {
  return {
    metadata: { name: "a", uid: "u", resourceVersion: "7" },
    spec: { pxe: { redfish: { url: "https://bmc" } }, ...(wanted === undefined ? {} : { operations: wanted }) },
    ...(done === undefined ? {} : { status: { operations: done } }),
  };
}

const CASES: readonly [
  name: string,
  object: MachineObject,
  repave: Operations,
  reboot: Operations,
][] = [
  ["no operations at all", machine(), { repaveCounter: 1, rebootCounter: 1 }, { rebootCounter: 1 }],
  [
    "counters that were reached",
    machine({ repaveCounter: 2, rebootCounter: 5 }, { repaveCounter: 2, rebootCounter: 5 }),
    { repaveCounter: 3, rebootCounter: 6 },
    { rebootCounter: 6 },
  ],
  [
    "a spec that was written anew from a file: status is ahead",
    machine({}, { repaveCounter: 2, rebootCounter: 5 }),
    { repaveCounter: 3, rebootCounter: 6 },
    { rebootCounter: 6 },
  ],
  [
    "a reboot that is pending",
    machine({ rebootCounter: 6 }, { rebootCounter: 5 }),
    { repaveCounter: 1, rebootCounter: 7 },
    { rebootCounter: 7 },
  ],
];

for (const [name, object, repave, reboot] of CASES) {
  Deno.test(`requestFor() raises each counter by one: ${name} (contract 9)`, () => {
    deepEqual(requestFor("repave", "power", object).patch, {
      metadata: { resourceVersion: "7" },
      spec: { operations: repave },
    });
    const { patch, goal } = requestFor("reboot", "ready", object);
    deepEqual(patch.spec.operations, reboot);
    deepEqual([goal.rebootCounter, goal.uid, goal.until], [reboot.rebootCounter, "u", "ready"]);
  });
}

Deno.test("requestFor() remembers what cloud-init had said, so that only what it says next counts", () => {
  const object = machine();
  const lastTransitionTime = "2026-01-01T00:00:00Z";
  object.status = {
    conditions: [{ type: "CloudInitDone", status: "True", reason: "Succeeded", message: "", lastTransitionTime }],
  };
  deepEqual(requestFor("reboot", "ready", object).goal.cloudInitBefore, lastTransitionTime);
});

Deno.test("requestFor() says that BMC access is needed (contract 3)", () => {
  const message = /^machine "a" has no spec.pxe.redfish: BMC access is needed to repave it$/;
  for (const spec of [undefined, {}, { pxe: null }, { pxe: {} }, { pxe: { redfish: null } }]) {
    const object = { metadata: { name: "a" }, ...(spec === undefined ? {} : { spec }) };
    throws(() => requestFor("repave", "power", object), (error) => {
      return error instanceof RequestError && message.test(error.message);
    });
  }
});

Deno.test("requestFor() refuses a counter that would lose digits", () => {
  const object = machine({ rebootCounter: Number.MAX_SAFE_INTEGER });
  throws(() => requestFor("reboot", "power", object), /rebootCounter cannot grow any more/);
});

Deno.test("withRequest() changes the counters and nothing else", () => {
  const object = machine({ rebootCounter: 1 });
  deepEqual(withRequest(object, requestFor("repave", "power", object)), {
    ...object,
    spec: { ...object.spec, operations: { rebootCounter: 2, repaveCounter: 1 } },
  });
});
