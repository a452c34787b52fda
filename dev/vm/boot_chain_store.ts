/** Reads what a virtual machine boots from the parts that were found, and makes its initial RAM disk. */
import { zstdDecompressSync } from "node:zlib";
import init from "../../images/vm/init" with { type: "text" };
import type { BootChain } from "./disk_image.ts";
import { initrd, MODULES } from "./initrd.ts";
import { modulesFor, type ModuleSource } from "./kernel_modules.ts";
import { moduleFolder } from "./parts_host.ts";
import { type VmParts, VmUnavailableError } from "./requirements.ts";

/** Modules by name, with underscores, and their paths. */
async function index(folder: string, found: Map<string, string>): Promise<Map<string, string>> {
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) await index(path, found);
    const name = /^(.+)\.ko(\.xz|\.zst)?$/.exec(entry.name)?.[1];
    if (name !== undefined) found.set(name.replaceAll("-", "_"), path);
  }
  return found;
}

async function readXz(path: string): Promise<Uint8Array> {
  const { success, stdout } = await new Deno.Command("xz", { args: ["-dc", path] }).output();
  if (!success) throw new VmUnavailableError(`Cannot read ${path}: xz does not unpack it; apt-get install xz-utils`);
  return stdout;
}

/** Debian has modules as they are up to 12 and .xz after that, Ubuntu has .zst. */
async function readModule(path: string): Promise<Uint8Array> {
  if (path.endsWith(".xz")) return await readXz(path);
  const bytes = await Deno.readFile(path);
  return path.endsWith(".zst") ? zstdDecompressSync(bytes) : bytes;
}

async function moduleSource(kernel: string): Promise<ModuleSource> {
  const folder = await moduleFolder(kernel);
  const paths = folder === undefined ? new Map<string, string>() : await index(folder, new Map());
  return {
    read: async (name) => {
      const path = paths.get(name);
      return path === undefined ? undefined : await readModule(path);
    },
  };
}

/**
 * Shim, GRUB, the kernel and an initial RAM disk for it.
 * @param programs for the RAM disk, beside its own: path without a leading slash to bytes
 */
export async function readBootChain(
  parts: Pick<VmParts, "shim" | "grub" | "kernel" | "busybox">,
  programs?: ReadonlyMap<string, Uint8Array>,
): Promise<BootChain> {
  const modules = await modulesFor(MODULES, await moduleSource(parts.kernel));
  const [shim, grub, kernel, busybox] = await Promise.all(
    [parts.shim, parts.grub, parts.kernel, parts.busybox].map((path) => Deno.readFile(path)),
  );
  return {
    shim: shim!,
    grub: grub!,
    kernel: kernel!,
    initrd: await initrd({
      ...{ busybox: busybox!, init: new TextEncoder().encode(init), modules },
      ...(programs === undefined ? {} : { programs }),
    }),
  };
}
