/** The content of the netboot image that the virtual machine boots. */
import { peersFolder } from "../peers/peer.ts";

/** Where boot_files.sh leaves what it makes. */
const made = `${peersFolder()}/rig/boot`;

/** There when all that {@link writeBootImage} copies is there: `deno task test:setup` makes it last. */
export const BOOT_FILES_STAMP = `${made}/stamp`;

/** Which GRUB: `signed` is Debian's (TFTP only, passes Secure Boot), `http` is an unsigned one that also speaks HTTP. */
export type Grub = "signed" | "http";

const GRUB_FILE: Readonly<Record<Grub, string>> = { signed: "grubx64.efi", http: "grubhttp.efi" };

const TEXTS: Readonly<Record<string, string>> = {
  "grub/grub.cfg.tmpl": `set timeout=0
echo "RIG: grub for {{ .Machine.Name }}"
{{- with index .Machine.Spec.PXE.DHCPLeases 0 }}
linux /boot/vmlinuz console=ttyS0,115200 panic=10 BOOTIF=01-{{ .MAC }} ip={{ .IPv4 }}::{{ .Gateway }}:{{ .SubnetMask }}:{{ $.Machine.Name }}: rig.url={{ $.ServeURL }}
{{- end }}
initrd /boot/initrd.gz
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
finished: {{ .ServeURL }}/pxe/disable
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
}

/** Fills an empty folder with what is below /disk in the image: shim, GRUB, kernel, initrd, UKI and templates. */
export async function writeBootImage(folder: string, options: BootImageOptions): Promise<void> {
  const { dhcpBootImageName, bootFiles: byArchitecture = {}, grub = "signed" } = options;
  for (const name of ["grub", "boot", "cloud-init"]) await Deno.mkdir(`${folder}/${name}`);
  const copies = {
    "shimx64.efi": "shimx64.efi",
    "grubx64.efi": GRUB_FILE[grub],
    "uki.efi": "uki.signed.efi",
    "boot/vmlinuz": "vmlinuz",
    "boot/initrd.gz": "initrd.gz",
  };
  for (const [to, from] of Object.entries(copies)) await Deno.copyFile(`${made}/${from}`, `${folder}/${to}`);
  for (const [path, text] of Object.entries(TEXTS)) await Deno.writeTextFile(`${folder}/${path}`, text);
  // JSON is YAML.
  const metadata = JSON.stringify({ dhcpBootImageName, bootFiles: byArchitecture });
  await Deno.writeTextFile(`${folder}/metadata.yaml`, metadata);
}
