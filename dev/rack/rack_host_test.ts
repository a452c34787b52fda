import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { formatIpv4, parseIpv4 } from "../../base/address.ts";
import { systemClock } from "../../base/clock.ts";
import { startRack } from "./rack_host.ts";
import { seeded } from "./testdata/memory_site.ts";
import { type ImageFiles, macOf, sampleFiles } from "./testdata/sample_image.ts";
import { freeUdpPort, type Site, startSite } from "./testdata/site_server.ts";
import type { MachineEvent, Rack, RackMachine } from "./types.ts";

/** A rack in front of metalman's own servers. */
class Bench implements AsyncDisposable {
  readonly events: MachineEvent[] = [];
  readonly rack: Rack;
  readonly site: Site;
  readonly #stack: AsyncDisposableStack;
  #look: () => void = () => {};

  private constructor(site: Site, ports: { dhcp: number; relay: number }, stack: AsyncDisposableStack) {
    this.site = site;
    this.rack = startRack({
      network: {
        dhcp: { address: "127.0.0.1", port: ports.dhcp },
        tftpPort: site.tftpPort,
        relay: { address: "127.0.0.1", port: ports.relay },
      },
      onEvent: (event) => {
        this.events.push(event);
        this.#look();
      },
      clock: systemClock,
      random: seeded(1),
      hurry: 100,
    });
    stack.use(this.rack);
    this.#stack = stack;
  }

  static async create(machines: number, alter: (files: Record<string, ImageFiles[string]>) => void = () => {}) {
    let bench: Bench | undefined = undefined as Bench | undefined;
    let url = "";
    const files = sampleFiles(() => url);
    alter(files);
    const relayPort = freeUdpPort();
    await using stack = new AsyncDisposableStack();
    const addressOf = (seen: number) => bench?.rack.addressOf(seen) ?? seen;
    const site = stack.use(await startSite({ files, machines, addressOf, relayPort }));
    url = `http://127.0.0.1:${site.httpPort}`;
    bench = new Bench(site, { dhcp: site.dhcpPort, relay: relayPort }, stack.move());
    return bench;
  }

  /** Resolves once it is so; looked at whenever something happens. */
  until(reached: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#look = () => reached() && resolve();
      this.#look();
    });
  }

  /** Resolves when all of them run or have failed. */
  settled(...machines: RackMachine[]): Promise<void> {
    return this.until(() => machines.every(({ stage }) => stage === "running" || stage === "failed"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

Deno.test("startRack(): four machines boot by PXE and HTTP from metalman's own servers, and are reported installed", async () => {
  await using bench = await Bench.create(4);
  const machines = [1, 2, 3, 4].map((n) => bench.rack.add({ mac: macOf(n), firmware: n % 2 === 0 ? "http" : "pxe" }));
  for (const machine of machines) machine.powerOn();
  await bench.settled(...machines);
  deepEqual(machines.map(({ stage }) => stage), ["running", "running", "running", "running"]);
  equal(new Set(machines.map(({ disk }) => disk)).size, 1);
  const stages = ["init-local", "init-network", "modules-config", "modules-final"];
  const wanted = ["disable", ...stages.flatMap((name) => [`${name} start`, `${name} finish`])];
  for (const n of [1, 2, 3, 4]) {
    const own = bench.site.reports.filter((line) => line.startsWith(`m${n} `)).map((line) => line.slice(3));
    deepEqual(own, wanted);
  }
});

Deno.test("startRack(): servers see each machine under an address of its own, which stands for its lease", async () => {
  await using bench = await Bench.create(2);
  const machines = [1, 2].map((n) => bench.rack.add({ mac: macOf(n) }));
  for (const machine of machines) machine.powerOn();
  await bench.settled(...machines);
  const clients = new Set(
    bench.site.log.lines.map(({ fields }) => String(fields.client ?? "")).filter((c) => c !== ""),
  );
  const leases = [...clients].map((client) => formatIpv4(bench.rack.addressOf(parseIpv4(client))));
  ok([...clients].every((client) => client.startsWith("127.77.")));
  deepEqual(leases.sort(), ["10.0.0.1", "10.0.0.2"]);
  equal(bench.rack.addressOf(parseIpv4("127.0.0.9")), parseIpv4("127.0.0.9"));
  await bench.rack.remove(macOf(2));
  const freed = parseIpv4("127.77.0.2");
  equal(bench.rack.addressOf(freed), freed);
  const next = bench.rack.add({ mac: macOf(2) });
  next.powerOn();
  await bench.settled(next);
  equal(formatIpv4(bench.rack.addressOf(freed)), "10.0.0.2");
});

for (
  const [firmware, detail] of [["pxe", /TFTP error 0, no field Foo/], ["http", /HTTP 500, .*no field Foo/]] as const
) {
  Deno.test(`startRack(): a template failure reaches the machine over ${firmware} (contract 11.14)`, async () => {
    await using bench = await Bench.create(1, (files) => {
      files["grub/grub.cfg"] = () => {
        throw new Error("no field Foo");
      };
    });
    const machine = bench.rack.add({ mac: macOf(1), firmware });
    machine.powerOn();
    await bench.settled(machine);
    equal(machine.stage, "failed");
    match(bench.events.at(-1)!.detail, detail);
  });
}

Deno.test("startRack(): machines that are switched off, taken out or disposed of in the middle leave nothing open", async () => {
  await using bench = await Bench.create(6);
  for (
    const [n, stage] of [[1, "dhcp"], [2, "boot loader"], [3, "kernel"], [4, "installing"], [5, "cloud-init"]] as const
  ) {
    const firmware = n % 2 === 0 ? "http" : "pxe";
    const machine = bench.rack.add({ mac: macOf(n), firmware, faults: { linkBytesPerSecond: 2_000_000 } });
    machine.powerOn();
    await bench.until(() => machine.stage === stage);
    if (n % 2 === 0) await machine.powerOff();
    else await bench.rack.remove(machine.mac);
    deepEqual([machine.stage, machine.isOn], ["off", false]);
  }
  bench.rack.add({ mac: macOf(6) }).powerOn();
  await bench.until(() => bench.events.at(-1)?.stage === "boot loader");
});

Deno.test("add(), get() and remove(): one machine for a MAC address, however it is spelled; its address is used again", async () => {
  await using bench = await Bench.create(0);
  const { rack } = bench;
  const machine = rack.add({ mac: "02-00-00-00-00-AA" });
  deepEqual([machine.mac, machine.stage, machine.isOn, machine.disk], ["02:00:00:00:00:aa", "off", false, undefined]);
  match(machine.uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-0200000000aa$/);
  throws(() => rack.add({ mac: "0200.0000.00aa" }), RangeError);
  equal(rack.get("02:00:00:00:00:aa"), machine);
  await rack.remove("02:00:00:00:00:AA");
  await rack.remove("02:00:00:00:00:AA");
  equal(rack.get("02:00:00:00:00:aa"), undefined);
  equal(
    rack.add({ mac: "02:00:00:00:00:aa", uuid: "ABCDEF00-0000-4000-8000-000000000000" }).uuid.slice(0, 8),
    "abcdef00",
  );
});

Deno.test("remove() frees the MAC address at once: a Machine that is deleted and made anew gets a new server, and hears nothing of the old one", async () => {
  await using bench = await Bench.create(1);
  const old = bench.rack.add({ mac: macOf(1) });
  old.powerOn();
  await bench.until(() => old.stage === "boot loader");
  const removed = bench.rack.remove(old.mac);
  bench.events.length = 0;
  const machine = bench.rack.add({ mac: macOf(1) });
  machine.powerOn();
  await removed;
  old.powerOn();
  await bench.settled(machine);
  deepEqual([old.stage, old.isOn, machine.stage], ["off", false, "running"]);
  deepEqual(bench.events.filter(({ stage }) => stage === "off"), []);
});

Deno.test("startRack(): nobody listens where the servers should be: the machine goes on asking, and can be switched off", async () => {
  const asking = Promise.withResolvers<void>();
  await using rack = startRack({
    network: { dhcp: { address: "127.0.0.1", port: freeUdpPort() }, tftpPort: 9 },
    onEvent: ({ detail }) => detail.includes("asks for an address") && asking.resolve(),
    ...{ clock: systemClock, random: seeded(1), hurry: 100 },
  });
  const machine = rack.add({ mac: macOf(1) });
  machine.powerOn();
  await asking.promise;
  equal(machine.stage, "dhcp");
  await machine.powerOff();
});
