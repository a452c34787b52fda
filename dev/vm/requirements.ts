/** What a virtual machine needs of this system, and what to do where it is not there. */

/** What is looked for. */
export type Part = "qemu" | "setpriv" | "ip" | "firmware" | "variables" | "shim" | "grub" | "kernel" | "busybox";

/** Where a part is, as Debian and Ubuntu lay it out, and what brings it. */
export interface PartPlace {
  /** For people. */
  readonly what: string;
  /** Programs are found in PATH, and everything below a root folder, in this order. */
  readonly paths: readonly string[];
  /** Debian's package. */
  readonly debianPackage: string;
}

/** All parts; a kernel's path is made of its version (boot_files_store.ts). */
export const PARTS: Readonly<Record<Part, PartPlace>> = {
  qemu: { what: "QEMU", paths: ["usr/bin/qemu-system-x86_64"], debianPackage: "qemu-system-x86" },
  setpriv: { what: "setpriv", paths: ["usr/bin/setpriv", "bin/setpriv"], debianPackage: "util-linux" },
  ip: { what: "ip", paths: ["usr/sbin/ip", "sbin/ip", "usr/bin/ip", "bin/ip"], debianPackage: "iproute2" },
  firmware: { what: "UEFI firmware", paths: ["usr/share/OVMF/OVMF_CODE_4M.fd"], debianPackage: "ovmf" },
  variables: { what: "UEFI variables", paths: ["usr/share/OVMF/OVMF_VARS_4M.fd"], debianPackage: "ovmf" },
  shim: {
    what: "shim",
    paths: ["usr/lib/shim/shimx64.efi.signed", "usr/lib/shim/shimx64.efi.signed.latest"],
    debianPackage: "shim-signed",
  },
  grub: {
    what: "GRUB for the network",
    paths: ["usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed"],
    debianPackage: "grub-efi-amd64-signed",
  },
  kernel: { what: "a kernel with its modules", paths: [], debianPackage: "linux-image-cloud-amd64" },
  busybox: { what: "a static busybox", paths: ["bin/busybox", "usr/bin/busybox"], debianPackage: "busybox-static" },
};

/** Packages that Ubuntu calls otherwise. */
const UBUNTU: Readonly<Record<string, string>> = { "linux-image-cloud-amd64": "linux-image-virtual" };

/** What was found on this system. */
export interface Probe {
  /** `linux x86_64`. */
  readonly system: string;
  /** Of /etc/os-release: `debian`. */
  readonly distribution: string;
  /** Effective capabilities, as in /proc/self/status. */
  readonly capabilities: bigint;
  /** Whether /dev/net/tun is there. */
  readonly hasTun: boolean;
  /** Whether the processor has virtualization and /dev/kvm lets this user in. */
  readonly hasKvm: boolean;
  /** Paths of what is there. */
  readonly found: Readonly<Partial<Record<Part, string>>>;
}

/** There is no virtual machine to be had here; the message says what to do. */
export class VmUnavailableError extends Error {
  /** The class, in logs. */
  override name = "VmUnavailableError";
}

const CAP_NET_BIND_SERVICE = 1n << 10n;
const CAP_NET_ADMIN = 1n << 12n;
const NEEDED = CAP_NET_BIND_SERVICE | CAP_NET_ADMIN;

function missingParts({ found, distribution }: Probe): string[] {
  const parts = (Object.keys(PARTS) as Part[]).filter((part) => found[part] === undefined).map((part) => PARTS[part]);
  if (parts.length === 0) return [];
  const packages = new Set(
    parts.map(({ debianPackage: name }) => distribution === "ubuntu" ? UBUNTU[name] ?? name : name),
  );
  const install = `apt-get install --no-install-recommends ${[...packages].join(" ")}`;
  return [
    `${parts.map(({ what }) => what).join(", ")} not found: ${install}`,
  ];
}

/** What is in the way, each with the way out; empty where a machine can start. */
export function obstacles(probe: Probe): string[] {
  if (probe.system !== "linux x86_64") return [`this is ${probe.system}, and only Linux on x86_64 will do`];
  const all = missingParts(probe);
  if ((probe.capabilities & NEEDED) !== NEEDED) {
    all.push(
      "no right to make network interfaces and to listen on ports 67 and 69: run the same command with sudo " +
        "(in a container, as root with --cap-add=NET_ADMIN --device=/dev/net/tun)",
    );
  } else if (!probe.hasTun) {
    all.push("there is no /dev/net/tun: modprobe tun (for a container, --device=/dev/net/tun)");
  }
  return all;
}

/** Paths of all parts, for a machine that can start. */
export type VmParts = Readonly<Record<Part, string>>;

/**
 * The parts, where nothing is in the way.
 * @throws {VmUnavailableError} with all that is
 */
export function requireParts(probe: Probe): VmParts {
  const all = obstacles(probe);
  if (all.length > 0) throw new VmUnavailableError(`Cannot start a virtual machine: ${all.join("; ")}`);
  return probe.found as VmParts;
}
