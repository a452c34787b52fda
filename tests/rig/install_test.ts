/** A virtual machine of `metalman dev --vm` installs the sample image and boots its disk, served by metalman alone. */
import assert from "node:assert/strict";
import { peerTest } from "../peers/peer.ts";
import { VM_STAND, VmStand } from "./vm_stand.ts";

peerTest("an empty machine installs, boots its disk and reports cloud-init (contract 5-7)", VM_STAND, async () => {
  await using stand = await VmStand.start();
  const { site, rack, machine, watched, object, programs } = stand;
  assert.equal(rack.subnet.server, "10.77.1.1", "the rig's bridge has 10.77.0.0/24");
  const metalman = await site.serve({ interfaceName: rack.interfaceName });
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
        now.status?.conditions?.some((entry: Record<string, string>) => entry.type === type && entry.status === "True")
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
});
