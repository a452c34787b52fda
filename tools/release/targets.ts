/** What is built for a release, and what it is called. */

/** One platform. */
export interface Target {
  /** As krew names it: Go's GOOS. */
  readonly os: "linux" | "darwin" | "windows";
  /** Go's GOARCH. */
  readonly arch: "amd64" | "arm64";
  /** As `deno compile --target` names it. */
  readonly triple: string;
}

/** All of them. On Windows it is the kubectl plugin only. */
export const TARGETS: readonly Target[] = [
  { os: "linux", arch: "amd64", triple: "x86_64-unknown-linux-gnu" },
  { os: "linux", arch: "arm64", triple: "aarch64-unknown-linux-gnu" },
  { os: "darwin", arch: "amd64", triple: "x86_64-apple-darwin" },
  { os: "darwin", arch: "arm64", triple: "aarch64-apple-darwin" },
  { os: "windows", arch: "amd64", triple: "x86_64-pc-windows-msvc" },
];

/** The executable in the archive: kubectl finds it by this name, and it goes by any other, such as `metalman`. */
export function executableName({ os }: Target): string {
  return os === "windows" ? "kubectl-unbounded.exe" : "kubectl-unbounded";
}

/** The archive of a version (`v1.2.3`). */
export function archiveName({ os, arch }: Target, version: string): string {
  return `kubectl-unbounded_${version}_${os}_${arch}.${os === "windows" ? "zip" : "tar.gz"}`;
}
