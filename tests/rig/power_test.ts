/** A UEFI machine in QEMU behind the emulated BMC: our Redfish client switches it and says what it boots (contract 9). */
import assert from "node:assert/strict";
import { systemClock } from "../../base/clock.ts";
import { MemoryLogger } from "../../base/log.ts";
import { startBmc } from "../../dev/bmc/server.ts";
import { openBmc } from "../../redfish/bmc.ts";
import type { Bmc, PowerState } from "../../redfish/types.ts";
import { peerTest } from "../peers/peer.ts";
import { VM_STAND, VmStand } from "./vm_stand.ts";

const USER = { username: "admin", password: "secret" };

/** Resolves when the BMC says so; fails after two minutes. */
async function untilPower(bmc: Bmc, power: PowerState): Promise<void> {
  const signal = AbortSignal.timeout(120_000);
  while ((await bmc.look(signal)).power !== power) await systemClock.sleep(100, { signal });
}

peerTest(
  "a BMC switches a real machine: from the network it installs, then it boots its disk (contract 9)",
  VM_STAND,
  async () => {
    await using stand = await VmStand.start();
    const { site, rack, machine, watched } = stand;
    await using _metalman = await site.serve({ interfaceName: rack.interfaceName });
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
  },
);
