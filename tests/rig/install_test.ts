/** A virtual machine of `metalman dev --vm` installs the sample image and boots its disk, served by metalman alone. */
import assert from "node:assert/strict";
import { systemClock } from "../../base/clock.ts";
import { sampleTexts } from "../../dev/image/sample_store.ts";
import { readBootChain } from "../../dev/vm/boot_chain_store.ts";
import { vmPrograms } from "../../dev/vm/disk_image.ts";
import { probe } from "../../dev/vm/parts_host.ts";
import { requireParts } from "../../dev/vm/requirements.ts";
import { VmRack } from "../../dev/vm/vm_rack_host.ts";
import { peerTest } from "../peers/peer.ts";
import { BOOT_FILES_STAMP, UNPACKED } from "./boot_image.ts";
import { machineObject, RIG_MAC } from "./machine_object.ts";
import { enter } from "./network.ts";
import { Site, SITE_PROGRAMS } from "./site.ts";
import { VM_PROGRAMS } from "./vm.ts";
import { Watched } from "./watched.ts";

const needs = { programs: [...VM_PROGRAMS, ...SITE_PROGRAMS], files: [BOOT_FILES_STAMP], root: true };
peerTest("an empty machine installs, boots its disk and reports cloud-init (contract 5-7)", needs, async () => {
  const folder = await Deno.makeTempDir({ prefix: "metalman-install-" });
  const found = await probe({ folder: UNPACKED });
  const programs = vmPrograms(await readBootChain(requireParts(found)));
  {
    await using site = await Site.create(folder, new Map([...sampleTexts(), ...programs]));
    const watched = new Watched();
    await using rack = await VmRack.start({
      ...{ probe: found, folder: `${folder}/vm`, onEvent: watched.take, clock: systemClock },
      enter: enter(site.network.netns),
    });
    assert.equal(rack.subnet.server, "10.77.1.1", "the rig's bridge has 10.77.0.0/24");
    const object = machineObject(site.image, rack);
    await site.api.apply(object);
    const metalman = await site.serve({ interfaceName: rack.interfaceName });
    const machine = rack.add({ mac: RIG_MAC });
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
