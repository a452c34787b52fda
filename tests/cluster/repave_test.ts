/** Reinstalling without a hand on the machine, end to end: `metalman dev`'s cluster, rack and BMCs (issue 5, part 7). */
import { deepEqual, equal } from "node:assert/strict";
import { systemClock } from "../../base/clock.ts";
import { MemoryLogger } from "../../base/log.ts";
import { KubeClient } from "../../k8s/client.ts";
import { systemHost } from "../../k8s/host.ts";
import { locateAccess } from "../../k8s/locate.ts";
import type { MachineObject } from "../../machine/types.ts";
import { openBmc } from "../../redfish/bmc.ts";
import { Peer } from "../peers/peer.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
const MACHINE = "/apis/unbounded-cloud.io/v1alpha3/machines/node-01";
const SECRET = "/api/v1/namespaces/default/secrets/bmc";
/** One installation takes 4 s alone, and more beside other work. */
const INSTALL_MS = 60_000;
const { signal } = new AbortController();

/** A running `metalman dev` with one server that has installed. */
class Site implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly #dev: Peer;
  readonly #client: KubeClient;

  private constructor(stack: AsyncDisposableStack, dev: Peer, client: KubeClient) {
    this.#stack = stack;
    this.#dev = dev;
    this.#client = client;
  }

  static async start(): Promise<Site> {
    await using stack = new AsyncDisposableStack();
    const folder = await Deno.makeTempDir({ prefix: "repave-test-" });
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    const dev = stack.use(new Peer(Deno.execPath(), ["run", "-A", MAIN, "dev", `--state=${folder}/state`]));
    await dev.waitFor(/Installed. Try next:/, INSTALL_MS);
    const access = await locateAccess(systemHost, { kubeconfig: `${folder}/state/kubeconfig` });
    const client = stack.use(new KubeClient(access));
    return new Site(stack.move(), dev, client);
  }

  machine(): Promise<MachineObject> {
    return this.#client.request<MachineObject>("GET", MACHINE);
  }

  /** The BMC's client, as an operator would use it beside metalman. */
  async bmc() {
    const { data } = await this.#client.request<{ data: { password: string } }>("GET", SECRET);
    const { pxe } = (await this.machine()).spec as { pxe: { redfish: { url: string; username: string } } };
    const { url, username } = pxe.redfish;
    const bmc = openBmc({ url, username, password: atob(data.password), deviceId: "1" }, {
      clock: systemClock,
      log: new MemoryLogger(),
    });
    return Object.assign(bmc, { [Symbol.asyncDispose]: () => bmc.close() });
  }

  /** Raises both counters, as `machine repave` does; what the machine then does, until it has installed. */
  async repave(target: number, bootTarget: "Pxe" | "UefiHttp"): Promise<string[]> {
    const before = this.#dev.output.length;
    const operations = { rebootCounter: target, repaveCounter: target };
    await this.#client.request("PATCH", MACHINE, {
      body: { spec: { operations, pxe: { redfish: { bootTarget } } } },
      contentType: "application/merge-patch+json",
    });
    await this.#dev.waitFor(new RegExp(`(?: node-01 +installed [^]*){${target + 1}}`), INSTALL_MS);
    const lines = this.#dev.output.slice(before).matchAll(/ node-01 +(\S+(?: \S+)?) /g);
    const stages = Array.from(lines, ([, stage]) => stage ?? "");
    const installed = stages.indexOf("installing") + 1;
    // Its firmware may be quicker than the BMC is told: then it asks the network once more, which sends it to its disk.
    const after = stages.slice(installed).filter((stage) => stage !== "dhcp" && stage !== "boot loader");
    return [...stages.slice(0, installed), ...after];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** What metalman says of the Machine when all is done. */
async function untilDone(site: Site, target: number, method: "PXE" | "HTTP"): Promise<void> {
  for (;; await systemClock.sleep(50)) {
    const { status = {} } = await site.machine();
    const { rebootCounter, repaveCounter } = status.operations ?? {};
    const conditions = Object.fromEntries(status.conditions?.map(({ type, status }) => [type, status]) ?? []);
    if (rebootCounter !== target || repaveCounter !== target || conditions.CloudInitDone !== "True") continue;
    deepEqual(conditions, { Repaved: "True", CloudInitDone: "True" });
    equal(status.boot?.method, method);
    return;
  }
}

const INSTALLS = ["dhcp", "boot loader", "kernel", "installing", "disk boot", "cloud-init", "running", "installed"];

Deno.test("repave: a machine that runs its disk, and one that is off, installs anew and boots its disk (contract 9)", async () => {
  await using site = await Site.start();
  await using bmc = await site.bmc();
  const ownOrder = async () => {
    while ((await bmc.look(signal)).boot?.enabled !== "Disabled") await systemClock.sleep(50);
  };

  deepEqual(await site.repave(1, "Pxe"), ["off", ...INSTALLS]);
  await untilDone(site, 1, "PXE");
  await ownOrder();
  equal((await bmc.look(signal)).power, "On");

  await bmc.power("Off", signal);
  while ((await bmc.look(signal)).power !== "Off") await systemClock.sleep(50);
  deepEqual(await site.repave(2, "UefiHttp"), INSTALLS);
  await untilDone(site, 2, "HTTP");
  await ownOrder();

  const { redfish } = (await site.machine()).status as { redfish: { certFingerprint: string } };
  equal(redfish.certFingerprint, (await bmc.look(signal)).fingerprint);
});
