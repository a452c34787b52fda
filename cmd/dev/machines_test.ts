import { deepEqual } from "node:assert/strict";
import { load } from "js-yaml";
import crd from "../../deploy/crd.yaml" with { type: "text" };
import { systemClock } from "../../base/clock.ts";
import { MemoryLogger } from "../../base/log.ts";
import type { JsonObject } from "../../dev/apiserver/object.ts";
import { startDevApiServer } from "../../dev/apiserver/server.ts";
import type { RackMachine } from "../../dev/rack/types.ts";
import { accessOf } from "../../k8s/access.ts";
import { KubeClient } from "../../k8s/client.ts";
import { parseKubeconfig } from "../../k8s/kubeconfig.ts";
import { RackMachines } from "./machines.ts";

const MACHINES = "/apis/unbounded-cloud.io/v1alpha3/machines";

function redfish(bmc: string, deviceID = "1") {
  return { url: `https://${bmc}`, deviceID, username: "u", passwordRef: { name: "n", namespace: "s" } };
}

/** A server that does nothing. */
function serverOf(mac: string): RackMachine {
  return {
    ...{ mac, uuid: "", stage: "off", isOn: false, disk: undefined, bootOrder: [], bootOnce: undefined },
    ...{ powerOn() {}, powerOff: () => Promise.resolve(), reset: () => Promise.resolve() },
  };
}

/** The rack of a cluster that has no Machine yet, and what was done to it. */
class Desk implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly #client: KubeClient;
  readonly #done: string[] = [];
  #told = Promise.withResolvers<void>();
  #marks = 0;
  /** Of the API: from when a Machine is that is made now. */
  readonly time: { nowMs: number };

  private constructor(stack: AsyncDisposableStack, client: KubeClient, time: { nowMs: number }) {
    this.#stack = stack;
    this.#client = client;
    this.time = time;
  }

  static async start(): Promise<Desk> {
    const log = new MemoryLogger();
    const stack = new AsyncDisposableStack();
    const time = { nowMs: Date.parse("2026-01-01T00:00:00Z") };
    const clock = { ...systemClock, now: () => time.nowMs };
    const api = stack.use(await startDevApiServer({ crds: [load(crd) as JsonObject], log, clock }));
    const client = stack.use(new KubeClient(accessOf(parseKubeconfig(api.kubeconfig("dev"), "kubeconfig"), "/")));
    const desk = new Desk(stack, client, time);
    const servers = new Map<string, RackMachine>();
    const machines = new RackMachines({
      ...{ client, firmware: "pxe", log, clock: systemClock, random: () => 0, installed() {} },
      rack: {
        add: ({ mac }) => servers.set(mac, serverOf(mac)).get(mac)!,
        get: (mac) => servers.get(mac),
        remove: (mac) => Promise.resolve(void servers.delete(mac)),
      },
      bmcs: {
        plugIn: (url: string, { mac }: RackMachine) => desk.#tell(`${url} gets ${mac}`),
        unplug: (url: string, { mac }: RackMachine) => desk.#tell(`${url} loses ${mac}`),
      },
      added: (mac, { name }) => desk.#tell(`${mac} is ${name}`),
      removed: (mac) => desk.#tell(`${mac} is gone`),
    });
    const stop = new AbortController();
    const running = machines.run(stop.signal);
    stack.defer(async () => {
      stop.abort();
      await running;
    });
    return desk;
  }

  #tell(what: string): void {
    this.#done.push(what);
    this.#told.resolve();
    this.#told = Promise.withResolvers();
  }

  make(name: string, last: string, ...leases: string[]): Promise<void> {
    return this.#create(name, last, leases, {});
  }

  makeWithBmc(name: string, last: string, mac: string, bmc: string, deviceID = "1"): Promise<void> {
    return this.#create(name, last, [mac], { redfish: redfish(bmc, deviceID) });
  }

  async setBmc(name: string, bmc: string): Promise<void> {
    const body = { spec: { pxe: { redfish: redfish(bmc) } } };
    await this.#client.request("PATCH", `${MACHINES}/${name}`, { body, contentType: "application/merge-patch+json" });
  }

  async #create(name: string, last: string, leases: readonly string[], bmc: JsonObject): Promise<void> {
    const dhcpLeases = leases.map((mac, i) => ({
      mac: `52:54:00:00:00:${mac}`,
      ipv4: `10.1.${i}.${last}`,
      subnetMask: "255.255.0.0",
      gateway: "",
    }));
    const spec = { pxe: { image: "a/b:c", dhcpLeases, ...bmc } };
    const body = { apiVersion: "unbounded-cloud.io/v1alpha3", kind: "Machine", metadata: { name }, spec };
    await this.#client.request("POST", MACHINES, { body });
  }

  async delete(name: string): Promise<void> {
    await this.#client.request("DELETE", `${MACHINES}/${name}`);
  }

  /** What was done since the last call: the rack has seen all that was made before one more Machine. */
  async done(): Promise<string[]> {
    const mark = `f${this.#marks++}`;
    await this.make(`mark-${mark}`, `20${this.#marks}`, mark);
    const last = `52:54:00:00:00:${mark} is mark-${mark}`;
    while (this.#done.at(-1) !== last) await this.#told.promise;
    return this.#done.splice(0).slice(0, -1).map((line) => line.replaceAll("52:54:00:00:00:", ""));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }
}

Deno.test("of two Machines with one MAC the older has the server, as it is the one that metalman serves", async () => {
  await using desk = await Desk.start();
  await desk.make("second", "1", "0a");
  deepEqual(await desk.done(), ["0a is second"]);
  // Seen later, and older: as in the first list of a later run, which is in the order of names.
  desk.time.nowMs -= 60_000;
  await desk.make("third", "2", "0a");
  deepEqual(await desk.done(), ["0a is gone", "0a is third"]);
  desk.time.nowMs += 120_000;
  await desk.make("a-younger-one", "3", "0a");
  deepEqual(await desk.done(), []);
  await desk.delete("third");
  deepEqual(await desk.done(), ["0a is gone", "0a is second"]);
});

Deno.test("a MAC that an older Machine has in its second lease is no server of its own: metalman serves that Machine there", async () => {
  await using desk = await Desk.start();
  await desk.make("old", "1", "0a", "0b");
  deepEqual(await desk.done(), ["0a is old"]);
  desk.time.nowMs += 60_000;
  await desk.make("new", "2", "0b");
  deepEqual(await desk.done(), []);
  await desk.delete("old");
  deepEqual(await desk.done(), ["0a is gone", "0b is new"]);
});

Deno.test("of two Machines with one BMC the older's server is plugged in, as it is the one that metalman switches", async () => {
  await using desk = await Desk.start();
  await desk.makeWithBmc("second", "1", "0a", "bmc");
  deepEqual(await desk.done(), ["0a is second", "https://bmc gets 0a"]);
  // Seen later, and older: as in the first list of a later run, which is in the order of names.
  desk.time.nowMs -= 60_000;
  await desk.makeWithBmc("third", "2", "0b", "BMC:443");
  deepEqual(await desk.done(), ["0b is third", "https://bmc loses 0a", "https://bmc gets 0b"]);
  desk.time.nowMs += 120_000;
  await desk.makeWithBmc("a-younger-one", "3", "0c", "bmc");
  deepEqual(await desk.done(), ["0c is a-younger-one"]);
  await desk.setBmc("third", "bmc2");
  deepEqual(await desk.done(), ["https://bmc loses 0b", "https://bmc gets 0a", "https://bmc2 gets 0b"]);
  await desk.setBmc("third", "bmc");
  deepEqual(await desk.done(), ["https://bmc2 loses 0b", "https://bmc loses 0a", "https://bmc gets 0b"]);
  await desk.delete("second");
  deepEqual(await desk.done(), ["0a is gone"]);
  await desk.delete("third");
  deepEqual(await desk.done(), ["0b is gone", "https://bmc loses 0b", "https://bmc gets 0c"]);
});

Deno.test("a BMC goes with its Machine's server, where a MAC changes its owner too", async () => {
  await using desk = await Desk.start();
  await desk.makeWithBmc("young", "1", "0a", "bmc");
  deepEqual(await desk.done(), ["0a is young", "https://bmc gets 0a"]);
  desk.time.nowMs -= 60_000;
  await desk.makeWithBmc("old", "2", "0a", "bmc2");
  deepEqual(await desk.done(), ["0a is gone", "0a is old", "https://bmc2 gets 0a", "https://bmc loses 0a"]);
  await desk.delete("old");
  deepEqual(await desk.done(), ["0a is gone", "0a is young", "https://bmc2 loses 0a", "https://bmc gets 0a"]);
});

Deno.test("a Machine that names a system that an emulated BMC does not have keeps it from nobody", async () => {
  await using desk = await Desk.start();
  await desk.makeWithBmc("old", "1", "0a", "bmc", "2");
  desk.time.nowMs += 60_000;
  await desk.makeWithBmc("new", "2", "0b", "bmc");
  deepEqual(await desk.done(), ["0a is old", "0b is new", "https://bmc gets 0b"]);
});
