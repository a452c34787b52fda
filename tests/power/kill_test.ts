/** The controllers themselves, killed at every write and every call: one power cycle all the same (issue 5, deliver 2). */
import { deepEqual, equal } from "node:assert/strict";
import type { FleetBmc, FleetBmcOptions } from "./fleet_bmc.ts";
import { Fleet } from "./fleet.ts";

const MODELS: readonly (readonly [name: string, options: FleetBmcOptions])[] = [
  ["that is quick", { callMs: 50 }],
  ["that goes off in 3 s and on in 2 s", { callMs: 100, offMs: 3000, onMs: 2000 }],
  ["whose BMC lags", { callMs: 100, offMs: 1000, onMs: 1000, lagMs: 8000 }],
];

const happened = (fleet: Fleet, bmc: FleetBmc) => bmc.calls.length + fleet.api.written.length;

async function killedAt(count: number, downMs: number, options: FleetBmcOptions): Promise<boolean> {
  await using fleet = new Fleet();
  const bmc = fleet.add("a", options);
  fleet.start();
  await fleet.until(() => happened(fleet, bmc) >= count || fleet.isRebooted("a"), 60_000, 20);
  const isKilled = !fleet.isRebooted("a");
  if (isKilled) {
    await fleet.kill();
    await fleet.run(downMs, 1000);
    fleet.start();
  }
  await fleet.until(() => fleet.isRebooted("a"), 60_000);
  await fleet.run(30_000, 1000);
  const when = `killed at ${count}, away for ${downMs} ms`;
  equal(bmc.model.seen.map(({ to }) => to).join(), "Off,On", when);
  deepEqual(fleet.conditions("a"), ["Repaved False/Pending image=i:v1"], when);
  deepEqual([bmc.mostAtOnce, bmc.open, fleet.events], [1, 0, []], when);
  return isKilled;
}

for (const [name, options] of MODELS) {
  Deno.test(`a machine ${name} is cycled once, whatever write or call metalman is killed at`, async () => {
    for (const downMs of [0, 10_000, 400_000]) {
      for (let count = 0; await killedAt(count, downMs, options); count++);
    }
  });
}
