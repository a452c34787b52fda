/** Which kernel modules an initial RAM disk needs, and in which order they load. */

/** A kernel's modules: what is built in needs no file. */
export interface ModuleSource {
  /** An uncompressed module by name, with underscores; undefined: the kernel has it built in, or not at all. */
  read(name: string): Promise<Uint8Array | undefined>;
}

/** A module and its file's bytes. */
export interface KernelModule {
  /** With underscores. */
  readonly name: string;
  /** As the kernel takes them. */
  readonly bytes: Uint8Array;
}

const latin1 = new TextDecoder("latin1");

/** Names of the modules that one depends on, from its `.modinfo` section: strings that end in NUL. */
export function dependencies(module: Uint8Array): string[] {
  const list = /(?:^|\0)depends=([^\0]*)\0/.exec(latin1.decode(module))?.[1] ?? "";
  return list.split(",").filter((name) => name !== "").map((name) => name.replaceAll("-", "_"));
}

/** The named modules and what they depend on, each after its dependencies and once. */
export async function modulesFor(names: readonly string[], source: ModuleSource): Promise<KernelModule[]> {
  const placed = new Map<string, KernelModule>();
  const seen = new Set<string>();
  async function place(name: string): Promise<void> {
    if (seen.has(name)) return;
    seen.add(name);
    const bytes = await source.read(name);
    if (bytes === undefined) return;
    for (const dependency of dependencies(bytes)) await place(dependency);
    placed.set(name, { name, bytes });
  }
  for (const name of names) await place(name);
  return [...placed.values()];
}
