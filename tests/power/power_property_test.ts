/** Power cycles under any order of what operators, machines and crashes do (contract 2, 9). */
import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { rebootPending, repavePending } from "../../machine/power_cycle.ts";
import { conditionOf, ConditionType } from "../../machine/conditions.ts";
import { readMachine } from "../../machine/types.ts";
import type { ModelOptions } from "./model_bmc.ts";
import { PowerRun } from "./power_run.ts";

const MS = fc.constantFrom(0, 500, 3000, 20_000, 400_000);
const MODEL: fc.Arbitrary<ModelOptions> = fc.record({
  isOn: fc.boolean(),
  offMs: MS,
  onMs: MS,
  midway: fc.constantFrom(undefined, "PoweringOff and PoweringOn" as const, "Unknown" as const),
  lost: fc.uniqueArray(fc.nat(5), { maxLength: 2 }),
}).map(({ midway, ...options }) => ({ ...options, ...(midway === undefined ? {} : { midway }) }));

type Event =
  | { readonly kind: "steps"; readonly count: number }
  | { readonly kind: "crash"; readonly downMs: number; readonly isDone: boolean }
  | { readonly kind: "ask"; readonly reboots: number; readonly repaves: number }
  | { readonly kind: "installed" }
  | { readonly kind: "pressed" };

const EVENTS: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("steps" as const), count: fc.integer({ min: 1, max: 9 }) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("crash" as const), downMs: MS, isDone: fc.boolean() }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("ask" as const),
        reboots: fc.integer({ min: -1, max: 2 }),
        repaves: fc.integer({ min: 0, max: 1 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("installed" as const, "pressed" as const) }) },
  ),
  { maxLength: 40 },
);

/** A run that looks over the shoulder of whoever sends power actions. */
function watched(options: ModelOptions) {
  const run = new PowerRun({ rebootCounter: 1, repaveCounter: 0 }, options);
  const guard = (): void => {
    const machine = readMachine(run.object).machine;
    const condition = conditionOf(run.object, ConditionType.PoweredOff);
    ok(rebootPending(machine) || condition !== undefined, "switched, though nothing asks for it");
    ok(condition !== undefined, "switched before it was written");
  };
  return { run, guard };
}

function happen(run: PowerRun, event: Event, guard: () => void): void {
  const { status = {} } = run.object;
  const spec = run.object.spec!.operations as { rebootCounter: number; repaveCounter: number };
  switch (event.kind) {
    case "steps":
      for (let i = 0; i < event.count; i++) {
        run.step(({ step, isDone }) => {
          if (step.kind === "power" && !isDone) guard();
          return false;
        });
      }
      return;
    case "crash":
      run.step(({ isDone }) => isDone === event.isDone);
      return run.crash(event.downMs);
    case "ask":
      return run.ask({
        rebootCounter: spec.rebootCounter + event.reboots,
        repaveCounter: spec.repaveCounter + event.repaves,
      });
    case "pressed":
      return run.bmc.press();
    case "installed":
      run.object = {
        ...run.object,
        status: { ...status, operations: { ...status.operations, repaveCounter: spec.repaveCounter } },
      };
  }
}

Deno.test("in any order of events a machine ends up counted and at rest, and goes off no more often than asked", () => {
  fc.assert(
    fc.property(MODEL, EVENTS, (options, events) => {
      const { run, guard } = watched(options);
      for (const event of events) happen(run, event, guard);
      run.rest(({ step, isDone }) => void (step.kind === "power" && !isDone && guard()));
      const { machine } = readMachine(run.object);
      equal(rebootPending(machine), false);
      equal(conditionOf(run.object, ConditionType.PoweredOff), undefined);
      const raised = 1 + events.filter((event) => event.kind === "ask" && event.reboots > 0).length;
      const presses = events.filter((event) => event.kind === "pressed").length;
      const offs = run.bmc.seen.filter(({ to }) => to === "Off").length;
      ok(offs <= raised + presses, `went off ${offs} times for ${raised} requests`);
      if (presses === 0 && (options.isOn || run.written.includes("Powered on"))) ok(run.bmc.isOn, "it is left off");
      ok(run.written.filter((w) => w === "Powered on").length <= raised);
      equal(run.bmc.boot, repavePending(machine) ? "Pxe" : "None");
    }),
    { numRuns: 500 },
  );
});

Deno.test("after any order of events the next reboot takes no longer than the machine does", () => {
  fc.assert(
    fc.property(MODEL, EVENTS, ({ lost: _none, ...options }, events) => {
      const { run, guard } = watched(options);
      for (const event of events) happen(run, event, guard);
      run.rest();
      const { wanted, done } = readMachine(run.object).machine;
      const { isOn } = run.bmc;
      const [seen, startMs] = [run.bmc.seen.length, run.clock.now()];
      run.ask({ rebootCounter: Math.max(wanted.rebootCounter, done.rebootCounter) + 1, repaveCounter: 0 });
      run.rest();
      equal(run.bmc.seen.slice(seen).map(({ to }) => to).join(), isOn ? "Off,On" : "On");
      // Of a longer wait an action is repeated, and polls are slow by then.
      const tookMs = run.clock.now() - startMs;
      ok(tookMs <= (options.offMs ?? 0) + (options.onMs ?? 0) + 60_000, `took ${tookMs} ms`);
    }),
    { numRuns: 500 },
  );
});

Deno.test("a machine at rest is left alone, whatever is read of it", () => {
  fc.assert(fc.property(MODEL, fc.array(MS, { maxLength: 5 }), (options, downs) => {
    const run = new PowerRun({ rebootCounter: 0, repaveCounter: 0 }, options);
    for (const downMs of downs) {
      run.rest();
      run.crash(downMs);
    }
    run.rest();
    deepEqual([run.bmc.actions, run.bmc.seen, run.written.filter((w) => w !== "pinned")], [0, [], []]);
  }));
});
