/** The machine and the programs that a run was made with. */
import { peersFolder, run, which } from "../tests/peers/peer.ts";

const PACKAGES = [
  "kea-dhcp4-server",
  "tftpd-hpa",
  "nginx-light",
  "wrk",
  "docker-registry",
  "skopeo",
  "umoci",
] as const;

async function firstLine(program: string, args: readonly string[]): Promise<string> {
  if (which(program) === undefined) return "not installed";
  try {
    return (await run(program, args)).trim().split("\n")[0] ?? "";
  } catch {
    return "unknown";
  }
}

function cpuModel(): string {
  return /^model name\s*:\s*(.*)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1] ?? "unknown";
}

/** What has to be known to compare two runs, by name. */
export async function machineFacts(): Promise<Record<string, string>> {
  const facts: Record<string, string> = {
    date: new Date().toISOString(),
    cores: `${navigator.hardwareConcurrency} (${cpuModel()})`,
    memory: `${(Deno.systemMemoryInfo().total / 1e9).toFixed(1)} GB`,
    kernel: Deno.osRelease(),
    "load before": Deno.loadavg().map((load) => load.toFixed(2)).join(" "),
    commit: await firstLine("git", ["-C", import.meta.dirname!, "describe", "--always", "--dirty"]),
    deno: Deno.version.deno,
    "kube-apiserver": await firstLine("cut", ["-d", " ", "-f", "1", `${peersFolder()}/bin/kube-apiserver.stamp`]),
    atftpd: await firstLine("atftpd", ["--version"]),
  };
  for (const name of PACKAGES) facts[name] = await firstLine("dpkg-query", ["-W", "-f", "${Version}", name]);
  return facts;
}
