import { deepEqual } from "node:assert/strict";
import type { BootStatus, BootStep } from "../machine/boot_status.ts";
import { BOOT_STEPS } from "../machine/boot_timeline.ts";
import { bootEvent } from "./boot_events.ts";

const BOOT: BootStatus = { number: 1, firmware: "UEFI", architecture: "x64", image: "sha256:1", steps: [] };
const step = (name: string, message?: string): BootStep => ({
  ...{ name, time: "2026-01-01T00:00:00.000Z" },
  ...(message === undefined ? {} : { message }),
});

const CASES: readonly [step: BootStep, boot: BootStatus, said: string | undefined][] = [
  [step("PoweredOn"), BOOT, "PoweredOn: its BMC is told to switch it on"],
  [step("DHCP"), BOOT, "DhcpAnswered: firmware x64 UEFI asked for an address and has its lease"],
  [step("DHCP"), { number: 1, steps: [] }, "DhcpAnswered: firmware asked for an address and has its lease"],
  [step("FirstFile", '"a.efi" over TFTP'), BOOT, 'FirstFileServed: "a.efi" over TFTP, of image sha256:1'],
  [step("FirstFile", '"a.efi" over TFTP'), { number: 1, steps: [] }, 'FirstFileServed: "a.efi" over TFTP'],
  [step("Kernel", '"vmlinuz" over HTTP'), BOOT, 'KernelServed: "vmlinuz" over HTTP'],
  [step("Installer", '"ks.cfg" over HTTP'), BOOT, 'InstallerStarted: the installer asked for "ks.cfg" over HTTP'],
  [step("PXEDisabled"), BOOT, undefined],
  [step("CloudInitStarted", "init-local"), BOOT, "CloudInitStarted: cloud-init has started"],
  [step("CloudInitFinished", "SUCCESS"), BOOT, "CloudInitFinished: cloud-init has finished"],
  [step("CloudInitFinished", "FAIL: why"), BOOT, undefined],
  [step("Attested"), BOOT, undefined],
];

for (const [of, boot, said] of CASES) {
  Deno.test(`bootEvent(): ${of.name} says ${said ?? "nothing: its report does"}`, () => {
    const event = bootEvent(of, boot);
    deepEqual(event && `${event.reason}: ${event.message}`, said);
  });
}

Deno.test("bootEvent() knows every step", () => {
  deepEqual([...new Set(CASES.map(([{ name }]) => name))], [...BOOT_STEPS]);
});
