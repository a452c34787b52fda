import assert from "node:assert/strict";
import type { BootImage } from "../image.ts";
import { bootFileFor } from "./boot_file.ts";
import type { Firmware } from "./firmware.ts";
import { IMAGE, NO_IMAGE } from "./testdata/client.ts";

const uefi: Firmware = { kind: "uefi", architecture: "x64-uefi" };
const http: Firmware = { kind: "http", architecture: "x64-http" };
const bare: BootImage = { ...IMAGE, bootFiles: {} };

const FILES: readonly [string, Firmware | undefined, BootImage, string][] = [
  ["dhcpBootImageName to a client that is no firmware", undefined, IMAGE, "shimx64.efi"],
  ["dhcpBootImageName where bootFiles does not name the architecture", uefi, IMAGE, "shimx64.efi"],
  ["the architecture's file", { kind: "uefi", architecture: "arm64-uefi" }, IMAGE, "shimaa64.efi"],
  ["iPXE's file to iPXE", { kind: "ipxe", architecture: "arm64-uefi" }, IMAGE, "boot.ipxe"],
  ["the architecture's file to iPXE where there is none for it", { kind: "ipxe", architecture: "arm64-uefi" }, {
    ...IMAGE,
    bootFiles: { "arm64-uefi": "a.efi" },
  }, "a.efi"],
  ["a URL to UEFI HTTP boot, each part of the path encoded", http, IMAGE, "http://192.0.2.1:8880/efi/boot%20x64.efi"],
  ["a URL of the default", http, bare, "http://192.0.2.1:8880/shimx64.efi"],
  [
    "one slash where names start with some",
    http,
    { ...bare, dhcpBootImageName: "//a//b.efi" },
    "http://192.0.2.1:8880/a/b.efi",
  ],
  ["the default where bootFiles holds an empty name", uefi, { ...IMAGE, bootFiles: { "x64-uefi": "" } }, "shimx64.efi"],
];
for (const [name, firmware, image, wanted] of FILES) {
  Deno.test(`bootFileFor() offers ${name} (contract section 5)`, () => {
    assert.deepEqual(bootFileFor(firmware, image, "http://192.0.2.1:8880/"), { kind: "file", name: wanted });
  });
}

Deno.test("bootFileFor() says why there is no boot file", () => {
  assert.deepEqual(bootFileFor(uefi, NO_IMAGE, ""), { kind: "none", reason: "still pulling" });
  const choice = bootFileFor(uefi, { ...bare, dhcpBootImageName: "" }, "");
  assert.deepEqual(choice, { kind: "none", reason: "image sha256:1 names no boot file for this client" });
});
