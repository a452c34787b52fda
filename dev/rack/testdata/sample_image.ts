/** An image for the rack's tests: what the chain from shim to cloud-init loads. */

/** Files of an image by path; a function is a template. */
export type ImageFiles = Readonly<Record<string, Uint8Array | string | (() => string)>>;

/** MAC address of the n-th machine, from 1. */
export function macOf(n: number): string {
  return `02:00:00:00:${(n >> 8).toString(16).padStart(2, "0")}:${(n & 255).toString(16).padStart(2, "0")}`;
}

/** A grub.cfg, and all that it leads to. */
export function sampleFiles(url: () => string, sizes: Sizes = SMALL): Record<string, ImageFiles[string]> {
  const arguments_ = () =>
    `metalman.image=${url()}/disk.img metalman.done=${url()}/pxe/disable "ds=nocloud;s=${url()}/cloud-init/"`;
  return {
    "shimx64.efi": filled(sizes.shim, 1),
    "grubx64.efi": filled(sizes.grub, 2),
    "vmlinuz": filled(sizes.kernel, 3),
    "initrd.gz": filled(sizes.initrd, 4),
    "disk.img": filled(sizes.disk, 5),
    "grub/grub.cfg": () =>
      `set timeout=0\nmenuentry "install" {\n  linux /vmlinuz ${arguments_()}\n  initrd /initrd.gz\n}\n`,
    "cloud-init/meta-data": "instance-id: i-1\n",
    "cloud-init/vendor-data": () =>
      `#cloud-config\nreporting:\n  metalman:\n    type: webhook\n    endpoint: ${url()}/cloudinit/log\n`,
  };
}

/** Bytes of an image's files. */
export interface Sizes {
  readonly shim: number;
  readonly grub: number;
  readonly kernel: number;
  readonly initrd: number;
  readonly disk: number;
}

/** Enough for more than one block each. */
export const SMALL: Sizes = { shim: 7000, grub: 3000, kernel: 5000, initrd: 2048, disk: 300_000 };

function filled(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + seed * 7 + (i >> 8)) & 255;
  return bytes;
}
