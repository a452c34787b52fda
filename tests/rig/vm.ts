/** Virtual machines of tests, with the firmware of Debian's package ovmf. */
import { type Hardware } from "../../dev/vm/qemu_arguments.ts";
import { VirtualMachine } from "../../dev/vm/vm_host.ts";
import { which } from "../peers/peer.ts";
import { enter, type RigNetwork } from "./network.ts";

/** What a test that boots a machine needs installed. */
export const VM_PROGRAMS: readonly string[] = ["qemu-system-x86_64", "setpriv", "ip"];

/**
 * The firmware's Secure Boot: `off`; `microsoft`: enforced, with the keys that real machines have;
 * `snakeoil`: enforced, and Debian's test key counts too.
 */
export type SecureBoot = "off" | "microsoft" | "snakeoil";

const OVMF = "/usr/share/OVMF";
const VARIABLES: Readonly<Record<SecureBoot, string>> = {
  off: `${OVMF}/OVMF_VARS_4M.fd`,
  microsoft: `${OVMF}/OVMF_VARS_4M.ms.fd`,
  snakeoil: `${OVMF}/OVMF_VARS_4M.snakeoil.fd`,
};

/** How a machine is made. */
export interface RigMachineOptions extends Pick<Hardware, "bootFrom"> {
  /** The wire that it is on. */
  readonly network: RigNetwork;
  /** Its MAC address. */
  readonly mac: string;
  /** A folder for its files. */
  readonly folder: string;
  /** Whether the firmware checks signatures. @default "off" */
  readonly secureBoot?: SecureBoot;
  /** Whether it has a TPM, of swtpm. @default false */
  readonly hasTpm?: boolean;
}

/** A machine on the rig's wire, switched off. */
export function rigMachine(
  { network, secureBoot = "off", hasTpm = false, ...options }: RigMachineOptions,
): VirtualMachine {
  const isSecure = secureBoot !== "off";
  return new VirtualMachine({
    ...options,
    uuid: "6d6d0001-0000-4000-8000-525400aabb01",
    tap: network.tap,
    enter: enter(network.netns),
    qemu: which("qemu-system-x86_64")!,
    setpriv: which("setpriv")!,
    ...(hasTpm ? { swtpm: which("swtpm")! } : {}),
    firmware: {
      code: `${OVMF}/OVMF_CODE_4M${isSecure ? ".secboot" : ""}.fd`,
      variables: VARIABLES[secureBoot],
      isSecure,
    },
  });
}
