import assert from "node:assert/strict";
import { peerTest } from "../peers/peer.ts";
import { dissect, NETWORK_PROGRAMS, RIG_SERVER, RIG_TAP, RigNetwork } from "./network.ts";
import { type MachineOptions, qemuArguments, VirtualMachine, VM_PROGRAMS } from "./vm.ts";

const options: MachineOptions = { netns: "ns", tap: "tap0", mac: "52:54:00:00:00:01", folder: "/f", bootFrom: "pxe" };
const command = (more: Partial<MachineOptions>) => qemuArguments({ ...options, ...more }).join(" ");

Deno.test("qemuArguments() enforces Secure Boot only where it is asked for", () => {
  assert.doesNotMatch(command({}), /secboot|smm=on|secure/);
  for (const secureBoot of ["microsoft", "snakeoil"] as const) {
    const text = command({ secureBoot });
    assert.match(
      text,
      /smm=on .*OVMF_CODE_4M\.secboot\.fd .*variables-\w+\.fd .*cfi\.pflash01,property=secure,value=on/,
    );
    assert.ok(text.includes(`variables-${secureBoot}.fd`));
  }
});

Deno.test("qemuArguments() leaves the firmware nothing but HTTP when it is to boot from HTTP", () => {
  assert.match(command({ bootFrom: "http" }), /IPv4PXESupport,string=n .*IPv6PXESupport,string=n/);
  assert.doesNotMatch(command({ bootFrom: "pxe" }), /IPv4PXESupport/);
});

Deno.test("a machine that is off has no console to wait for", async () => {
  await using vm = new VirtualMachine(options);
  await assert.rejects(vm.waitFor(/x/), /the machine is off/);
  assert.equal(vm.console, "");
});

peerTest(
  "a machine is switched on, answers QMP, and finds nothing to boot from on an empty wire",
  { programs: [...VM_PROGRAMS, ...NETWORK_PROGRAMS], root: true },
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "metalman-vm-" });
    {
      await using network = await RigNetwork.create();
      await using _capture = await network.capture(`${folder}/boot.pcap`);
      await using vm = new VirtualMachine({ ...options, netns: network.netns, tap: RIG_TAP, folder });
      await vm.on();
      await vm.waitFor(/>>Start PXE over IPv4/);
      assert.equal((await vm.qmp("query-status") as { running: boolean }).running, true);
      await assert.rejects(vm.qmp("no-such-command"), /QMP no-such-command: .*CommandNotFound/);
      await assert.rejects(vm.waitFor(/NBP filename/, 10), /no \/NBP filename\/ in 10 ms: .*last words:[^]*Start PXE/);
      await assert.rejects(vm.on(), /the machine is on/);
      await vm.off();
      assert.match(await Deno.readTextFile(vm.serialLog), /Start PXE/);
    }
    assert.deepEqual(await dissect(`${folder}/boot.pcap`, RIG_SERVER), {
      packets: { dhcp: 0, tftp: 0, http: 0 },
      malformed: [],
    });
    await Deno.remove(folder, { recursive: true });
  },
);
