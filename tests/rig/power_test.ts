/** A UEFI machine in QEMU behind the emulated BMC: our Redfish client switches it and says what it boots (contract 9). */
import assert from "node:assert/strict";
import { systemClock } from "../../base/clock.ts";
import { MemoryLogger } from "../../base/log.ts";
import { startBmc } from "../../dev/bmc/server.ts";
import { sampleTexts } from "../../dev/image/sample_store.ts";
import { readBootChain } from "../../dev/vm/boot_chain_store.ts";
import { vmPrograms } from "../../dev/vm/disk_image.ts";
import { probe } from "../../dev/vm/parts_host.ts";
import { requireParts } from "../../dev/vm/requirements.ts";
import { VmRack } from "../../dev/vm/vm_rack_host.ts";
import { openBmc } from "../../redfish/bmc.ts";
import type { Bmc, PowerState } from "../../redfish/types.ts";
import { peerTest } from "../peers/peer.ts";
import { BOOT_FILES_STAMP, UNPACKED } from "./boot_image.ts";
import { machineObject, RIG_MAC } from "./machine_object.ts";
import { enter } from "./network.ts";
import { Site, SITE_PROGRAMS } from "./site.ts";
import { VM_PROGRAMS } from "./vm.ts";
import { Watched } from "./watched.ts";

const USER = { username: "admin", password: "secret" };
const NEEDS = { programs: [...VM_PROGRAMS, ...SITE_PROGRAMS], files: [BOOT_FILES_STAMP], root: true };

/** Resolves when the BMC says so; fails after two minutes. */
async function untilPower(bmc: Bmc, power: PowerState): Promise<void> {
  const signal = AbortSignal.timeout(120_000);
  while ((await bmc.look(signal)).power !== power) await systemClock.sleep(100, { signal });
}

peerTest(
  "a BMC switches a real machine: from the network it installs, then it boots its disk (contract 9)",
  NEEDS,
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "metalman-power-" });
    const found = await probe({ folder: UNPACKED });
    const programs = vmPrograms(await readBootChain(requireParts(found)));
    {
      await using site = await Site.create(folder, new Map([...sampleTexts(), ...programs]));
      const watched = new Watched();
      await using rack = await VmRack.start({
        ...{ probe: found, folder: `${folder}/vm`, onEvent: watched.take, clock: systemClock },
        enter: enter(site.network.netns),
      });
      await site.api.apply(machineObject(site.image, rack));
      await using _metalman = await site.serve({ interfaceName: rack.interfaceName });
      const machine = rack.add({ mac: RIG_MAC });
      const log = new MemoryLogger();
      await using emulated = await startBmc({ machine, ...USER, log });
      const bmc = openBmc({ url: emulated.url, deviceId: "1", ...USER }, { clock: systemClock, log });
      const signal = AbortSignal.timeout(600_000);
      const cycle = async () => {
        await bmc.power("Off", signal);
        await untilPower(bmc, "Off");
        assert.equal(machine.stage, "off");
        await bmc.power("On", signal);
        await untilPower(bmc, "On");
      };

      assert.deepEqual(await bmc.setBoot({ kind: "network", target: "Pxe" }, signal), { kind: "set" });
      await bmc.power("On", signal);
      await watched.until("installing");
      assert.deepEqual(await bmc.setBoot({ kind: "own order" }, signal), { kind: "set" });
      await watched.until("running");
      assert.deepEqual(watched.stages, [
        "dhcp",
        "boot loader",
        "kernel",
        "installing",
        "disk boot",
        "cloud-init",
        "running",
      ]);

      // From the network although its disk boots, and the disk again when nothing else is said.
      assert.deepEqual(await bmc.setBoot({ kind: "network", target: "Pxe" }, signal), { kind: "set" });
      await Promise.all([watched.until("boot loader"), cycle()]);
      assert.deepEqual(await bmc.setBoot({ kind: "own order" }, signal), { kind: "set" });
      const before = watched.stages.length;
      await Promise.all([watched.until("running"), cycle()]);
      assert.deepEqual(watched.stages.slice(before), ["off", "disk boot", "cloud-init", "running"]);
      await bmc.power("Off", signal);
      await untilPower(bmc, "Off");
      await bmc.close();
      assert.deepEqual([emulated.stats.sessions, emulated.stats.mostAtOnce], [0, 1]);
    }
    await Deno.remove(folder, { recursive: true });
  },
);
