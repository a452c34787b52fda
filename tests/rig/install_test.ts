/** A virtual machine of `metalman dev --vm` installs the sample image and boots its disk, served by metalman alone. */
import assert from "node:assert/strict";
import { systemClock } from "../../base/clock.ts";
import { sampleTexts } from "../../dev/image/sample_store.ts";
import type { MachineEvent, Stage } from "../../dev/rack/types.ts";
import { readBootChain } from "../../dev/vm/boot_chain_store.ts";
import { vmPrograms } from "../../dev/vm/disk_image.ts";
import { probe } from "../../dev/vm/parts_host.ts";
import { requireParts } from "../../dev/vm/requirements.ts";
import { VmRack } from "../../dev/vm/vm_rack_host.ts";
import type { KubeObject } from "../peers/apiserver.ts";
import { peerTest } from "../peers/peer.ts";
import { BOOT_FILES_STAMP, UNPACKED } from "./boot_image.ts";
import { enter } from "./network.ts";
import { Site, SITE_PROGRAMS } from "./site.ts";
import { VM_PROGRAMS } from "./vm.ts";

const MAC = "52:54:00:aa:bb:02";

function machineObject(image: string, rack: VmRack): KubeObject {
  const { mask, server } = rack.subnet;
  return {
    apiVersion: "unbounded-cloud.io/v1alpha3",
    kind: "Machine",
    metadata: { name: "vm-01" },
    spec: {
      pxe: { image, dhcpLeases: [{ mac: MAC, ipv4: rack.subnet.host(0), subnetMask: mask, gateway: server }] },
      operations: { rebootCounter: 0, repaveCounter: 1 },
    },
  };
}

/** Events of one machine as they come, and a way to wait for one. */
class Watched {
  readonly events: MachineEvent[] = [];
  readonly #waiting: { readonly wanted: (event: MachineEvent) => boolean; readonly found: () => void }[] = [];

  readonly take = (event: MachineEvent): void => {
    this.events.push(event);
    for (const { found } of this.#waiting.filter(({ wanted }) => wanted(event))) found();
  };

  /** The next event of this stage; fails at once when the machine does, and after a while that is twice what a busy one takes. */
  async until(stage: Stage): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const last = () => `${this.times}: ${this.events.at(-1)?.detail}`;
    this.#waiting.push({ wanted: (event) => event.stage === stage, found: resolve });
    this.#waiting.push({ wanted: (event) => event.stage === "failed", found: () => reject(new Error(last())) });
    const timer = setTimeout(() => reject(new Error(`no ${stage} in 240 s: ${last()}`)), 240_000);
    await promise.finally(() => clearTimeout(timer));
  }

  /** Each stage once, in order. */
  get stages(): Stage[] {
    return this.events.map(({ stage }) => stage).filter((stage, at, all) => stage !== all[at - 1]);
  }

  /** Seconds from the first event to the first of each stage. */
  get times(): string {
    const first = this.events[0]?.atMs ?? 0;
    return this.stages.map((stage) => {
      const { atMs } = this.events.find((event) => event.stage === stage)!;
      return `${stage} ${((atMs - first) / 1000).toFixed(1)}`;
    }).join(", ");
  }
}

const needs = { programs: [...VM_PROGRAMS, ...SITE_PROGRAMS], files: [BOOT_FILES_STAMP], root: true };
peerTest("an empty machine installs, boots its disk and reports cloud-init (contract 5-7)", needs, async () => {
  const folder = await Deno.makeTempDir({ prefix: "metalman-install-" });
  const found = await probe({ folder: UNPACKED });
  const programs = vmPrograms(await readBootChain(requireParts(found)));
  {
    await using site = await Site.create(folder, new Map([...await sampleTexts(), ...programs]));
    const watched = new Watched();
    await using rack = await VmRack.start({
      ...{ probe: found, folder: `${folder}/vm`, onEvent: watched.take, clock: systemClock },
      enter: enter(site.network.netns),
    });
    assert.equal(rack.subnet.server, "10.77.1.1", "the rig's bridge has 10.77.0.0/24");
    const object = machineObject(site.image, rack);
    await site.api.apply(object);
    const metalman = await site.serve({ interfaceName: rack.interfaceName });
    const machine = rack.add({ mac: MAC });
    machine.powerOn();
    await watched.until("running");
    assert.deepEqual(watched.stages, [
      ...["dhcp", "boot loader", "kernel", "installing", "disk boot", "cloud-init", "running"],
    ]);
    const digest = new Uint8Array(
      await crypto.subtle.digest("SHA-256", programs.get("boot/disk.img") as Uint8Array<ArrayBuffer>),
    );
    assert.equal(machine.disk, digest.toHex());
    await site.until(
      object,
      (now) =>
        ["Repaved", "CloudInitDone"].every((type) =>
          now.status?.conditions?.some((entry: Record<string, string>) =>
            entry.type === type && entry.status === "True"
          )
        ),
    );

    // What a BMC does: once from the network, although the disk boots.
    machine.bootOnce = "network";
    await machine.reset();
    await watched.until("dhcp");
    assert.equal(machine.bootOnce, undefined);
    await machine.powerOff();
    assert.equal(machine.stage, "off");
    assert.equal((await metalman.stop()).code, 0);
  }
  await Deno.remove(folder, { recursive: true });
});
