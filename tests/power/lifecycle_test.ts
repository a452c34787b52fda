/** Installations from power on to their end, in model time (contract 9, 11.9; issue 5, deliver 4). */
import { deepEqual, equal } from "node:assert/strict";
import { ApiError } from "../../k8s/errors.ts";
import { conditionOf, ConditionType } from "../../machine/conditions.ts";
import { pxeDisabled } from "../../machine/reports.ts";
import { Fleet } from "./fleet.ts";

const MINUTE = 60_000;
const PENDING = ["Repaved False/Pending image=i:v1"];

/** Minutes between the power ons of a machine that never installs itself. */
async function boots(fleet: Fleet, minutes: number): Promise<number[]> {
  const bmc = fleet.add("a");
  fleet.start();
  await fleet.run(minutes * MINUTE, 10_000);
  const ons = bmc.model.seen.filter(({ to }) => to === "On").map(({ atMs }) => atMs);
  return ons.slice(1).map((atMs, i) => Math.round((atMs - ons[i]!) / MINUTE));
}

function failure(fleet: Fleet): string | undefined {
  return conditionOf(fleet.machine("a"), ConditionType.Repaved)?.message;
}

Deno.test("a machine that never installs itself is booted 5 times, with growing pauses, then given up", async () => {
  await using fleet = new Fleet();
  deepEqual(await boots(fleet, 600), [30, 35, 40, 50]);
  deepEqual(fleet.conditions("a"), [
    "Repaved False/Failed image=i:v1: gave up after 5 attempts; no DHCP request was seen",
  ]);
  deepEqual(fleet.machine("a").status?.repave, { counter: 1, attempts: 5 });
  deepEqual(fleet.events, [
    "a RepaveRetried: not installed within 30m0s, attempt 1: no DHCP request was seen; it is booted again",
    "a RepaveRetried: not installed within 30m0s, attempt 2: no DHCP request was seen; it is booted again",
    "a RepaveRetried: not installed within 30m0s, attempt 3: no DHCP request was seen; it is booted again",
    "a RepaveRetried: not installed within 30m0s, attempt 4: no DHCP request was seen; it is booted again",
    "a RepaveFailed: not installed within 30m0s, attempt 5: no DHCP request was seen; given up",
  ]);
  equal(fleet.isRebooted("a"), true);
});

Deno.test("with --repave-max-attempts=0 it is booted again and again, an hour later at most", async () => {
  await using fleet = new Fleet({ maxAttempts: 0 });
  deepEqual(await boots(fleet, 540), [30, 35, 40, 50, 70, 90, 90, 90]);
});

Deno.test("under the peer's CRD, which drops status.repave, memory counts", async () => {
  await using fleet = new Fleet({ maxAttempts: 3 });
  fleet.api.prunes = ["repave"];
  deepEqual(await boots(fleet, 300), [30, 35]);
  deepEqual(fleet.machine("a").status?.repave, undefined);
  equal(failure(fleet), "image=i:v1: gave up after 3 attempts; no DHCP request was seen");
});

Deno.test("a restart forgets no try and gives no time twice", async () => {
  await using fleet = new Fleet({ maxAttempts: 2 });
  const bmc = fleet.add("a");
  fleet.start();
  for (let i = 0; i < 20; i++) {
    await fleet.run(5 * MINUTE, 10_000);
    await fleet.kill();
    fleet.start();
  }
  equal(bmc.model.seen.filter(({ to }) => to === "On").length, 2);
  equal(failure(fleet), "image=i:v1: gave up after 2 attempts; no DHCP request was seen (since metalman started)");
});

Deno.test("a new repaveCounter starts afresh, also after a failure", async () => {
  await using fleet = new Fleet({ maxAttempts: 1 });
  const bmc = fleet.add("a");
  fleet.start();
  await fleet.run(31 * MINUTE, 10_000);
  equal(failure(fleet), "image=i:v1: gave up after 1 attempt; no DHCP request was seen");
  fleet.edit("a", ({ spec }) => ({ spec: { ...spec, operations: { rebootCounter: 1, repaveCounter: 2 } } }));
  await fleet.run(MINUTE);
  deepEqual(fleet.conditions("a"), [], "what stood there was about another installation");
  fleet.edit("a", ({ spec }) => ({ spec: { ...spec, operations: { rebootCounter: 2, repaveCounter: 2 } } }));
  await fleet.run(MINUTE);
  deepEqual([fleet.conditions("a"), bmc.model.seen.length], [PENDING, 4]);
  await fleet.run(31 * MINUTE, 10_000);
  deepEqual(fleet.machine("a").status?.repave, { counter: 2, attempts: 1 });
});

Deno.test("a machine that installs itself: CloudInitDone cleared at its start, the override at its end, then rest", async () => {
  await using fleet = new Fleet();
  const bmc = fleet.add("a", { offMs: 3000, onMs: 1000 });
  const old = {
    type: "CloudInitDone",
    status: "True",
    reason: "Succeeded",
    message: "cloud-init completed successfully",
  };
  fleet.edit("a", ({ status }) => ({
    status: { ...status, conditions: [{ ...old, status: "True", lastTransitionTime: "2026-11-22T00:00:00Z" }] },
  }));
  fleet.start();
  await fleet.until(() => fleet.isRebooted("a"), MINUTE);
  deepEqual([fleet.conditions("a"), bmc.model.boot], [PENDING, "Pxe"]);
  const nowMs = fleet.clock.now();
  fleet.edit("a", (object) => ({ status: pxeDisabled(object, { wantedRepaves: 1, image: "i:v1" }, nowMs)! }));
  await fleet.run(5000);
  deepEqual([fleet.conditions("a"), bmc.model.boot], [["Repaved True/Succeeded image=i:v1"], "None"]);
  const { length } = bmc.calls;
  await fleet.run(3 * 60 * MINUTE, MINUTE);
  equal(bmc.calls.length, length, "a machine at rest is not asked anything");
  equal(bmc.open, 0, "nor is its session kept");
});

for (
  const [name, does, text] of [
    ["asks for nothing", () => {}, "no DHCP request was seen"],
    [
      "is not answered",
      ({ trace }: Fleet) => trace.dhcp("a", "the image is not here yet"),
      "DHCP was asked but not answered: the image is not here yet",
    ],
    ["stops after DHCP", ({ trace }: Fleet) => trace.dhcp("a"), "DHCP answered but no file was asked for"],
    [
      "stops after TFTP",
      ({ trace }: Fleet) => {
        trace.dhcp("a");
        trace.file("a", "grubx64.efi", "TFTP");
        trace.file("a", "grub.cfg", "TFTP");
      },
      'the last of 2 files was "grub.cfg" over TFTP but /pxe/disable was never asked',
    ],
    [
      "asks for a file that is not there",
      ({ trace }: Fleet) => trace.file("a", "/initrd", "HTTP", "the image has no such file"),
      'the last of 1 file was "/initrd" over HTTP, which failed: the image has no such file',
    ],
  ] as const
) {
  Deno.test(`a machine that ${name} is given up with what was seen last: ${text}`, async () => {
    await using fleet = new Fleet({ maxAttempts: 1 });
    fleet.add("a");
    fleet.start();
    fleet.trace.file("a", "of the boot before", "HTTP");
    await fleet.until(() => fleet.isRebooted("a"), MINUTE);
    does(fleet);
    await fleet.run(31 * MINUTE, 10_000);
    equal(failure(fleet), `image=i:v1: gave up after 1 attempt; ${text}`);
  });
}

Deno.test("an installation that is reported while its retry waits for the API is not booted again", async () => {
  await using fleet = new Fleet();
  const bmc = fleet.add("a");
  fleet.start();
  await fleet.until(() => fleet.isRebooted("a"), MINUTE);
  fleet.api.isDown = true;
  await fleet.run(31 * MINUTE, 10_000);
  const nowMs = fleet.clock.now();
  fleet.edit("a", (object) => ({ status: pxeDisabled(object, { wantedRepaves: 1, image: "i:v1" }, nowMs)! }));
  fleet.api.isDown = false;
  await fleet.run(10 * MINUTE, 10_000);
  equal(bmc.model.seen.length, 2);
  deepEqual(fleet.conditions("a"), ["Repaved True/Succeeded image=i:v1"]);
  deepEqual(fleet.events, []);
});

Deno.test("Machines whose status the API refuses hold up the retry of no other", async () => {
  await using fleet = new Fleet();
  const refused = Array.from({ length: 20 }, (_, i) => `refused-${i}`);
  for (const name of [...refused, "z"]) fleet.add(name);
  fleet.start();
  await fleet.until(() => [...refused, "z"].every((name) => fleet.isRebooted(name)), MINUTE);
  const { replaceStatus } = fleet.api;
  fleet.api.replaceStatus = (resource, object) =>
    object.metadata.name === "z"
      ? replaceStatus(resource, object)
      : Promise.reject(new ApiError("PUT", 422, { reason: "Invalid" }));
  await fleet.run(31 * MINUTE, 10_000);
  deepEqual(fleet.events, [
    "z RepaveRetried: not installed within 30m0s, attempt 1: no DHCP request was seen; it is booted again",
  ]);
});
