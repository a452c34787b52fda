/**
 * The disk image that the installer writes: an EFI system partition from which shim, GRUB and Linux start, and a partition
 * "seed" where the installer leaves what the installed system must know of this machine.
 *
 * GRUB for the network takes its folder from where it was loaded, so it finds /grub/grub.cfg on the disk too
 * (docs/decisions/vm.md).
 */
import { fat16 } from "./fat16.ts";
import { FIRST_SECTOR, gptDisk, PARTITION_TYPE } from "./gpt.ts";

/** What starts, from the network and from disk alike. */
export interface BootChain {
  /** The first stage, signed by Microsoft. */
  readonly shim: Uint8Array;
  /** GRUB for the network, signed by the distribution. */
  readonly grub: Uint8Array;
  /** Linux. */
  readonly kernel: Uint8Array;
  /** Its initial RAM disk, gzipped. */
  readonly initrd: Uint8Array;
}

const GRUB_CFG = `set timeout=0
linux /vmlinuz console=ttyS0,115200 panic=10 quiet metalman.disk
initrd /initrd.gz
boot
`;
const SEED_BYTES = 4096;
const ID = "6d6d0000-0000-4000-8000-00000000000";

/** The image; the same files give the same bytes. */
export function diskImage({ shim, grub, kernel, initrd }: BootChain): Uint8Array<ArrayBuffer> {
  const system = fat16({
    "EFI/BOOT/BOOTX64.EFI": shim,
    "EFI/BOOT/GRUBX64.EFI": grub,
    "grub/grub.cfg": new TextEncoder().encode(GRUB_CFG),
    "vmlinuz": kernel,
    "initrd.gz": initrd,
  }, { hiddenSectors: FIRST_SECTOR });
  return gptDisk(`${ID}1`, [
    { type: PARTITION_TYPE.efiSystem, id: `${ID}2`, name: "EFI system", content: system },
    { type: PARTITION_TYPE.linuxData, id: `${ID}3`, name: "seed", content: new Uint8Array(SEED_BYTES) },
  ]);
}

/** What a virtual machine boots and installs, as files of a boot image: path below /disk to content. */
export function vmPrograms(chain: BootChain): ReadonlyMap<string, Uint8Array> {
  return new Map([
    ["shimx64.efi", chain.shim],
    ["grubx64.efi", chain.grub],
    ["boot/vmlinuz", chain.kernel],
    ["boot/initrd", chain.initrd],
    ["boot/disk.img", diskImage(chain)],
  ]);
}
