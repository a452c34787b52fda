/** The power controller over many BMCs at once (issue 5, deliver 3; contract 11.2). */
import { deepEqual, equal, ok } from "node:assert/strict";
import { Fleet } from "./fleet.ts";
import { ModelBmc } from "./model_bmc.ts";

const SLOW = { callMs: 100, offMs: 3000, onMs: 1000 };

/** Repaves so many machines, beside some whose BMC accepts calls and never answers; returns the model time that it takes. */
async function repaveAll(count: number, hanging: number): Promise<number> {
  await using fleet = new Fleet();
  for (let i = 0; i < hanging; i++) fleet.add(`hung-${i}`, SLOW).hangs = true;
  const names = Array.from({ length: count }, (_, i) => `node-${i}`);
  const bmcs = names.map((name) => fleet.add(name, SLOW));
  fleet.start();
  const ms = await fleet.until(() => names.every((name) => fleet.isRebooted(name)), 120_000);
  for (const bmc of bmcs) {
    equal(bmc.mostAtOnce, 1, "one call at a time to each BMC");
    deepEqual(bmc.calls.filter((call) => call !== "look"), ["boot Pxe", "Off", "On"]);
    equal(bmc.model.seen.map(({ to }) => to).join(), "Off,On");
  }
  for (const name of names) deepEqual(fleet.conditions(name), ["Repaved False/Pending image=i:v1"]);
  return ms;
}

Deno.test("200 machines are repaved at once, each BMC asked one thing at a time", async () => {
  ok(await repaveAll(200, 0) <= 15_000);
});

Deno.test("20 BMCs that never answer delay 200 others by no more than a tenth", async () => {
  const alone = await repaveAll(200, 0);
  const beside = await repaveAll(200, 20);
  ok(beside <= alone * 1.1, `${beside} ms beside hanging ones, ${alone} ms alone`);
});

Deno.test("1,000 machines are repaved at once", async () => {
  ok(await repaveAll(1000, 0) <= 40_000);
});

Deno.test("1,000 machines whose writes wait for a slow API for longer than what was seen is new: each turn writes something", async () => {
  await using fleet = new Fleet();
  const { api, clock } = fleet;
  const [get, replaceStatus] = [api.get, api.replaceStatus];
  api.get = (...args) => clock.sleep(100).then(() => get(...args));
  api.replaceStatus = (...args) => clock.sleep(100).then(() => replaceStatus(...args));
  const names = Array.from({ length: 1000 }, (_, i) => `node-${i}`);
  for (const name of names) fleet.add(name, SLOW);
  fleet.start();
  // Five writes each and as many reads, eight at a time, are 125 s; what is old when its turn comes costs a read, for nothing.
  const ms = await fleet.until(() => names.every((name) => fleet.isRebooted(name)), 400_000);
  ok(ms <= 150_000, `${ms} ms`);
});

Deno.test("eight systems behind one URL: each Machine switches its own, the BMC sees one call and one session at a time (11.2)", async () => {
  await using fleet = new Fleet();
  const chassis = fleet.add("node-0", SLOW);
  for (let i = 1; i < 8; i++) {
    const asked = i % 2;
    fleet.add(`node-${i}`, SLOW, { rebootCounter: asked, repaveCounter: 0 });
    fleet.edit(`node-${i}`, ({ spec }) => {
      const pxe = spec!.pxe as { redfish: Record<string, unknown> };
      const redfish = { ...pxe.redfish, url: "https://node-0.bmc", deviceID: `Blade${i}` };
      return { spec: { ...spec, pxe: { ...pxe, redfish } } };
    });
    chassis.systems.set(`Blade${i}`, new ModelBmc(fleet.clock, SLOW));
  }
  fleet.start();
  await fleet.until(() => Array.from({ length: 8 }).every((_, i) => fleet.isRebooted(`node-${i}`)), 60_000);
  await fleet.run(60_000, 1000);
  const seen = [chassis.model, ...chassis.systems.values()].map((model) => model.seen.map(({ to }) => to).join());
  deepEqual(seen, ["Off,On", "Off,On", "", "Off,On", "", "Off,On", "", "Off,On"]);
  deepEqual([chassis.model.boot, chassis.systems.get("Blade1")?.boot], ["Pxe", "None"]);
  deepEqual([chassis.mostAtOnce, chassis.open], [1, 0]);
});
