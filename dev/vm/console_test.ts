import assert from "node:assert/strict";
import fc from "fast-check";
import type { Stage } from "../rack/types.ts";
import { ConsoleReader, readLine } from "./console.ts";

/**
 * A serial console from power on to the second boot's firmware, most of Linux's own lines taken out: recorded from QEMU 7.2
 * with OVMF 2022.11, shim 16.1, GRUB 2.06, Linux 6.1.0-56-cloud-amd64 and images/vm/init (tests/rig/install_test.ts).
 */
const RECORDED = await Deno.readTextFile(new URL("testdata/console.txt", import.meta.url));

Deno.test("ConsoleReader follows a recorded boot from the network to the installed system", () => {
  const readings = new ConsoleReader("dhcp").read(RECORDED);
  const said = readings.map(({ stage, detail }) => `${stage}: ${detail}`);
  assert.deepEqual(said.slice(0, 7), [
    "dhcp: PXE over IPv4",
    "boot loader: shimx64.efi over TFTP",
    "boot loader: grubx64.efi",
    "kernel: GRUB",
    "kernel: Linux 6.1.0-56-cloud-amd64",
    "installing: disk image",
    "installing: disk image",
  ]);
  assert.deepEqual(readings[5]!.progress, { bytes: 0, total: 23068672 });
  assert.deepEqual(readings[6]!.progress, { bytes: 11083144, total: 23068672 });
  const written = said.indexOf("installing: written");
  assert.match(readings[written]!.disk!, /^[0-9a-f]{64}$/);
  assert.deepEqual(said.slice(written + 1), [
    "installing: posted http://10.77.1.1:8880/pxe/disable",
    "disk boot: EFI/BOOT/BOOTX64.EFI",
    "disk boot: GRUB",
    "disk boot: Linux 6.1.0-56-cloud-amd64",
    "cloud-init: http://10.77.1.1:8880/cloud-init/",
    "cloud-init: init-local",
    "cloud-init: init-network",
    "cloud-init: modules-config",
    "cloud-init: modules-final",
    "running: vm-01",
    "dhcp: PXE over IPv4",
  ]);
});

Deno.test("ConsoleReader says the same in whatever pieces the console comes", () => {
  const whole = new ConsoleReader("dhcp").read(RECORDED);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 }), (sizes) => {
      const reader = new ConsoleReader("dhcp");
      const found = [];
      for (let at = 0, i = 0; at < RECORDED.length; i++) {
        const size = sizes[i % sizes.length]!;
        found.push(...reader.read(RECORDED.slice(at, at + size)));
        at += size;
      }
      assert.deepEqual(found, whole);
    }),
    { numRuns: 20 },
  );
});

const CASES: readonly (readonly [line: string, stage: Stage | undefined, detail: string])[] = [
  ["  PXE-E16: No valid offer received.", undefined, "PXE-E16: No valid offer received."],
  ["  PXE-E23: Client received TFTP error from server.", undefined, "PXE-E23: Client received TFTP error from server."],
  [">>Start HTTP Boot over IPv4.", "dhcp", "HTTP boot over IPv4"],
  ["  URI: http://10.77.0.1:8880/shimx64.efi", "boot loader", "http://10.77.0.1:8880/shimx64.efi"],
  ["error: file `/boot/vmlinuz' not found.", undefined, "GRUB: file `/boot/vmlinuz' not found."],
  ["BdsDxe: No bootable option or device was found.", "failed", "the firmware found nothing to boot"],
  [
    'BdsDxe: starting Boot0002 "EFI Internal Shell" from Fv(7CB8BDC9-F8EB-4F34-AAEA-3EE4AF6516A1)',
    "failed",
    "the firmware found nothing to boot",
  ],
  [
    "[    1.0] Kernel panic - not syncing: VFS: Unable to mount root fs",
    "failed",
    "kernel panic: VFS: Unable to mount root fs",
  ],
  ["metalman: failed there is no disk", "failed", "there is no disk"],
];
for (const [line, stage, detail] of CASES) {
  Deno.test(`readLine() ${line.trim().slice(0, 40)}`, () =>
    assert.deepEqual({ stage, detail }, { stage: undefined, ...readLine(line) }));
}

Deno.test("readLine() says nothing of other lines", () => {
  for (const line of ["", "BdsDxe: loading Boot0001", "metalman: kernel 6.1", "[ 0.1] NET: Registered"]) {
    assert.equal(readLine(line), undefined, line);
  }
});
