import assert from "node:assert/strict";
import { peerTest } from "../peers/peer.ts";
import { dissect, NETWORK_PROGRAMS, RIG_SERVER, RigNetwork } from "./network.ts";
import { rigMachine, VM_PROGRAMS } from "./vm.ts";

peerTest(
  "a machine is switched on, answers QMP, and finds nothing to boot from on an empty wire",
  { programs: [...VM_PROGRAMS, ...NETWORK_PROGRAMS], root: true },
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "metalman-vm-" });
    {
      await using network = await RigNetwork.create();
      await using _capture = await network.capture(`${folder}/boot.pcap`);
      await using vm = rigMachine({ network, mac: "52:54:00:00:00:01", folder, bootFrom: "pxe" });
      await assert.rejects(vm.waitFor(/x/), /the machine is off/);
      assert.equal(vm.console, "");
      await vm.on(["network"]);
      await vm.waitFor(/>>Start PXE over IPv4/);
      assert.equal((await vm.qmp("query-status") as { running: boolean }).running, true);
      await assert.rejects(vm.qmp("no-such-command"), /QMP no-such-command: .*CommandNotFound/);
      await assert.rejects(vm.waitFor(/NBP filename/, 10), /no \/NBP filename\/ in 10 ms: .*last words:[^]*Start PXE/);
      await assert.rejects(vm.on(["network"]), /the machine is on/);
      await vm.off();
      assert.match(await Deno.readTextFile(vm.files.serialLog), /Start PXE/);
    }
    assert.deepEqual(await dissect(`${folder}/boot.pcap`, RIG_SERVER), {
      packets: { dhcp: 0, tftp: 0, http: 0 },
      malformed: [],
    });
    await Deno.remove(folder, { recursive: true });
  },
);
