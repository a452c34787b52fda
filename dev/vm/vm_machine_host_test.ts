import assert from "node:assert/strict";
import { systemClock } from "../../base/clock.ts";
import { peerTest, which } from "../../tests/peers/peer.ts";
import type { MachineEvent } from "../rack/types.ts";
import { uuidOf, VmRackMachine } from "./vm_machine_host.ts";

const FAKE = new URL("../../tests/peers/fake_qemu.ts", import.meta.url).pathname;
const MAC = "52:54:00:aa:bb:03";

/** A machine over a stand-in for QEMU that has this console. */
async function machineThat(says: string) {
  const folder = await Deno.makeTempDir({ prefix: "metalman-machine-" });
  const own = `${folder}/own`;
  await Deno.mkdir(own);
  await Deno.writeTextFile(`${own}/says`, says);
  await Deno.writeTextFile(`${folder}/qemu`, `#!/bin/sh\nexec ${Deno.execPath()} run -A ${FAKE} "$@"\n`, {
    mode: 0o755,
  });
  await Deno.writeTextFile(`${folder}/VARS.fd`, "variables");
  const events: MachineEvent[] = [];
  const waiting = new Map<string, () => void>();
  const machine = new VmRackMachine({
    mac: MAC,
    ...{ tap: "tap0", plugIn: () => Promise.resolve(), folder: own, hasKvm: false, clock: systemClock },
    parts: {
      ...{ qemu: `${folder}/qemu`, setpriv: which("setpriv")!, firmware: "/CODE.fd", variables: `${folder}/VARS.fd` },
      ...{ ip: "", shim: "", grub: "", kernel: "", busybox: "" },
    },
    onEvent: (event) => {
      events.push(event);
      waiting.get(event.detail)?.();
    },
  });
  return {
    machine,
    events,
    own,
    /** Resolves with the next event of this detail. */
    said: (detail: string) => new Promise<void>((resolve) => waiting.set(detail, resolve)),
    commands: async () => (await Deno.readTextFile(`${own}/commands`)).trim().split("\n"),
    [Symbol.asyncDispose]: async () => {
      await machine.powerOff();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

const needs = { programs: ["setpriv"] };

peerTest(
  "a machine's boot order counts from its next reset on, and what counts once is taken back then",
  needs,
  async () => {
    await using test = await machineThat(">>Start PXE over IPv4.");
    const { machine, events } = test;
    assert.equal(machine.uuid, uuidOf(MAC));
    const started = test.said("PXE over IPv4");
    machine.powerOn();
    machine.powerOn();
    await started;
    assert.equal(machine.isOn, true);
    assert.deepEqual(events.map(({ stage, detail }) => [stage, detail]), [
      ["dhcp", "the firmware starts"],
      ["dhcp", "PXE over IPv4"],
    ]);

    machine.bootOnce = "network";
    const again = test.said("the firmware starts");
    await machine.reset();
    await again;
    assert.equal(machine.bootOnce, undefined);
    await machine.powerOff();
    const order = (disk: number, network: number) => [
      "qom-set /machine/peripheral/net0 -1",
      "qom-set /machine/peripheral/disk0 -1",
      `qom-set /machine/peripheral/net0 ${network}`,
      `qom-set /machine/peripheral/disk0 ${disk}`,
    ];
    assert.deepEqual(await test.commands(), ["qmp_capabilities", ...order(1, 0), "system_reset", ...order(0, 1)]);
    assert.deepEqual([machine.isOn, machine.stage, events.at(-1)?.stage], [false, "off", "off"]);
  },
);

peerTest("a machine knows what its disk holds, after a power cycle and in another process too", needs, async () => {
  const digest = "ab".repeat(32);
  await using test = await machineThat(`metalman: installed ${digest}`);
  const written = test.said("written");
  test.machine.powerOn();
  await written;
  await test.machine.powerOff();
  assert.equal(test.machine.disk, digest);
  assert.equal(await Deno.readTextFile(`${test.own}/disk.sha256`), digest);
  const started = test.said("the firmware starts");
  await test.machine.reset();
  await started;
  assert.equal(test.events.findLast(({ detail }) => detail === "the firmware starts")?.stage, "disk boot");
});

peerTest("a machine that switches itself off is off, and can be switched on again", needs, async () => {
  await using test = await machineThat("bye");
  for (let times = 0; times < 2; times++) {
    const ended = test.said("it has switched itself off");
    test.machine.powerOn();
    await ended;
    assert.deepEqual([test.machine.isOn, test.machine.stage], [false, "off"]);
  }
});

peerTest("a machine that stops says where its console is", needs, async () => {
  await using test = await machineThat("metalman: failed there is no disk");
  const failed = test.said(`there is no disk; its console is in ${test.own}/serial.log`);
  test.machine.powerOn();
  await failed;
  assert.equal(test.machine.stage, "failed");
});

peerTest("a machine whose QEMU does not start says why", needs, async () => {
  await using test = await machineThat("no start");
  const failed = test.said(
    "QEMU does not start: qemu-system-x86_64: Could not access KVM kernel module: No such file or directory",
  );
  test.machine.powerOn();
  await failed;
  assert.equal(test.machine.isOn, false);
});

peerTest("a machine that was taken out stays off, whatever its BMC is told", needs, async () => {
  await using test = await machineThat(">>Start PXE over IPv4.");
  test.machine.powerOn();
  const removed = test.machine.remove();
  test.machine.powerOn();
  await removed;
  await test.machine.reset();
  assert.deepEqual([test.machine.isOn, test.events], [false, []]);
});
