/** The initial RAM disk: busybox, images/vm/init and the modules that a virtual machine's devices need. */
import { CHARACTER_DEVICE, cpio, type CpioMember, FILE, FOLDER, LINK, PROGRAM } from "./cpio.ts";
import type { KernelModule } from "./kernel_modules.ts";

/** What Debian's kernels do not have built in: network card, disk, entropy, and the firmware's variables. */
export const MODULES: readonly string[] = ["virtio_pci", "virtio_net", "virtio_blk", "virtio_rng", "efivarfs"];

/** What it is made of. */
export interface InitrdParts {
  /** A static busybox. */
  readonly busybox: Uint8Array;
  /** The script that the kernel starts. */
  readonly init: Uint8Array;
  /** In the order in which they load. */
  readonly modules: readonly KernelModule[];
  /** More programs: path without a leading slash to bytes. @default none */
  readonly programs?: ReadonlyMap<string, Uint8Array>;
}

const FOLDERS = ["bin", "dev", "etc", "lib", "lib/modules", "proc", "run", "sys", "tmp"];
const encoder = new TextEncoder();

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Folders that paths lie in and that are not there yet, outer ones first. */
function foldersOf(paths: Iterable<string>): string[] {
  const found = new Set<string>();
  for (const path of paths) {
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth++) found.add(parts.slice(0, depth).join("/"));
  }
  return [...found].filter((folder) => !FOLDERS.includes(folder));
}

/** The archive, gzipped. */
export function initrd(
  { busybox, init, modules, programs = new Map() }: InitrdParts,
): Promise<Uint8Array<ArrayBuffer>> {
  const members: CpioMember[] = [
    ...[...FOLDERS, ...foldersOf(programs.keys())].map((path) => ({ path, mode: FOLDER })),
    { path: "dev/console", mode: CHARACTER_DEVICE, device: { major: 5, minor: 1 } },
    { path: "init", mode: PROGRAM, data: init },
    { path: "bin/busybox", mode: PROGRAM, data: busybox },
    { path: "bin/sh", mode: LINK, data: encoder.encode("busybox") },
    ...modules.map(({ name, bytes }) => ({ path: `lib/modules/${name}.ko`, mode: FILE, data: bytes })),
    {
      path: "lib/modules.order",
      mode: FILE,
      data: encoder.encode(modules.map(({ name }) => `${name}\n`).join("")),
    },
    ...[...programs].map(([path, data]) => ({ path, mode: PROGRAM, data })),
  ];
  return gzip(cpio(members));
}
