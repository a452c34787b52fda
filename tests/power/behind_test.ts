/** A watch may be behind what was done: nothing is switched by what it showed last (contract 4, 9). */
import { deepEqual } from "node:assert/strict";
import { Fleet } from "./fleet.ts";

const CYCLE = {
  type: "PoweredOff",
  status: "False",
  reason: "PoweringOff",
  message: "target reboots: 1",
  lastTransitionTime: "2026-11-23T08:59:00Z",
} as const;

/** A leader that takes over in the middle of a reboot, and what becomes of the Machine before its watch says so. */
async function takesOver(becomes: (fleet: Fleet) => void) {
  const fleet = new Fleet();
  const bmc = fleet.add("a", {}, { rebootCounter: 1, repaveCounter: 0 });
  fleet.edit("a", ({ status }) => ({
    status: { ...status, redfish: { certFingerprint: "ab:cd" }, conditions: [CYCLE] },
  }));
  fleet.start();
  fleet.api.isBehind = true;
  becomes(fleet);
  await fleet.run(75_000, 1000);
  return { fleet, switched: bmc.calls.filter((call) => call === "Off" || call === "On"), isOn: bmc.model.isOn };
}

Deno.test("a reboot that another leader has ended is not begun again: the machine would be left off", async () => {
  const { fleet, switched, isOn } = await takesOver((fleet) =>
    fleet.edit("a", ({ status }) => ({ status: { ...status, conditions: [], operations: { rebootCounter: 1 } } }))
  );
  await using _ = fleet;
  deepEqual([switched, isOn], [[], true]);
});

Deno.test("a Machine that is gone, or of another site by now, is not switched", async () => {
  const { fleet, switched, isOn } = await takesOver((fleet) => fleet.api.delete("a"));
  await using _ = fleet;
  deepEqual([switched, isOn], [[], true]);
});

Deno.test("a Machine that has changed otherwise meanwhile is switched", async () => {
  const { fleet, switched, isOn } = await takesOver((fleet) =>
    fleet.edit("a", ({ status }) => ({ status: { ...status, phase: "Rebooting" } }))
  );
  await using _ = fleet;
  deepEqual([switched, isOn], [["Off", "On"], true]);
});

Deno.test("a Machine is switched though the API takes long to say how it is", async () => {
  await using fleet = new Fleet();
  const { api, clock } = fleet;
  const get = api.get;
  api.get = (...args) => clock.sleep(8000).then(() => get(...args));
  const bmc = fleet.add("a", {}, { rebootCounter: 1, repaveCounter: 0 });
  fleet.start();
  await fleet.until(() => fleet.isRebooted("a"), 120_000, 1000);
  deepEqual(bmc.model.seen.map(({ to }) => to), ["Off", "On"]);
});
