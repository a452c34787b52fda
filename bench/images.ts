/** The netboot images of a run: made of generated files, pushed to the run's registry when first asked for. */
import { randomFillSync } from "node:crypto";
import { pushFolder } from "../tests/peers/registry.ts";

/** The kinds of image. */
export type ImageKind =
  /** What a rack boots from: two templates, a 16 MB kernel and a 1 GB disk image of zeros. */
  | "boot"
  /** Two templates and nothing else. */
  | "small"
  /** One file of 600 MB, nine tenths of it random. */
  | "large"
  /** 5,000 files of 1 to 40 KB, half of each random. */
  | "files";

/** Names of the boot image's files. */
export const KERNEL = "vmlinuz";
/** Served over HTTP in one piece. */
export const DISK = "disk.img";
/** A rendered boot menu; the file itself ends in `.tmpl`. */
export const GRUB_CONFIG = "grub/grub.cfg";
/** Rendered user data with the agent's configuration in it. */
export const META_DATA = "cloud-init/meta-data";
/** In each image: what is fetched to see that it is there. */
export const PROOF = "proof";

const GRUB_TEMPLATE = `set default=0
set timeout={{ if .Machine.Spec.PXE.Redfish }}0{{ else }}5{{ end }}
{{- if eq .Machine.Spec.Operations.RepaveCounter .Machine.Status.Operations.RepaveCounter }}
exit
{{- end }}
menuentry "Install {{ .Machine.Name }}" {
  linux /vmlinuz root=/dev/ram0 node={{ .Machine.Name }} \\
{{- range $i, $lease := .Machine.Spec.PXE.DHCPLeases }}
    ip={{ $lease.IPv4 }}::{{ $lease.Gateway }}:{{ $lease.SubnetMask }}::eth{{ $i }}:none \\
{{- end }}
    ds=nocloud;s={{ .ServeURL }}/cloud-init/
  initrd /initrd
}
`;

const META_DATA_TEMPLATE = `instance-id: {{ .Machine.Name }}
local-hostname: {{ .Machine.Name }}
kubernetes: {{ .KubernetesVersion }}
agent: |
    {{ .AgentConfigJSON }}
`;

/** Writes a file piece by piece. */
async function writePieces(path: string, size: number, fill: (piece: Uint8Array) => void): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  const piece = new Uint8Array(1 << 20);
  for (let written = 0; written < size;) {
    fill(piece);
    const part = piece.subarray(0, Math.min(piece.length, size - written));
    for (let at = 0; at < part.length;) at += await file.write(part.subarray(at));
    written += part.length;
  }
}

const zeros = (): void => {};
const random = (piece: Uint8Array): void => void randomFillSync(piece);
const mostlyRandom = (piece: Uint8Array): void => void randomFillSync(piece.subarray(0, piece.length * 0.9));

async function writeSmallFiles(folder: string, count: number): Promise<void> {
  const bytes = randomFillSync(new Uint8Array(1 << 20));
  for (let i = 0; i < count; i++) {
    const directory = `${folder}/pool/${i % 100}`;
    if (i < 100) await Deno.mkdir(directory, { recursive: true });
    const size = 1000 + (i * 7919) % 39_000;
    const content = new Uint8Array(size);
    const from = (i * 131) % (bytes.length - size);
    content.set(bytes.subarray(from, from + size / 2));
    await Deno.writeFile(`${directory}/file-${i}`, content);
  }
}

async function fill(folder: string, kind: ImageKind, quick: boolean): Promise<void> {
  const scale = quick ? 1 / 16 : 1;
  await Deno.writeTextFile(`${folder}/metadata.yaml`, "dhcpBootImageName: shimx64.efi\n");
  await Deno.writeTextFile(`${folder}/${PROOF}`, kind);
  for (const [name, text] of [[GRUB_CONFIG, GRUB_TEMPLATE], [META_DATA, META_DATA_TEMPLATE]] as const) {
    await Deno.mkdir(`${folder}/${name.split("/")[0]}`, { recursive: true });
    await Deno.writeTextFile(`${folder}/${name}.tmpl`, text);
  }
  if (kind === "boot") {
    await writePieces(`${folder}/${KERNEL}`, 16 << 20, random);
    await writePieces(`${folder}/${DISK}`, 1e9 * scale, zeros);
  }
  if (kind === "large") await writePieces(`${folder}/disk.img`, 600e6 * scale, mostlyRandom);
  if (kind === "files") await writeSmallFiles(folder, 5000 * scale);
}

/** Makes each kind of image at most once. */
export class Images {
  readonly #made = new Map<ImageKind, Promise<string>>();
  readonly #folder: string;
  readonly #registryHost: string;
  readonly #quick: boolean;

  /**
   * Nothing is made yet.
   * @param folder where the images' files are kept, for peers to serve
   */
  constructor({ folder, registryHost, quick }: { folder: string; registryHost: string; quick: boolean }) {
    this.#folder = folder;
    this.#registryHost = registryHost;
    this.#quick = quick;
  }

  /** Where the files of an image are. */
  folder(kind: ImageKind): string {
    return `${this.#folder}/${kind}`;
  }

  /** The reference of an image, which is then in the registry. */
  reference(kind: ImageKind): Promise<string> {
    const made = this.#made.get(kind) ?? this.#make(kind);
    this.#made.set(kind, made);
    return made;
  }

  async #make(kind: ImageKind): Promise<string> {
    const folder = this.folder(kind);
    await Deno.mkdir(folder, { recursive: true });
    await fill(folder, kind, this.#quick);
    const reference = `${this.#registryHost}/bench/${kind}:v1`;
    await pushFolder(folder, reference);
    return reference;
  }
}
