/** Which of the installed kernels a virtual machine boots. */

const PREFIX = "vmlinuz-";
const inOrder = new Intl.Collator("en", { numeric: true }).compare;

/** Versions of kernels in the names of /boot that have modules, the newest first. */
export function kernelVersions(bootNames: Iterable<string>, moduleFolders: Iterable<string>): string[] {
  const withModules = new Set(moduleFolders);
  const versions = [...bootNames].filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length));
  return versions.filter((version) => withModules.has(version)).sort((a, b) => inOrder(b, a));
}
