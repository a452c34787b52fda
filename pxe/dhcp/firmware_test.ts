import assert from "node:assert/strict";
import { type Firmware, firmwareOf } from "./firmware.ts";
import { OPTION, textData } from "./options.ts";

const arch = (...types: number[]) => Uint8Array.from(types.flatMap((type) => [type >> 8, type & 255]));
const { vendorClass, clientArchitecture, userClass, ipxe, clientUuid } = OPTION;

const CASES: readonly [string, Record<number, Uint8Array>, Firmware | undefined][] = [
  ["a client that sends none of them", {}, undefined],
  ["a system's client", { [vendorClass]: textData("udhcp 1.35.0") }, undefined],
  ["a UUID alone", { [clientUuid]: new Uint8Array(17) }, undefined],
  ["BIOS PXE", { [vendorClass]: textData("PXEClient:Arch:00000:UNDI:002001"), [clientArchitecture]: arch(0) }, {
    kind: "bios",
    architecture: "x86-bios",
  }],
  ["OVMF PXE", { [vendorClass]: textData("PXEClient:Arch:00007:UNDI:003000"), [clientArchitecture]: arch(7) }, {
    kind: "uefi",
    architecture: "x64-uefi",
  }],
  ["ARM64 PXE", { [vendorClass]: textData("PXEClient"), [clientArchitecture]: arch(11) }, {
    kind: "uefi",
    architecture: "arm64-uefi",
  }],
  ["IA32 PXE", { [clientArchitecture]: arch(6) }, { kind: "uefi", architecture: "ia32-uefi" }],
  ["ARM32 PXE", { [clientArchitecture]: arch(10) }, { kind: "uefi", architecture: "arm32-uefi" }],
  ["byte code, 9 in IANA's list and not x64 as in RFC 4578 (erratum 4624)", { [clientArchitecture]: arch(9) }, {
    kind: "uefi",
    architecture: "ebc-uefi",
  }],
  ["OVMF HTTP", { [vendorClass]: textData("HTTPClient:Arch:00016:UNDI:003000"), [clientArchitecture]: arch(16) }, {
    kind: "http",
    architecture: "x64-http",
  }],
  ["ARM64 HTTP", { [vendorClass]: textData("HTTPClient"), [clientArchitecture]: arch(19) }, {
    kind: "http",
    architecture: "arm64-http",
  }],
  ["IA32 HTTP, told by option 93 alone", { [clientArchitecture]: arch(15) }, {
    kind: "http",
    architecture: "ia32-http",
  }],
  ["HTTP without an architecture", { [vendorClass]: textData("HTTPClient") }, { kind: "http" }],
  ["PXE without option 93: the class says it", { [vendorClass]: textData("PXEClient:Arch:00007:UNDI:003000") }, {
    kind: "uefi",
    architecture: "x64-uefi",
  }],
  ["the first known of several (RFC 4578 section 2.1)", { [clientArchitecture]: arch(0xfffe, 7, 0) }, {
    kind: "uefi",
    architecture: "x64-uefi",
  }],
  ["a type that IANA does not know", { [clientArchitecture]: arch(0x1234) }, { kind: "bios" }],
  ["an option 93 of one byte", { [clientArchitecture]: Uint8Array.of(7) }, { kind: "bios" }],
  ["iPXE by option 175", { [clientArchitecture]: arch(7), [ipxe]: Uint8Array.of(1, 1, 1) }, {
    kind: "ipxe",
    architecture: "x64-uefi",
  }],
  ["iPXE by its user class", { [userClass]: textData("iPXE") }, { kind: "ipxe" }],
  [
    "iPXE by its user class as RFC 3004 writes it",
    { [userClass]: textData("\x04iPXE"), [clientArchitecture]: arch(0) },
    {
      kind: "ipxe",
      architecture: "x86-bios",
    },
  ],
  ["another user class", { [userClass]: textData("iPXE2"), [clientArchitecture]: arch(0) }, {
    kind: "bios",
    architecture: "x86-bios",
  }],
];
for (const [name, options, wanted] of CASES) {
  Deno.test(`firmwareOf() knows ${name}`, () => {
    const map = new Map(Object.entries(options).map(([code, data]) => [Number(code), data]));
    assert.deepEqual(firmwareOf(map), wanted);
  });
}
