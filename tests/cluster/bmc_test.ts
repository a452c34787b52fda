/** Our Redfish client against the emulated BMC over TLS, which switches a machine of the emulated rack. */
import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { type Clock, FakeClock, systemClock } from "../../base/clock.ts";
import { MemoryLogger } from "../../base/log.ts";
import { bmcCertificate, type BmcOptions, type EmulatedBmc, startBmc } from "../../dev/bmc/server.ts";
import { recordedFamily } from "../../dev/bmc/families.ts";
import { startRack } from "../../dev/rack/rack_host.ts";
import type { Rack, RackMachine } from "../../dev/rack/types.ts";
import { openBmc } from "../../redfish/bmc.ts";
import { type Bmc, BmcError, type BmcTarget } from "../../redfish/types.ts";
import { recordings } from "../golden/redfish/recorded.ts";

const USER = { username: "admin", password: "correct horse" };
const { signal } = new AbortController();

/** A rack with one machine and its BMC; nobody answers what the machine asks. */
interface Site extends AsyncDisposable {
  readonly machine: RackMachine;
  readonly bmc: EmulatedBmc;
}

async function startSite(more: Partial<BmcOptions> = {}): Promise<Site> {
  await using stack = new AsyncDisposableStack();
  const network = { dhcp: { address: "127.0.0.1", port: 9 }, tftpPort: 9 };
  const rack: Rack = stack.use(startRack({ network, onEvent: () => {}, clock: systemClock, random: Math.random }));
  const machine = rack.add({ mac: "52:54:00:00:00:01" });
  const bmc = stack.use(await startBmc({ machine, ...USER, log: new MemoryLogger(), ...more }));
  const owned = stack.move();
  return { machine, bmc, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** A client, closed by the test. */
function connect(
  { bmc: { url } }: Site,
  more: Partial<BmcTarget> = {},
  clock: Clock = systemClock,
): Bmc & AsyncDisposable {
  const bmc = openBmc({ url, deviceId: "1", ...USER, ...more }, { clock, log: new MemoryLogger() });
  return Object.assign(bmc, { [Symbol.asyncDispose]: () => bmc.close() });
}

async function untilPower(bmc: Bmc, power: string): Promise<void> {
  while ((await bmc.look(signal)).power !== power) await systemClock.sleep(5);
}

Deno.test("the client pins, looks, sets what boots, switches off and on, and logs out (contract 9)", async () => {
  await using site = await startSite({ times: { callMs: 1, offMs: 30 } });
  const { machine, bmc } = site;
  machine.powerOn();
  {
    await using client = connect(site);
    const { fingerprint, ...seen } = await client.look(signal);
    equal(fingerprint, bmc.fingerprint);
    equal(seen.power, "On");
    equal(bmc.stats.sessions, 1);
    deepEqual(await client.setBoot({ kind: "network", target: "Pxe" }, signal), { kind: "set" });
    equal(machine.bootOnce ?? machine.bootOrder[0], "network");
    await client.power("Off", signal);
    await untilPower(client, "Off");
    equal(machine.isOn, false);
    await client.power("On", signal);
    await untilPower(client, "On");
    equal(machine.isOn, true);
    deepEqual(await client.setBoot({ kind: "own order" }, signal), { kind: "set" });
    deepEqual([machine.bootOnce, machine.bootOrder], [undefined, ["disk", "network"]]);
  }
  deepEqual([bmc.stats.sessions, bmc.stats.mostAtOnce], [0, 1]);
});

Deno.test("an expired certificate is accepted and pinned; another one is refused before a password is sent", async () => {
  await using site = await startSite({ certificate: await bmcCertificate(Date.UTC(2019, 0, 1)) });
  await using first = connect(site);
  const { fingerprint } = await first.look(signal);
  await site.bmc.show(await bmcCertificate(Date.now()));
  const { calls } = site.bmc.stats;
  await using second = connect(site, { fingerprint });
  await rejects(second.look(signal), (error) => error instanceof BmcError && error.fault === "certificate");
  equal(site.bmc.stats.calls, calls);
});

for (
  const { name, fault, expected } of [
    {
      name: "a web page instead of JSON",
      fault: { kind: "answer", answer: { status: 200, body: "<html><title>Welcome</title></html>" } },
      expected: "protocol",
    },
    { name: "a body without an end", fault: { kind: "endless" }, expected: "protocol" },
    { name: "no answer at all", fault: { kind: "hang" }, expected: "unreachable" },
  ] as const
) {
  Deno.test(`a BMC with ${name}: ${expected}, within the client's limits`, async () => {
    const called = Promise.withResolvers<void>();
    await using site = await startSite({ fault, onCall: () => called.resolve() });
    const clock = new FakeClock();
    await using client = connect(site, {}, clock);
    const refused = rejects(client.look(signal), (error) => {
      equal((error as BmcError).fault, expected);
      match((error as Error).message, /^BMC https:\/\/127\.0\.0\.1:\d+: /);
      return true;
    });
    await called.promise;
    if (fault.kind === "hang") clock.advance(60_000);
    await refused;
    site.bmc.fault = undefined;
    equal((await client.look(signal)).power, "Off");
  });
}

Deno.test("a wrong password is a login failure that does not show it", async () => {
  await using site = await startSite();
  await using client = connect(site, { password: "battery staple" });
  await rejects(client.look(signal), (error) => {
    equal((error as BmcError).fault, "login");
    equal(/battery/.test((error as Error).message), false);
    return true;
  });
});

for (const recording of recordings()) {
  Deno.test(`${recording.name} over TLS: its machine boots from the network, goes off and on, and its own way again`, async () => {
    await using site = await startSite({ family: recordedFamily(recording) });
    const { machine, bmc } = site;
    machine.powerOn();
    {
      await using client = connect(site);
      const { fingerprint } = await client.look(signal);
      equal(fingerprint, bmc.fingerprint);
      const canSet = (await client.setBoot({ kind: "network", target: "Pxe" }, signal)).kind === "set";
      equal(canSet, recording.name !== "cray-ex235a");
      equal(machine.bootOnce ?? machine.bootOrder[0], canSet ? "network" : "disk");
      await client.power("Off", signal);
      await untilPower(client, "Off");
      deepEqual([machine.isOn, machine.bootOnce ?? machine.bootOrder[0]], [false, canSet ? "network" : "disk"]);
      await client.power("On", signal);
      await untilPower(client, "On");
      if (canSet) await client.setBoot({ kind: "own order" }, signal);
      deepEqual([machine.isOn, machine.bootOnce, machine.bootOrder], [true, undefined, ["disk", "network"]]);
    }
    deepEqual([bmc.stats.sessions, bmc.stats.mostAtOnce], [0, 1]);
  });
}
