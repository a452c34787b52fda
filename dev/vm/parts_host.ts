/** Looks on this system, or in a folder of unpacked packages, for what a virtual machine needs. */
import { isStaticProgram } from "./elf.ts";
import { kernelVersions } from "./kernel_version.ts";
import { type Part, PARTS, type Probe } from "./requirements.ts";

/** Where to look besides the system itself. */
export interface ProbeOptions {
  /** A folder in which packages were unpacked (`dpkg -x`); it comes first. @default only the system */
  readonly folder?: string;
}

const MODULE_FOLDERS = ["lib/modules", "usr/lib/modules"];

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isFile, () => false);
}

async function names(folder: string): Promise<string[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  } catch {
    return [];
  }
}

/** The folder of a kernel's modules, which are its package's other half. */
export async function moduleFolder(kernel: string): Promise<string | undefined> {
  const [root, version] = kernel.split("/boot/vmlinuz-");
  for (const folder of MODULE_FOLDERS.map((name) => `${root}/${name}/${version}/kernel`)) {
    if (await Deno.stat(folder).then((info) => info.isDirectory, () => false)) return folder;
  }
}

async function findKernel(root: string): Promise<string | undefined> {
  const folders = (await Promise.all(MODULE_FOLDERS.map((name) => names(`${root}/${name}`)))).flat();
  for (const version of kernelVersions(await names(`${root}/boot`), folders)) {
    const kernel = `${root}/boot/vmlinuz-${version}`;
    if (await isFile(kernel) && await moduleFolder(kernel) !== undefined) return kernel;
  }
}

async function find(part: Part, root: string): Promise<string | undefined> {
  if (part === "kernel") return await findKernel(root);
  for (const path of PARTS[part].paths.map((name) => `${root}/${name}`)) {
    if (!await isFile(path)) continue;
    if (part !== "busybox" || isStaticProgram(await Deno.readFile(path))) return path;
  }
}

async function text(path: string): Promise<string> {
  return await Deno.readTextFile(path).catch(() => "");
}

/** Files below /proc and /dev are for a shell to look at: Deno opens none without --allow-all. */
const LOOK = `grep ^CapEff: /proc/self/status
if [ -e /dev/net/tun ]; then echo tun; fi
if [ -w /dev/kvm ] && grep -qwE 'vmx|svm' /proc/cpuinfo; then echo kvm; fi`;

async function look(): Promise<string> {
  const command = new Deno.Command("/bin/sh", { args: ["-c", LOOK], stderr: "null" });
  return await command.output().then(({ stdout }) => new TextDecoder().decode(stdout), () => "");
}

/** What is here. */
export async function probe({ folder }: ProbeOptions = {}): Promise<Probe> {
  const found: Partial<Record<Part, string>> = {};
  for (const root of folder === undefined ? [""] : [folder.replace(/\/+$/, ""), ""]) {
    for (const part of Object.keys(PARTS) as Part[]) {
      const path = found[part] ?? await find(part, root);
      if (path !== undefined) found[part] = path;
    }
  }
  const seen = await look();
  const capabilities = /^CapEff:\s*([0-9a-f]+)/m.exec(seen)?.[1] ?? "0";
  return {
    system: `${Deno.build.os} ${Deno.build.arch}`,
    distribution: /^ID=["']?([a-z]+)/m.exec(await text("/etc/os-release"))?.[1] ?? "",
    capabilities: BigInt(`0x${capabilities}`),
    hasTun: /^tun$/m.test(seen),
    hasKvm: /^kvm$/m.test(seen),
    found,
  };
}
