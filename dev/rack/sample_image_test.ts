import { deepEqual, equal } from "node:assert/strict";
import { readMachine } from "../../machine/types.ts";
import { templateData } from "../../pxe/template/machine_view.ts";
import { parseTemplate } from "../../pxe/template/template.ts";
import { webhooksOf } from "./cloud_init.ts";
import { runGrub } from "./grub_run.ts";
import { readInstallOrder } from "./kernel_arguments.ts";

const SERVE_URL = "http://127.0.0.1:8880";

/** A file of images/sample as a machine gets it. */
async function rendered(path: string, { spec = {}, status = {} } = {}): Promise<string> {
  const text = await Deno.readTextFile(new URL(`../../images/sample/disk/${path}.tmpl`, import.meta.url));
  const lease = { mac: "02:00:00:00:00:01", ipv4: "10.0.0.1", subnetMask: "255.255.255.0", gateway: "10.0.0.254" };
  const { machine } = readMachine({
    metadata: { name: "m1" },
    spec: { pxe: { image: "sample", dhcpLeases: [lease] }, ...spec },
    status,
  });
  const data = templateData({
    machine: machine.object,
    ...{ apiserverURL: "", serveURL: SERVE_URL, kubernetesVersion: "", clusterDNS: "" },
    agentConfigJSON: () => "",
  });
  return new TextDecoder().decode(parseTemplate(text).execute(data));
}

Deno.test("images/sample: the emulated machine understands its grub.cfg, and finds an installation in it", async () => {
  const grub = runGrub(await rendered("grub/grub.cfg"), new Map([["root", "tftp,127.0.0.1"]]), { uuid: "" });
  const loaded: string[] = [];
  let step = grub.next();
  for (; !step.done; step = grub.next()) if (step.value.kind === "load") loaded.push(step.value.file.path);
  deepEqual([step.value.kind, loaded], ["boot", ["/boot/vmlinuz", "/boot/initrd"]]);
  deepEqual(step.value.kind === "boot" && readInstallOrder(step.value.commandLine), {
    image: `${SERVE_URL}/boot/disk.img`,
    done: `${SERVE_URL}/pxe/disable`,
    dataSource: `${SERVE_URL}/cloud-init/`,
  });
});

Deno.test("images/sample: what is installed is not installed again, but for a repave, or where the disk is empty", async () => {
  const conditions = [{ type: "Repaved", status: "True", reason: "Succeeded", message: "", lastTransitionTime: "" }];
  const asked = (repaveCounter: number) => ({ spec: { operations: { rebootCounter: 1, repaveCounter } } });
  const ends = async (machine: Parameters<typeof rendered>[1], ...diskFiles: string[]) => {
    const grub = runGrub(await rendered("grub/grub.cfg", machine), new Map([["root", "tftp,127.0.0.1"]]), {
      uuid: "",
      diskFiles,
    });
    let step = grub.next();
    while (!step.done) step = grub.next();
    return step.value.kind;
  };
  const loader = "/EFI/BOOT/BOOTX64.EFI";
  equal(await ends({}, loader), "boot");
  equal(await ends({ status: { conditions } }, loader), "exit");
  equal(await ends({ status: { conditions } }), "boot");
  const status = { conditions, operations: { rebootCounter: 1, repaveCounter: 1 } };
  equal(await ends({ ...asked(1), status }, loader), "exit");
  equal(await ends({ ...asked(2), status }, loader), "boot");
});

Deno.test("images/sample: cloud-init finds in vendor-data where to report", async () => {
  deepEqual(webhooksOf(await rendered("cloud-init/vendor-data")), [`${SERVE_URL}/cloudinit/log`]);
  equal((await rendered("cloud-init/meta-data")).includes("instance-id: m1"), true);
});
