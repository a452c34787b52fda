/** Real UEFI firmware boots from metalman alone: a Machine in a real API server, its image in a real registry. */
import assert from "node:assert/strict";
import type { KubeObject } from "../peers/apiserver.ts";
import { peerTest } from "../peers/peer.ts";
import { BOOT_FILES_STAMP, bootImage, type BootImageOptions, IMAGE_PROGRAMS } from "./boot_image.ts";
import { dissect, RIG_MASK, RIG_SERVER } from "./network.ts";
import { Site, SITE_PROGRAMS } from "./site.ts";
import { GUEST_PROGRAMS } from "./tpm_programs.ts";
import { rigMachine, type RigMachineOptions, VM_PROGRAMS } from "./vm.ts";

/** One way to boot. */
interface Chain {
  readonly name: string;
  readonly firmware: Pick<RigMachineOptions, "bootFrom" | "secureBoot" | "hasTpm">;
  readonly image: BootImageOptions;
  /** Whether files come by TFTP, or none does. */
  readonly tftp: boolean;
}

const SHIM = "shimx64.efi";
const CHAINS: readonly Chain[] = [
  {
    name: "PXE through signed shim and GRUB, Secure Boot off (contract 5-9)",
    firmware: { bootFrom: "pxe", secureBoot: "off" },
    image: { dhcpBootImageName: SHIM },
    tftp: true,
  },
  {
    name: "PXE through signed shim and GRUB, Secure Boot enforced, and a token for the TPM (contract 5-10)",
    firmware: { bootFrom: "pxe", secureBoot: "microsoft", hasTpm: true },
    image: { dhcpBootImageName: SHIM, attests: true },
    tftp: true,
  },
  {
    name: "UEFI HTTP boot of one EFI file named in bootFiles, Secure Boot enforced (design 3)",
    firmware: { bootFrom: "http", secureBoot: "snakeoil" },
    image: { dhcpBootImageName: SHIM, bootFiles: { "x64-http": "uki.efi" } },
    tftp: false,
  },
  {
    name: "UEFI HTTP boot of shim and of a GRUB that speaks HTTP (docs/decisions/http.md)",
    firmware: { bootFrom: "http", secureBoot: "off" },
    image: { dhcpBootImageName: SHIM, grub: "http" },
    tftp: false,
  },
];

const MAC = "52:54:00:aa:bb:01";
const USER_DATA = "#cloud-config\nhostname: <from & the ConfigMap>\n";
const userData: KubeObject = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "seed", namespace: "unbounded-kube" },
  data: { "user-data": USER_DATA },
};

function machineObject(image: string): KubeObject {
  return {
    apiVersion: "unbounded-cloud.io/v1alpha3",
    kind: "Machine",
    metadata: { name: "node-01" },
    spec: {
      pxe: {
        image,
        // Any spelling of the MAC address counts (contract 5).
        dhcpLeases: [{
          mac: MAC.replaceAll(":", "-").toUpperCase(),
          ipv4: "10.77.0.10",
          subnetMask: RIG_MASK,
          gateway: RIG_SERVER,
        }],
        cloudInit: { userDataConfigMapRef: { name: "seed", namespace: "unbounded-kube" } },
      },
      operations: { rebootCounter: 0, repaveCounter: 1 },
    },
  };
}

function condition(machine: KubeObject, type: string): Record<string, unknown> | undefined {
  return machine.status?.conditions?.find((entry: { type: string }) => entry.type === type);
}

/** What images/vm/init said. */
function saidBy(console: string): string[] {
  return console.split("\n").filter((line) => line.startsWith("metalman: ")).map((line) => line.slice(10));
}

/** A file that it showed. */
function fileIn(said: readonly string[], name: string): string {
  return said.filter((line) => line.startsWith(`${name}| `)).map((line) => `${line.slice(name.length + 2)}\n`).join("");
}

/** What the guest found behind the firmware: its own rendered files. */
function checkGuest(console: string, { firmware }: Chain, site: Site): void {
  const said = saidBy(console);
  const file = (name: string) => fileIn(said, name);
  assert.ok(said.includes(`secure boot ${firmware.secureBoot === "off" ? 0 : 1}`), "Secure Boot is as wanted");
  assert.ok(said.includes(`network eth0 ${MAC} 10.77.0.10/24`), "the lease's address");
  assert.equal(file("meta-data"), "instance-id: node-01-1\nlocal-hostname: node-01\n");
  assert.equal(file("user-data"), USER_DATA);
  const vendorData = file("vendor-data");
  assert.match(vendorData, new RegExp(`endpoint: http://${RIG_SERVER}:8880/cloudinit/log\n`));
  assert.ok(vendorData.includes(`apiserver: ${site.api.url}\n`), "the API server's address comes from cluster-info");
  assert.match(vendorData, /"MachineName": "node-01"/);
}

/** What metalman reports of the boot (contract 2, 7). */
async function checkStatus(site: Site, machine: KubeObject): Promise<void> {
  const done = await site.until(
    machine,
    (now) => condition(now, "Repaved")?.status === "True" && condition(now, "CloudInitDone")?.status === "True",
  );
  const wanted = { status: "True", reason: "Succeeded", observedGeneration: done.metadata.generation };
  const messages = { Repaved: `image=${site.image}`, CloudInitDone: "cloud-init completed successfully" };
  for (const [type, message] of Object.entries(messages)) {
    const { lastTransitionTime: _, ...found } = condition(done, type)!;
    assert.deepEqual(found, { type, ...wanted, message });
  }
  assert.equal(done.status.operations.repaveCounter, 1);
}

/** The guest had a token that is good before it reported anything, and its TPM's key is kept (contract 10). */
async function checkToken(console: string, site: Site, machine: KubeObject): Promise<void> {
  const said = saidBy(console);
  const token = said.indexOf("token of system:serviceaccount:unbounded-kube:metalman-bootstrap");
  assert.ok(token >= 0 && token < said.indexOf("stage init-local"), said.join("\n"));
  const { status } = await site.until(machine, (now) => now.status?.attestation?.tokenIssuedAt !== undefined);
  assert.equal(status.tpm.ekPublicKey, fileIn(said, "ek.pem"));
  assert.match(status.attestation.tokenSHA256Prefix, /^[0-9a-f]{16}$/);
}

async function boot(chain: Chain, site: Site, folder: string): Promise<void> {
  const machine = machineObject(site.image);
  await site.api.apply(userData, machine);
  const metalman = await site.serve();
  {
    await using _capture = await site.network.capture(`${folder}/boot.pcap`);
    await using vm = rigMachine({ network: site.network, mac: MAC, folder, ...chain.firmware });
    await vm.on(["network"]);
    const [, end] = await vm.waitFor(/metalman: (running as \S+|failed .*)\r?\n/);
    assert.equal(end, "running as node-01");
    checkGuest(vm.console, chain, site);
    if (chain.image.attests) await checkToken(vm.console, site, machine);
  }
  await checkStatus(site, machine);
  const { packets, malformed } = await dissect(`${folder}/boot.pcap`, RIG_SERVER);
  assert.deepEqual(malformed, []);
  assert.ok(packets.dhcp! >= 2, "an OFFER and an ACK");
  assert.equal(packets.tftp! > 1000, chain.tftp, `${packets.tftp} TFTP packets`);
  assert.ok(packets.http! >= 12, "three files, eight reports and the end");
  assert.equal((await metalman.stop()).code, 0, "SIGTERM ends it with 0");
}

/** Boots once; what explains a failure stays in a folder that the failure names. */
async function bootOnce(chain: Chain): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "metalman-rig-" });
  const work = `${folder}/work`;
  await Deno.mkdir(work);
  try {
    await using site = await Site.create(work, await bootImage(chain.image));
    try {
      await boot(chain, site, folder);
    } finally {
      await Deno.writeTextFile(`${folder}/metalman.log`, site.log);
    }
  } catch (cause) {
    await Deno.remove(work, { recursive: true });
    const { message } = cause as Error;
    throw new Error(`${message}\nserial.log, boot.pcap and metalman.log are in ${folder}`, { cause });
  }
  await Deno.remove(folder, { recursive: true });
}

const needs = {
  programs: [...VM_PROGRAMS, ...SITE_PROGRAMS, ...IMAGE_PROGRAMS, ...GUEST_PROGRAMS, "swtpm", "ldd"],
  files: [BOOT_FILES_STAMP],
  root: true,
};
for (const chain of CHAINS) peerTest(chain.name, needs, () => bootOnce(chain));
