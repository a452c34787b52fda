/** The flags of `metalman dev`: declared, checked once, then never changed. */
import { duration, type Flag, type FlagValues, oneOf, parseFlag } from "../flags.ts";
import { UsageError } from "../usage.ts";

/** Most machines that may be asked for: each has a loopback address and a lease of its own. */
export const MOST_MACHINES = 10_000;

/** Each takes a processor and memory of this system. */
const MOST_VIRTUAL = 8;

/** Checked settings of one `metalman dev`. */
export interface DevSettings {
  readonly machines: number;
  /** What the firmware of the machines speaks. */
  readonly firmware: "pxe" | "http";
  /** End as soon as every machine has installed. */
  readonly once: boolean;
  /** How long `once` waits. */
  readonly timeoutMs: number;
  /** Folder that keeps everything; undefined: a temporary one, removed at the end. */
  readonly state?: string;
  /** Boot real UEFI machines in QEMU; with a folder, boot files are looked for there first. */
  readonly vm: false | { readonly files?: string };
}

/** All flags of dev, in the order of its help. */
export const DEV_FLAGS: readonly Flag[] = [
  { name: "machines", takes: "count", fallback: "1", help: "how many emulated servers to boot" },
  { name: "firmware", takes: "kind", fallback: "pxe", help: "how they boot: pxe or http" },
  { name: "once", help: "exit 0 when every machine has installed, 1 when one has not within --timeout" },
  { name: "timeout", takes: "duration", fallback: "5m", help: "how long --once waits" },
  { name: "state", takes: "folder", help: "keep cluster, images and logs there (default: nothing is kept)" },
  { name: "vm", help: "boot real UEFI machines in QEMU instead (root: they need a network interface)" },
  {
    name: "vm-files",
    takes: "folder",
    help: "unpacked packages with shim, GRUB, kernel and busybox for --vm, looked at before those installed",
  },
];

function count(value: string): number {
  if (!/^\d{1,5}$/.test(value) || Number(value) > MOST_MACHINES) {
    throw new TypeError(`want a number from 0 to ${MOST_MACHINES}`);
  }
  return Number(value);
}

/**
 * Checks the values of all flags.
 * @throws {UsageError} that names the flag, what it was given and what it wants
 */
export function devSettings(values: FlagValues): DevSettings {
  const text = (name: string): string => {
    const value = values[name] ?? DEV_FLAGS.find((flag) => flag.name === name)?.fallback;
    return typeof value === "string" ? value : "";
  };
  const vm = values.vm === true;
  const [state, files] = [text("state"), text("vm-files")];
  const machines = parseFlag("machines", text("machines"), count);
  if (files !== "" && !vm) throw new UsageError("--vm-files is for --vm");
  const firmware = parseFlag("firmware", text("firmware"), oneOf("pxe", "http"));
  if (vm && firmware === "http") {
    throw new UsageError("--vm boots by PXE: the signed GRUB of Debian cannot load over HTTP");
  }
  if (vm && machines > MOST_VIRTUAL) throw new UsageError(`--vm boots up to ${MOST_VIRTUAL} machines`);
  if (values.once === true && machines === 0) {
    throw new UsageError("--once waits for machines: --machines must be above 0");
  }
  return {
    machines,
    firmware,
    once: values.once === true,
    timeoutMs: parseFlag("timeout", text("timeout"), duration),
    ...(state === "" ? {} : { state }),
    vm: vm && { ...(files === "" ? {} : { files }) },
  };
}
