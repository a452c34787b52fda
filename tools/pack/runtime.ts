/** Deno for other machines, from npm. */

/** What npm has Deno for, as its packages are called. Windows has no sh: `deno task compile` makes its executable. */
export const TARGETS = ["linux-x64-glibc", "linux-arm64-glibc", "darwin-x64", "darwin-arm64"] as const;

/** The target that this machine is. */
export function thisTarget(): string {
  const { os, arch } = Deno.build;
  return `${os}-${arch === "aarch64" ? "arm64" : "x64"}${os === "linux" ? "-glibc" : ""}`;
}

/**
 * Fetches the Deno of the version that runs this, checked by npm; what was fetched before is taken again.
 * @returns the path of the executable, below the folder
 * @throws when npm has none
 */
export async function downloadDeno(target: string, folder: string): Promise<string> {
  if (!(TARGETS as readonly string[]).includes(target)) throw new Error(`there is no target "${target}"`);
  const name = `@deno/${target}@${Deno.version.deno}`;
  const place = `${folder}/${target}-${Deno.version.deno}`;
  const path = `${place}/node_modules/@deno/${target}/deno`;
  if (await Deno.stat(path).then(() => true, () => false)) return path;
  await Deno.mkdir(place, { recursive: true });
  const { success, stderr } = await new Deno.Command("npm", {
    args: ["install", "--no-save", "--no-package-lock", "--ignore-scripts", "--force", "--prefix", place, name],
  }).output();
  if (success) return path;
  const why = new TextDecoder().decode(stderr).split("\n").find((line) => /ERR|error/.test(line)) ?? "";
  throw new Error(`npm has no ${name} (${why.trim()}): give the executable with --deno=FILE`);
}
