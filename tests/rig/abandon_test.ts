/** What is left when the process that owns a virtual machine is killed. */
import assert from "node:assert/strict";
import { Wire } from "../../dev/vm/network_host.ts";
import { NetNamespace } from "../peers/netns.ts";
import { Peer, peerTest, which } from "../peers/peer.ts";
import { enter, RIG_BRIDGE, RIG_SERVER } from "./network.ts";
import { VM_PROGRAMS } from "./vm.ts";

/** A program that switches a machine on and is then killed. */
function owner(netns: string, folder: string): string {
  const [wire, vm] = ["network_host", "vm_host"].map((name) =>
    new URL(`../../dev/vm/${name}.ts`, import.meta.url).href
  );
  const inNamespace = JSON.stringify(enter(netns));
  return `
    import { Wire } from "${wire}";
    import { VirtualMachine } from "${vm}";
    const enter = ${inNamespace};
    const wire = await Wire.create({ bridge: "${RIG_BRIDGE}", address: "${RIG_SERVER}/24", ip: "${
    which("ip")
  }", enter });
    const tap = wire.nextTap();
    await wire.addTap(tap);
    const vm = new VirtualMachine({
      mac: "52:54:00:00:00:01", uuid: crypto.randomUUID(), tap, enter, folder: "${folder}",
      qemu: "${which("qemu-system-x86_64")}", setpriv: "${which("setpriv")}", swtpm: "${which("swtpm")}",
      firmware: { code: "/usr/share/OVMF/OVMF_CODE_4M.fd", variables: "/usr/share/OVMF/OVMF_VARS_4M.fd", isSecure: false },
    });
    await vm.on(["network"]);
    console.log("QEMU runs");
  `;
}

/** Ids of QEMU and swtpm that have a text in their command line. */
async function processes(text: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    // A process that has ended has an empty command line, or none.
    const command = /^\d+$/.test(name) ? await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "") : "";
    if (command.includes(text) && /-netdev|--tpmstate/.test(command)) found.push(name);
  }
  return found;
}

const needs = { programs: [...VM_PROGRAMS, "swtpm"], root: true };
peerTest(
  "QEMU and its TPM end with a process that is killed, and the next one takes its wire over",
  needs,
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "metalman-abandon-" });
    {
      await using namespace = await NetNamespace.create("abandon");
      await using parent = new Peer(Deno.execPath(), ["eval", owner(namespace.name, folder)]);
      await parent.waitFor(/QEMU runs/);
      assert.equal((await processes(folder)).length, 2);
      await parent.stop("SIGKILL");
      for (let tries = 0; (await processes(folder)).length > 0; tries++) {
        assert.ok(tries < 100, "QEMU or swtpm still runs");
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const address = `${RIG_SERVER}/24`;
      await using wire = await Wire.create({
        bridge: RIG_BRIDGE,
        address,
        ip: which("ip")!,
        enter: enter(namespace.name),
      });
      await wire.addTap(`${RIG_BRIDGE}-1`);
    }
    await Deno.remove(folder, { recursive: true });
  },
);
