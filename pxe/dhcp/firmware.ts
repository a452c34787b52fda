/** What kind of firmware asks, by options 60, 77, 93, 97 and 175. */
import { OPTION, textOption } from "./options.ts";

/** How the client loads its boot file. */
export type FirmwareKind = "bios" | "uefi" | "http" | "ipxe";

/** A client that boots from the network. */
export interface Firmware {
  /** How it loads. */
  readonly kind: FirmwareKind;
  /** Key of an image's `bootFiles`, such as `x64-uefi`; absent when the client does not tell or IANA does not know it. */
  readonly architecture?: string;
}

/**
 * IANA's processor architecture types (registry "Dynamic Host Configuration Protocol for IPv6 (DHCPv6)",
 * RFC 5970 section 3.3; option 93 of RFC 4578 shares them). Names ending in `-http` load by HTTP.
 */
const ARCHITECTURES: Readonly<Record<number, string>> = {
  0x00: "x86-bios",
  0x01: "pc98",
  0x02: "itanium-uefi",
  0x03: "alpha",
  0x04: "arc-x86",
  0x05: "intel-lean-client",
  0x06: "ia32-uefi",
  0x07: "x64-uefi",
  0x08: "xscale-uefi",
  0x09: "ebc-uefi",
  0x0a: "arm32-uefi",
  0x0b: "arm64-uefi",
  0x0c: "powerpc-open-firmware",
  0x0d: "powerpc-epapr",
  0x0e: "power-opal",
  0x0f: "ia32-http",
  0x10: "x64-http",
  0x11: "ebc-http",
  0x12: "arm32-http",
  0x13: "arm64-http",
  0x14: "x86-bios-http",
  0x15: "arm32-uboot",
  0x16: "arm64-uboot",
  0x17: "arm32-uboot-http",
  0x18: "arm64-uboot-http",
  0x19: "riscv32-uefi",
  0x1a: "riscv32-http",
  0x1b: "riscv64-uefi",
  0x1c: "riscv64-http",
  0x1d: "riscv128-uefi",
  0x1e: "riscv128-http",
  0x1f: "s390-basic",
  0x20: "s390-extended",
  0x21: "mips32-uefi",
  0x22: "mips64-uefi",
  0x23: "sunway32-uefi",
  0x24: "sunway64-uefi",
  0x25: "loongarch32-uefi",
  0x26: "loongarch32-http",
  0x27: "loongarch64-uefi",
  0x28: "loongarch64-http",
  0x29: "arm-rpiboot",
};

/** Option 93 lists types, best first (RFC 4578 section 2.1); the class `PXEClient:Arch:00007:...` repeats the first. */
function architectureOf(types: Uint8Array | undefined, vendorClass: string): string | undefined {
  for (let at = 0; types !== undefined && at + 1 < types.length; at += 2) {
    const name = ARCHITECTURES[(types[at]! << 8) | types[at + 1]!];
    if (name !== undefined) return name;
  }
  const named = /^(?:PXE|HTTP)Client:Arch:(\d{5})/.exec(vendorClass)?.[1];
  return named === undefined ? undefined : ARCHITECTURES[Number(named)];
}

/** iPXE's user class comes as a bare text and as RFC 3004 writes it, with a length before each class. */
function isIpxe(options: ReadonlyMap<number, Uint8Array>): boolean {
  if (options.has(OPTION.ipxe)) return true;
  const userClass = textOption(options, OPTION.userClass);
  return userClass === "iPXE" || userClass === "\x04iPXE";
}

function kindOf(options: ReadonlyMap<number, Uint8Array>, vendorClass: string, architecture?: string): FirmwareKind {
  if (isIpxe(options)) return "ipxe";
  if (vendorClass.startsWith("HTTPClient") || architecture?.endsWith("-http")) return "http";
  return architecture?.endsWith("-uefi") ? "uefi" : "bios";
}

/** The firmware that sent these options; undefined for a client that does not boot from the network. */
export function firmwareOf(options: ReadonlyMap<number, Uint8Array>): Firmware | undefined {
  const vendorClass = textOption(options, OPTION.vendorClass) ?? "";
  const types = options.get(OPTION.clientArchitecture);
  const boots = types !== undefined || vendorClass.startsWith("PXEClient") || vendorClass.startsWith("HTTPClient");
  if (!boots && !isIpxe(options)) return undefined;
  const architecture = architectureOf(types, vendorClass);
  const kind = kindOf(options, vendorClass, architecture);
  return architecture === undefined ? { kind } : { kind, architecture };
}
