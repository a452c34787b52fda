/** The content of the netboot image that the virtual machine boots without a disk. */
import type { ImageFiles } from "../../dev/image/build.ts";
import { readBootChain } from "../../dev/vm/boot_chain_store.ts";
import type { BootChain } from "../../dev/vm/disk_image.ts";
import { probe } from "../../dev/vm/parts_host.ts";
import { requireParts, type VmParts } from "../../dev/vm/requirements.ts";
import { peersFolder, run } from "../peers/peer.ts";
import { RIG_SERVER } from "./network.ts";
import { tpmPrograms } from "./tpm_programs.ts";

/** Where boot_files.sh leaves what it makes. */
const made = `${peersFolder()}/rig/boot`;
/** Debian's packages, unpacked. */
export const UNPACKED = `${made}/debian`;

/** There when all of it is there: `deno task test:setup` makes it last. */
export const BOOT_FILES_STAMP = `${made}/stamp`;
/** What {@link bootImage} runs. */
export const IMAGE_PROGRAMS: readonly string[] = ["objcopy", "openssl", "sbsign"];

/** Which GRUB: `signed` is Debian's (TFTP only, passes Secure Boot), `http` is an unsigned one that also speaks HTTP. */
export type Grub = "signed" | "http";

const SERVE_URL = `http://${RIG_SERVER}:8880`;
const UKI_COMMAND_LINE = `console=ttyS0,115200 panic=10 ip=dhcp metalman.show \
metalman.done=${SERVE_URL}/pxe/disable ds=nocloud;s=${SERVE_URL}/cloud-init/`;

const TEXTS: Readonly<Record<string, string>> = {
  "grub/grub.cfg.tmpl": `set timeout=0
echo "RIG: grub for {{ .Machine.Name }}"
{{- with index .Machine.Spec.PXE.DHCPLeases 0 }}
linux /boot/vmlinuz console=ttyS0,115200 panic=10 BOOTIF=01-{{ .MAC }} ip={{ .IPv4 }}::{{ .Gateway }}:{{ .SubnetMask }}:{{ $.Machine.Name }}: metalman.show metalman.done={{ $.ServeURL }}/pxe/disable "ds=nocloud;s={{ $.ServeURL }}/cloud-init/"
{{- end }}
initrd /boot/initrd
boot
`,
  "cloud-init/meta-data.tmpl": `instance-id: {{ .Machine.Name }}-{{ .Machine.Spec.Operations.RepaveCounter }}
local-hostname: {{ .Machine.Name }}
`,
  "cloud-init/vendor-data.tmpl": `#cloud-config
reporting:
  metalman:
    type: webhook
    endpoint: {{ .ServeURL }}/cloudinit/log
apiserver: {{ .ApiserverURL }}
agent: |
    {{ .AgentConfigJSON }}
`,
};

/** What the image's metadata.yaml says. */
export interface BootImageOptions {
  /** For every client without an entry in bootFiles. */
  readonly dhcpBootImageName: string;
  /** Client architecture to file. */
  readonly bootFiles?: Readonly<Record<string, string>>;
  /** Which one is grubx64.efi. @default "signed" */
  readonly grub?: Grub;
  /** Whether the guest shows its TPM and gets a token. @default false */
  readonly attests?: boolean;
}

/** What a machine boots, from the unpacked packages. */
export async function unpackedParts(): Promise<VmParts> {
  return requireParts(await probe({ folder: UNPACKED }));
}

/**
 * A unified kernel image: kernel, initrd and command line in one EFI file, signed with the test key whose certificate is in
 * OVMF_VARS_4M.snakeoil.fd.
 */
async function unifiedKernelImage({ kernel, initrd }: BootChain): Promise<Uint8Array> {
  const folder = await Deno.makeTempDir({ prefix: "metalman-uki-" });
  try {
    const sections = {
      osrel: [0x20000, new TextEncoder().encode("ID=rig\nNAME=rig\n")],
      cmdline: [0x30000, new TextEncoder().encode(UKI_COMMAND_LINE)],
      linux: [0x2000000, kernel],
      initrd: [0x3000000, initrd],
    } as const;
    const args: string[] = [];
    for (const [name, [address, bytes]] of Object.entries(sections)) {
      await Deno.writeFile(`${folder}/${name}`, bytes);
      args.push("--add-section", `.${name}=${folder}/${name}`, "--change-section-vma", `.${name}=${address}`);
    }
    await run("objcopy", [...args, `${UNPACKED}/usr/lib/systemd/boot/efi/linuxx64.efi.stub`, `${folder}/uki`]);
    const [key, certificate] = ["/usr/share/ovmf/PkKek-1-snakeoil.key", "/usr/share/ovmf/PkKek-1-snakeoil.pem"];
    await run("openssl", ["rsa", "-in", key, "-passin", "pass:snakeoil", "-out", `${folder}/key`]);
    await run("sbsign", [
      "--key",
      `${folder}/key`,
      "--cert",
      certificate,
      "--output",
      `${folder}/signed`,
      `${folder}/uki`,
    ]);
    return await Deno.readFile(`${folder}/signed`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What is below /disk in the image: shim, GRUB, kernel, initrd, UKI and templates. */
export async function bootImage(options: BootImageOptions): Promise<ImageFiles> {
  const { dhcpBootImageName, bootFiles = {}, grub = "signed", attests = false } = options;
  const chain = await readBootChain(await unpackedParts(), attests ? await tpmPrograms() : undefined);
  const encoder = new TextEncoder();
  return new Map([
    ["shimx64.efi", chain.shim],
    ["grubx64.efi", grub === "signed" ? chain.grub : await Deno.readFile(`${made}/grubhttp.efi`)],
    ["uki.efi", await unifiedKernelImage(chain)],
    ["boot/vmlinuz", chain.kernel],
    ["boot/initrd", chain.initrd],
    ...Object.entries(TEXTS).map(([path, text]) => [path, encoder.encode(text)] as const),
    // JSON is YAML.
    ["metadata.yaml", encoder.encode(JSON.stringify({ dhcpBootImageName, bootFiles }))],
  ]);
}
