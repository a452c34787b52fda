/** Whoever drives a power cycle may be killed at any point: the machine goes off once and on once (issue 5, deliver 2). */
import { deepEqual, equal, ok } from "node:assert/strict";
import type { ModelOptions } from "./model_bmc.ts";
import { PowerRun } from "./power_run.ts";

const REPAVE = { rebootCounter: 1, repaveCounter: 1 };
const MINUTE = 60_000;

const MODELS: readonly (readonly [name: string, options: ModelOptions, transitions: string])[] = [
  ["that is quick", {}, "Off,On"],
  ["that is off already", { isOn: false, onMs: 2000 }, "On"],
  ["that goes off in 3 s and on in 10 s", { offMs: 3000, onMs: 10_000 }, "Off,On"],
  ["that goes off in 8 min", { offMs: 8 * MINUTE, onMs: 2000 }, "Off,On"],
  ["that says so on the way", { offMs: 3000, onMs: 10_000, midway: "PoweringOff and PoweringOn" }, "Off,On"],
  ["that says nothing on the way", { offMs: 20_000, onMs: 20_000, midway: "Unknown" }, "Off,On"],
  ["whose BMC lags by 20 s", { offMs: 3000, onMs: 3000, lagMs: 20_000 }, "Off,On"],
  ["whose BMC says off for a moment", { offMs: 9000, onMs: 3000, flaps: { 0: "Off", 2: "Off", 4: "Off" } }, "Off,On"],
  ["whose BMC says all sorts of things", {
    offMs: 9000,
    onMs: 9000,
    flaps: { 0: "Unknown", 3: "PoweringOn", 4: "Paused", 7: "Unknown" },
  }, "Off,On"],
  ["whose BMC loses the first off", { lost: [0] }, "Off,On"],
  ["whose BMC loses the first on", { lost: [1] }, "Off,On"],
];

function check(run: PowerRun, transitions: string, when: string): void {
  equal(run.bmc.seen.map(({ to }) => to).join(), transitions, when);
  ok(run.bmc.isOn, when);
  equal(run.bmc.boot, "Pxe", when);
  const { operations, conditions, redfish } = run.object.status!;
  deepEqual(operations, { rebootCounter: 1, repaveCounter: 0 }, when);
  deepEqual(redfish, { certFingerprint: "ab:cd" }, when);
  deepEqual(conditions?.map((c) => `${c.type} ${c.status}/${c.reason} ${c.message}`), [
    "Repaved False/Pending image=i:v1",
  ], when);
}

for (const [name, options, transitions] of MODELS) {
  Deno.test(`a machine ${name} is cycled once, whatever point memory is lost at`, () => {
    const whole = new PowerRun(REPAVE, options);
    whole.rest();
    check(whole, transitions, "without a crash");
    for (const downMs of [0, 4000, 6 * MINUTE]) {
      for (let crash = 0; crash < whole.points; crash++) {
        const run = new PowerRun(REPAVE, options);
        run.rest(({ index }) => index === crash ? downMs : undefined);
        check(run, transitions, `lost at point ${crash}, away for ${downMs} ms`);
      }
    }
  });

  Deno.test(`a machine ${name} is cycled once, though memory is lost at two points`, () => {
    for (const [every, downMs] of [[2, 0], [3, 1000], [5, 30_000], [7, 0], [11, 0]] as const) {
      for (let first = 0; first < 40; first++) {
        const run = new PowerRun(REPAVE, options);
        run.rest(({ index }) => index === first || index === first + every ? downMs : undefined);
        check(run, transitions, `lost at points ${first} and ${first + every}`);
      }
    }
  });
}

Deno.test("the steps of a repave, as they are written (contract 2, 3, 9)", () => {
  const run = new PowerRun(REPAVE, { offMs: 3000, onMs: 1000 });
  run.rest();
  deepEqual(run.written, ["pinned", "Powering off...", "Powered off", "Powering on...", "Powered on"]);
  run.object = { ...run.object, status: { ...run.object.status, operations: { rebootCounter: 1, repaveCounter: 1 } } };
  run.rest();
  equal(run.bmc.boot, "None", "once installed it boots what it likes");
  equal(run.bmc.actions, 2);
});
