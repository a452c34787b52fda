/** What goes wrong with BMCs and their Secrets: one Event with the cause each, nothing else disturbed (issue 5, bad input). */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { BmcError, type BmcFault } from "../../redfish/types.ts";
import { Fleet } from "./fleet.ts";
import type { FleetBmc } from "./fleet_bmc.ts";

const MINUTE = 60_000;

/** No password in any log line, Event or object, whatever the BMC says. */
function checkSecrets(fleet: Fleet, ...passwords: string[]): void {
  const said = JSON.stringify([fleet.log.lines, fleet.events, [...fleet.api.machines.values()]]);
  for (const password of passwords) equal(said.includes(password), false, "a password is shown");
}

interface Trouble {
  readonly name: string;
  readonly breaks: (fleet: Fleet, bmc: FleetBmc) => void;
  readonly mends: (fleet: Fleet, bmc: FleetBmc) => void;
  readonly event: RegExp;
  /** From the correction to the end of the cycle, at most. */
  readonly withinMs: number;
}

const fault = (kind: BmcFault, call: "look" | "boot" | "power", event: RegExp): Trouble => ({
  name: `a BMC that fails in ${call}: ${kind}`,
  breaks: (_, bmc) => bmc.fails.set(call, new BmcError(kind, `BMC https://a.bmc: ${kind} in ${call}`)),
  mends: (_, bmc) => bmc.fails.clear(),
  event,
  withinMs: 70_000,
});
const secret = (fleet: Fleet, data: Record<string, string>) => void fleet.api.secrets.set("bmcs/a", data);

const TROUBLES: readonly Trouble[] = [
  {
    name: "a Secret that does not exist",
    breaks: (fleet) => void fleet.api.secrets.delete("bmcs/a"),
    mends: (fleet) => secret(fleet, { password: "hunter2" }),
    event: /^a BmcSecretMissing: Secret bmcs\/a \(spec\.pxe\.redfish\.passwordRef\) does not exist$/,
    withinMs: 25_000,
  },
  {
    name: "a Secret without the key",
    breaks: (fleet) => secret(fleet, { pass: "hunter2" }),
    mends: (fleet) => secret(fleet, { password: "hunter2" }),
    event: /^a BmcSecretMissing: Secret bmcs\/a \(.*\) has no key password; it has pass$/,
    withinMs: 25_000,
  },
  {
    name: "a wrong password that the BMC sends back",
    breaks: (fleet) => secret(fleet, { password: "battery staple" }),
    mends: (fleet) => secret(fleet, { password: "hunter2" }),
    event: /^a BmcLoginFailed: user admin, password \*\*\*: refused$/,
    withinMs: 25_000,
  },
  {
    name: "a certificate that changed",
    breaks: (fleet) =>
      fleet.edit("a", ({ status }) => ({ status: { ...status, redfish: { certFingerprint: "00:11" } } })),
    mends: (fleet) =>
      fleet.edit("a", ({ status }) => ({ status: { ...status, redfish: { certFingerprint: "ab:cd" } } })),
    event: /^a BmcCertificateChanged: it shows ab:cd, pinned is 00:11$/,
    withinMs: 10_000,
  },
  fault("unreachable", "look", /^a BmcUnreachable: /),
  fault("tls", "look", /^a BmcUnreachable: /),
  fault("no system", "look", /^a BmcNoSystem: /),
  fault("protocol", "look", /^a BmcNotRedfish: /),
  fault("busy", "boot", /^a BmcBusy: /),
  fault("refused", "boot", /^a BmcRefused: /),
  fault("refused", "power", /^a BmcRefused: /),
];

/** A Machine is told to have this BMC. */
function moveTo(url: string, fleet: Fleet, name = "a"): void {
  fleet.edit(name, ({ spec }) => {
    const pxe = spec!.pxe as { redfish: Record<string, unknown> };
    return { spec: { ...spec, pxe: { ...pxe, redfish: { ...pxe.redfish, url } } } };
  });
}

for (const { name, breaks, mends, event, withinMs } of TROUBLES) {
  Deno.test(`${name}: one Event with the cause, PoweredOff says it too, and it goes on once corrected`, async () => {
    await using fleet = new Fleet();
    const bmc = fleet.add("a", { offMs: 3000 });
    const other = fleet.add("b");
    breaks(fleet, bmc);
    fleet.start();
    await fleet.run(10 * MINUTE, 1000);
    deepEqual([fleet.isRebooted("b"), other.model.seen.length], [true, 2], "nothing else is disturbed");
    equal(fleet.events.length, 1, "one Event, however often it was tried");
    match(fleet.events[0]!, event);
    const cause = fleet.events[0]!.replace(/^a \w+: /, "");
    deepEqual(fleet.conditions("a"), [`PoweredOff False/PoweringOff target reboots: 1: ${cause}`]);
    deepEqual(bmc.model.seen, [], "the machine keeps running");
    ok(bmc.calls.length < 40, `tried ${bmc.calls.length} times in 10 min`);
    mends(fleet, bmc);
    await fleet.until(() => fleet.isRebooted("a"), withinMs);
    deepEqual(fleet.conditions("a"), ["Repaved False/Pending image=i:v1"]);
    equal(bmc.model.seen.map(({ to }) => to).join(), "Off,On");
    checkSecrets(fleet, "hunter2", "battery staple");
  });
}

Deno.test("a wrong password is sent no more than twice in 10 minutes: BMCs lock users out", async () => {
  await using fleet = new Fleet();
  const bmc = fleet.add("a");
  fleet.api.secrets.set("bmcs/a", { password: "battery staple" });
  fleet.start();
  await fleet.run(9.9 * MINUTE, 1000);
  equal(bmc.calls.length, 2);
});

Deno.test("a time of day that is set back by an hour: a refused password is sent again all the same, and an action repeated", async () => {
  await using fleet = new Fleet();
  const bmc = fleet.add("a", { lost: [0] });
  fleet.api.secrets.set("bmcs/a", { password: "battery staple" });
  fleet.start();
  await fleet.run(1000);
  fleet.setBackMs = 60 * MINUTE;
  bmc.password = "battery staple";
  await fleet.until(() => bmc.calls.includes("Off"), 6 * MINUTE, 1000);
  fleet.setBackMs += 60 * MINUTE;
  await fleet.until(() => fleet.isRebooted("a"), 6 * MINUTE, 1000);
  deepEqual(bmc.calls.filter((call) => call === "Off" || call === "On"), ["Off", "Off", "On"]);
});

Deno.test("a BMC that goes while its machine is off: on again once it is back", async () => {
  await using fleet = new Fleet();
  const bmc = fleet.add("a", { offMs: 3000 });
  fleet.start();
  await fleet.until(() => bmc.calls.includes("Off"), 10_000);
  bmc.fails.set("look", new BmcError("unreachable", "gone"));
  await fleet.run(MINUTE);
  deepEqual(fleet.conditions("a"), ["PoweredOff False/PoweringOff target reboots: 1: gone"]);
  bmc.fails.clear();
  await fleet.until(() => fleet.isRebooted("a"), 70_000);
  equal(bmc.model.seen.map(({ to }) => to).join(), "Off,On");
});

Deno.test("a BMC that takes no On: nobody is told that the machine was switched on before it does", async () => {
  await using fleet = new Fleet();
  const bmc = fleet.add("a");
  fleet.start();
  await fleet.until(() => bmc.calls.includes("Off"), 10_000);
  bmc.fails.set("power", new BmcError("refused", "no power budget"));
  await fleet.run(20 * MINUTE, 1000);
  ok(bmc.calls.filter((call) => call === "On").length > 3);
  deepEqual(fleet.poweredOn, []);
  bmc.fails.clear();
  await fleet.until(() => fleet.isRebooted("a"), 70_000);
  deepEqual(fleet.poweredOn, ["a"]);
});

Deno.test("a BMC that hangs gives way to what the Machine says now, at once", async () => {
  await using fleet = new Fleet();
  const bmc = fleet.add("a");
  bmc.hangs = true;
  fleet.start();
  await fleet.run(5000);
  const better = fleet.add("b", {}, { rebootCounter: 0, repaveCounter: 0 });
  moveTo("https://b.bmc", fleet);
  await fleet.until(() => fleet.isRebooted("a"), 10_000);
  deepEqual([bmc.calls, bmc.model.seen.length, better.model.seen.length], [["look"], 0, 2]);
  equal(bmc.open, 0, "what was open to the old one is closed");
});

Deno.test("a Machine that gets another BMC between a look and its write: what the old one said is not written", async () => {
  await using fleet = new Fleet();
  const bmc = fleet.add("a", { offMs: 3000 });
  const better = fleet.add("b", {}, { rebootCounter: 0, repaveCounter: 0 });
  fleet.start();
  await fleet.until(() => bmc.calls.includes("Off"), 10_000);
  // The watch does not say so yet.
  fleet.api.isBehind = true;
  moveTo("https://b.bmc", fleet);
  await fleet.until(() => fleet.isRebooted("a"), 20_000);
  equal(better.model.seen.map(({ to }) => to).join(), "Off,On", "counted without a reboot");
});

Deno.test("two Machines with one BMC: the younger says so and switches nothing, until the older is gone", async () => {
  await using fleet = new Fleet();
  const bmc = fleet.add("a", {}, { rebootCounter: 0, repaveCounter: 0 });
  fleet.add("b");
  moveTo("https://a.bmc", fleet, "b");
  fleet.api.secrets.set("bmcs/b", { password: bmc.password });
  fleet.start();
  await fleet.run(10 * MINUTE, 1000);
  deepEqual([bmc.model.seen, bmc.model.boot, fleet.events.length], [[], "None", 1]);
  match(fleet.events[0]!, /^b BmcNoSystem: Machine a, which is older, names this system/);
  match(fleet.conditions("b")[0]!, /^PoweredOff False\/PoweringOff target reboots: 1: Machine a, /);
  fleet.api.delete("a");
  await fleet.until(() => fleet.isRebooted("b"), 2 * MINUTE);
  equal(bmc.model.seen.map(({ to }) => to).join(), "Off,On");
});

Deno.test("a Machine deleted in mid-cycle: its BMC is left at once, nothing more is written", async () => {
  await using fleet = new Fleet();
  const bmc = fleet.add("a", { offMs: 60_000 });
  fleet.add("b", { offMs: 60_000 });
  fleet.start();
  await fleet.until(() => bmc.calls.includes("Off"), 10_000);
  fleet.api.delete("a");
  await fleet.run(1000);
  equal(bmc.open, 0);
  const { length } = bmc.calls;
  await fleet.until(() => fleet.isRebooted("b"), 2 * MINUTE);
  deepEqual([bmc.calls.length, fleet.events], [length, []]);
});

Deno.test("a Machine deleted while its write waits for the API, and made again, is another one", async () => {
  await using fleet = new Fleet();
  const bmc = fleet.add("a", { offMs: 10_000 }, { rebootCounter: 1, repaveCounter: 0 });
  fleet.start();
  await fleet.until(() => bmc.calls.includes("Off"), 10_000);
  fleet.api.isDown = true;
  await fleet.run(MINUTE);
  const { metadata, spec } = fleet.machine("a");
  fleet.api.delete("a");
  await fleet.run(1000);
  fleet.api.put({
    metadata: { ...metadata, uid: "another" },
    spec: { ...spec, operations: { rebootCounter: 0, repaveCounter: 0 } },
  });
  fleet.api.isDown = false;
  await fleet.run(2 * MINUTE, 1000);
  deepEqual([fleet.machine("a").status?.conditions, fleet.machine("a").status?.operations], [undefined, undefined]);
});

Deno.test("redfish taken out of a Machine in mid-cycle: PoweredOff says so", async () => {
  await using fleet = new Fleet();
  const bmc = fleet.add("a", { offMs: 60_000 });
  fleet.start();
  await fleet.until(() => bmc.calls.includes("Off"), 10_000);
  fleet.edit("a", ({ spec }) => ({ spec: { ...spec, pxe: { image: "i:v1" } } }));
  await fleet.run(5000);
  deepEqual(fleet.conditions("a"), [
    "PoweredOff False/PoweringOff target reboots: 1: spec.pxe.redfish is gone or cannot be used",
  ]);
});

Deno.test("a BMC that cannot set the boot order: said in BootOrderConfigSupported, cycled all the same, asked again (11.8)", async () => {
  await using fleet = new Fleet();
  const bmc = fleet.add("a");
  bmc.boots = { kind: "not supported", reason: "the BMC has no boot override" };
  fleet.start();
  await fleet.until(() => fleet.isRebooted("a"), 20_000);
  const told = "BootOrderConfigSupported False/NotSupported the BMC has no boot override";
  deepEqual(fleet.conditions("a"), [told, "Repaved False/Pending image=i:v1"]);
  // Not the installation's time, which would begin another cycle.
  fleet.edit("a", ({ spec }) => ({ spec: { ...spec, operations: { rebootCounter: 1, repaveCounter: 0 } } }));
  await fleet.run(30_000);
  deepEqual(fleet.conditions("a")[0], told);
  bmc.boots = { kind: "set" };
  await fleet.run(62 * MINUTE, 10_000);
  deepEqual(fleet.conditions("a"), ["Repaved False/Pending image=i:v1"]);
  equal(bmc.model.boot, "None");
});

Deno.test("bootTarget UefiHttp is wished with the URI to boot", async () => {
  await using fleet = new Fleet();
  const bmc = fleet.add("a");
  fleet.edit("a", ({ spec }) => {
    const pxe = spec!.pxe as { redfish: Record<string, unknown> };
    return { spec: { ...spec, pxe: { ...pxe, redfish: { ...pxe.redfish, bootTarget: "UefiHttp" } } } };
  });
  fleet.start();
  await fleet.until(() => fleet.isRebooted("a"), 20_000);
  equal(bmc.model.boot, "UefiHttp http://10.0.0.2:8880/grubx64.efi");
});

Deno.test("an outage of the API of any length: no power action before it is written, all goes on afterwards", async () => {
  await using fleet = new Fleet();
  const bmc = fleet.add("a", { offMs: 3000 });
  await fleet.run(0);
  fleet.start();
  await fleet.run(300);
  fleet.api.isDown = true;
  const { length } = bmc.model.seen;
  await fleet.run(20 * MINUTE, 1000);
  ok(bmc.model.seen.length - length <= 1);
  fleet.api.isDown = false;
  await fleet.until(() => fleet.isRebooted("a"), MINUTE);
  equal(bmc.model.seen.map(({ to }) => to).join(), "Off,On");
});

Deno.test("a system that does not shut down, behind a BMC without ForceOff: named in PoweredOff, asked again every 5 min", async () => {
  await using fleet = new Fleet();
  // The first request comes to nothing, and the one after it.
  const bmc = fleet.add("a", { lost: [0, 1] });
  bmc.asksOnly = true;
  fleet.start();
  await fleet.run(2 * MINUTE, 1000);
  const waits = "target reboots: 1: the BMC offers no ForceOff, and the system that was asked to shut down is still on";
  deepEqual(fleet.conditions("a"), [`PoweredOff False/PoweringOff ${waits}`]);
  equal(bmc.model.actions, 1);
  await fleet.run(11 * MINUTE, 1000);
  deepEqual(bmc.calls.filter((call) => call === "Off" || call === "On"), ["Off", "Off", "Off", "On"]);
  deepEqual(fleet.conditions("a"), ["Repaved False/Pending image=i:v1"]);
});
