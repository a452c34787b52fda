import { deepEqual, equal } from "node:assert/strict";
import type { BootStatus } from "./boot_status.ts";
import { advance, type Sight } from "./boot_sight.ts";

const START = Date.parse("2026-01-01T00:00:00Z");
const MINUTE = 60_000;

const ON: Sight = { kind: "power on" };
const DISCOVER: Sight = { kind: "dhcp", discover: true, architecture: "x64-uefi" };
const REQUEST: Sight = { ...DISCOVER, discover: false };
const INSTALLED: Sight = { kind: "installed" };
const ATTESTED: Sight = { kind: "attested" };
const tftp = (path: string): Sight => ({ kind: "file", path, over: "TFTP", image: "sha256:1" });
const http = (path: string): Sight => ({ kind: "file", path, over: "HTTP", image: "sha256:1" });
const cloudInit = (name: string, type: "start" | "finish", result = ""): Sight => ({
  kind: "cloud-init",
  event: { name, type, result, description: "why" },
});
const STARTED = cloudInit("init-local", "start");
const FINISHED = cloudInit("modules-final", "finish", "SUCCESS");

/** What is known after sights, a second apart or as many as a number before one says. */
function after(...sights: readonly (Sight | number)[]): BootStatus | undefined {
  let [boot, nowMs, lastMs]: [BootStatus | undefined, number, number | undefined] = [undefined, START, undefined];
  for (const sight of sights) {
    if (typeof sight === "number") {
      nowMs += sight;
      continue;
    }
    boot = advance(boot, sight, { nowMs, ...(lastMs === undefined ? {} : { lastMs }) });
    lastMs = nowMs;
    nowMs += 1000;
  }
  return boot;
}

/** `2: DHCP+0 FirstFile+1`: number, and each step with its second since the first. */
function short(boot: BootStatus | undefined): string {
  if (boot === undefined) return "none";
  const seconds = boot.steps.map(({ time }) => (Date.parse(time) - Date.parse(boot.steps[0]!.time)) / 1000);
  return `${boot.number}: ${boot.steps.map(({ name }, i) => `${name}+${seconds[i]}`).join(" ")}`;
}

const INSTALLING = [ON, DISCOVER, REQUEST, tftp("shimx64.efi"), tftp("grub/grub.cfg"), tftp("/boot/vmlinuz")] as const;
const RUNNING = [...INSTALLING, http("/boot/disk.img"), INSTALLED, STARTED, FINISHED] as const;

const CASES: readonly [name: string, sights: readonly (Sight | number)[], wanted: string][] = [
  [
    "an installation from power on to a token is one boot",
    [...RUNNING, ATTESTED],
    "1: PoweredOn+0 DHCP+1 FirstFile+3 Kernel+5 Installer+6 PXEDisabled+7 CloudInitStarted+8 CloudInitFinished+9 Attested+10",
  ],
  ["firmware that asks and nothing before it", [DISCOVER], "1: DHCP+0"],
  ["DHCP that is repeated says nothing new", [ON, DISCOVER, DISCOVER, REQUEST, DISCOVER], "1: PoweredOn+0 DHCP+1"],
  [
    "firmware that goes on asking for hours is one boot",
    [DISCOVER, ...Array(50).fill([10 * MINUTE, DISCOVER]).flat()],
    "1: DHCP+0",
  ],
  ["a power action that is repeated is one boot", [ON, 5 * MINUTE, ON, DISCOVER], "1: PoweredOn+0 DHCP+302"],
  ["a machine that never shows itself, switched on a day later", [ON, 1440 * MINUTE, ON], "2: PoweredOn+0"],
  ["switched on in the middle of a boot", [...INSTALLING, ON], "2: PoweredOn+0"],
  ["firmware that speaks after a kernel that did not install", [...INSTALLING, MINUTE, DISCOVER], "2: DHCP+0"],
  [
    "the first start after an installation belongs to its boot, firmware that asks first too",
    [
      ON,
      DISCOVER,
      tftp("shimx64.efi"),
      tftp("vmlinuz"),
      INSTALLED,
      10 * MINUTE,
      DISCOVER,
      tftp("shimx64.efi"),
      STARTED,
    ],
    "1: PoweredOn+0 DHCP+1 FirstFile+2 Kernel+3 PXEDisabled+4 CloudInitStarted+607",
  ],
  ["firmware that speaks after the system has started", [...RUNNING, MINUTE, DISCOVER], "2: DHCP+0"],
  ["firmware that speaks after a pause", [DISCOVER, tftp("a.efi"), 15 * MINUTE, DISCOVER], "2: DHCP+0"],
  ["not before it", [DISCOVER, tftp("a.efi"), 14 * MINUTE, DISCOVER], "1: DHCP+0 FirstFile+1"],
  ["a REQUEST begins nothing but the first boot", [...RUNNING, 60 * MINUTE, REQUEST], short(after(...RUNNING))],
  [
    "a system that starts from its disk again",
    [...RUNNING, 60 * MINUTE, STARTED, FINISHED],
    "2: CloudInitStarted+0 CloudInitFinished+1",
  ],
  ["stages and parts of stages begin nothing", [
    STARTED,
    cloudInit("init-network", "start"),
    cloudInit("modules-final/x", "start"),
  ], "1: CloudInitStarted+0"],
  [
    "a part of a stage after the end neither",
    [STARTED, FINISHED, cloudInit("modules-final/x", "start")],
    "1: CloudInitStarted+0 CloudInitFinished+1",
  ],
  [
    "a system on its disk that asks for files boots nothing from the network",
    [ON, http("cloud-init/user-data")],
    "1: PoweredOn+0",
  ],
  ["a file over HTTP and nothing before it", [http("cloud-init/user-data")], "none"],
  ["a kernel that firmware loads itself", [DISCOVER, http("/linux.efi")], "1: DHCP+0 FirstFile+1 Kernel+1"],
  [
    "data for the installer, before its kernel was seen here",
    [DISCOVER, tftp("a.efi"), http("/cloud-init/user-data")],
    "1: DHCP+0 FirstFile+1 Installer+2",
  ],
  ["what the installed system asks for is not the installer's", [
    ...INSTALLING,
    INSTALLED,
    http("/cloud-init/user-data"),
  ], "1: PoweredOn+0 DHCP+1 FirstFile+3 Kernel+5 PXEDisabled+6"],
  ["what loaders load after a kernel is not the installer's", [
    ...INSTALLING,
    tftp("/boot/initrd.img-6.8"),
    tftp("/grub/fonts/unicode.pf2"),
  ], "1: PoweredOn+0 DHCP+1 FirstFile+3 Kernel+5"],
];

for (const [name, sights, wanted] of CASES) {
  Deno.test(`advance(): ${name}`, () => equal(short(after(...sights)), wanted));
}

const KERNELS: readonly [path: string, isKernel: boolean][] = [
  ...["vmlinuz", "/boot/vmlinuz-6.8.0-31-generic", "casper/vmlinux", "arch/arm64/Image.gz", "bzImage", "linux.efi"],
  ...["debian-installer/amd64/linux", "kernel"],
].map((path): [string, boolean] => [path, true]);
const NO_KERNELS = [
  "shimx64.efi",
  "vmlinuz.sig",
  "linux.cfg",
  "initrd",
  "boot/disk.img",
  "kernels/list",
  "linux/",
  "imagemagick",
];

for (const [path, isKernel] of [...KERNELS, ...NO_KERNELS.map((path): [string, boolean] => [path, false])]) {
  Deno.test(`${path} is ${isKernel ? "a" : "no"} kernel`, () => {
    equal(after(DISCOVER, tftp(path))!.steps.some(({ name }) => name === "Kernel"), isKernel);
  });
}

const FIRMWARE: readonly [architecture: string | undefined, facts: object][] = [
  ["x64-uefi", { architecture: "x64", firmware: "UEFI" }],
  ["x64-http", { architecture: "x64", firmware: "UEFI" }],
  ["x86-bios", { architecture: "x86", firmware: "BIOS" }],
  ["x86-bios-http", { architecture: "x86", firmware: "BIOS" }],
  ["arm64-uboot-http", { architecture: "arm64", firmware: "uboot" }],
  ["pc98", { architecture: "pc98" }],
  [undefined, {}],
];

for (const [architecture, facts] of FIRMWARE) {
  Deno.test(`what booted: ${architecture}`, () => {
    const sight: Sight = { kind: "dhcp", discover: true, ...(architecture === undefined ? {} : { architecture }) };
    const { steps: _, number: __, ...rest } = after(sight)!;
    deepEqual(rest, facts);
  });
}

Deno.test("how it booted: by the protocol of its first file, and of which image", () => {
  for (const [first, method] of [[tftp("a.efi"), "PXE"], [http("/a.efi"), "HTTP"]] as const) {
    const boot: BootStatus = after(DISCOVER, first, http("/vmlinuz"))!;
    deepEqual([boot.method, boot.image], [method, "sha256:1"]);
  }
});

Deno.test("cloud-init that fails at its end: with its result; a stage before the end does not end it", () => {
  const failed = after(
    STARTED,
    cloudInit("init-network", "finish", "FAIL"),
    cloudInit("modules-final", "finish", "FAIL"),
  )!;
  deepEqual(failed.steps.map(({ name, message }) => [name, message]), [
    ["CloudInitStarted", "init-local"],
    ["CloudInitFinished", "FAIL: why"],
  ]);
});
