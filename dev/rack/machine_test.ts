import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createHash } from "node:crypto";
import { macOf, sampleFiles } from "./testdata/sample_image.ts";
import { type Files, MemorySite, SERVER } from "./testdata/memory_site.ts";

/** The sample image as the servers would send it. */
function image(): Files {
  const entries = Object.entries(sampleFiles(() => `http://${SERVER}`));
  return Object.fromEntries(entries.map(([path, file]) => [path, typeof file === "function" ? file() : file]));
}

const WITH_USER_DATA = (): Files => ({ ...image(), "cloud-init/user-data": "#cloud-config\n" });
const LIFE = ["dhcp", "boot loader", "kernel", "installing", "disk boot", "cloud-init", "running"];
const SHA = createHash("sha256").update(image()["disk.img"] as Uint8Array).digest("hex");
const CLOUD_INIT = ["init-local", "init-network", "modules-config", "modules-final"]
  .flatMap((name) => ["POST /cloudinit/log", `${name} start`, "POST /cloudinit/log", `${name} finish`]);
const AFTER_GRUB = [
  "GET /disk.img",
  "POST /pxe/disable",
  "GET /cloud-init/meta-data",
  "GET /cloud-init/user-data",
  "GET /cloud-init/vendor-data",
  ...CLOUD_INIT,
  "POST /attest",
];

async function endOf(site: MemorySite, machine: { readonly stage: string }): Promise<void> {
  await site.clock.until(() => machine.stage === "running" || machine.stage === "failed");
}

Deno.test("PXE boot: every request in the order in which OVMF, shim, GRUB and the installer send it (facts: TFTP requests)", async () => {
  const site = new MemorySite(WITH_USER_DATA());
  const machine = site.machine(1);
  machine.powerOn();
  await endOf(site, machine);
  deepEqual(site.asked, [
    "tftp shimx64.efi",
    "tftp shimx64.efi",
    "tftp revocations_sku.efi",
    "tftp revocations_sbat.efi",
    "tftp shim_certificate_0.efi",
    "tftp grubx64.efi",
    "tftp /grub/x86_64-efi/command.lst",
    "tftp /grub/x86_64-efi/fs.lst",
    "tftp /grub/x86_64-efi/crypto.lst",
    "tftp /grub/x86_64-efi/terminal.lst",
    "tftp /grub/grub.cfg",
    "tftp /vmlinuz",
    "tftp /initrd.gz",
    ...AFTER_GRUB,
  ]);
  deepEqual(site.stagesOf(), LIFE);
  equal(machine.disk, SHA);
  await machine.powerOff();
  ok(site.quiet);
});

Deno.test("HTTP boot: HEAD, GET, shim's two slashes, GRUB on HTTP (facts: UEFI HTTP boot)", async () => {
  const site = new MemorySite(WITH_USER_DATA());
  const machine = site.machine(1, { firmware: "http" });
  machine.powerOn();
  await endOf(site, machine);
  deepEqual(site.asked, [
    "HEAD /shimx64.efi",
    "GET /shimx64.efi",
    "GET /revocations_sku.efi",
    "GET /revocations_sbat.efi",
    "GET /shim_certificate_0.efi",
    "GET //grubx64.efi",
    "GET /grub/x86_64-efi/command.lst",
    "GET /grub/x86_64-efi/fs.lst",
    "GET /grub/x86_64-efi/crypto.lst",
    "GET /grub/x86_64-efi/terminal.lst",
    "GET /grub/grub.cfg",
    "GET /vmlinuz",
    "GET /initrd.gz",
    ...AFTER_GRUB,
  ]);
  deepEqual(site.stagesOf(), LIFE);
  await machine.powerOff();
});

Deno.test("a life is the same at each run with the same chance, faults included", async () => {
  const lives = [];
  for (let run = 0; run < 2; run++) {
    const site = new MemorySite(WITH_USER_DATA(), { seed: 7 });
    const machine = site.machine(1, { faults: { lostPercent: 20, linkBytesPerSecond: 100_000 } });
    machine.powerOn();
    await endOf(site, machine);
    equal(machine.stage, "running");
    lives.push(site.events);
    await machine.powerOff();
  }
  deepEqual(lives[0], lives[1]);
});

for (const firmware of ["pxe", "http"] as const) {
  Deno.test(`${firmware}: 20 % of the packets lost, and it installs all the same`, async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const site = new MemorySite(WITH_USER_DATA(), { seed });
      const machine = site.machine(1, { firmware, faults: { lostPercent: 20 } });
      machine.powerOn();
      await endOf(site, machine);
      deepEqual([seed, machine.stage, machine.disk], [seed, "running", SHA]);
      await machine.powerOff();
    }
  });
}

Deno.test("a slow link takes as long as its bytes need, whichever protocol carries them", async () => {
  for (const [firmware, linkBytesPerSecond] of [["pxe", 20_000], ["http", 20_000]] as const) {
    const site = new MemorySite(WITH_USER_DATA());
    const machine = site.machine(1, { firmware, faults: { linkBytesPerSecond } });
    const startMs = site.clock.now();
    machine.powerOn();
    await endOf(site, machine);
    const seconds = (site.clock.now() - startMs) / 1000;
    equal(machine.stage, "running");
    ok(seconds > 300_000 / 20_000 && seconds < 60, `${firmware}: ${seconds} s`);
    await machine.powerOff();
  }
});

Deno.test("a DHCP server that comes up late: the firmware goes on asking, round after round", async () => {
  const site = new MemorySite(WITH_USER_DATA());
  site.dhcp = false;
  const machine = site.machine(1);
  machine.powerOn();
  await site.clock.pass(300_000);
  equal(machine.stage, "dhcp");
  match(site.events.map(({ detail }) => detail).join("\n"), /PXE-E16.*nobody answered.*02:00:00:00:00:01/);
  site.dhcp = true;
  await endOf(site, machine);
  equal(machine.stage, "running");
  await machine.powerOff();
});

Deno.test("a MAC address that no Machine has is never answered (contract section 5)", async () => {
  const site = new MemorySite(WITH_USER_DATA());
  const machine = site.machine(1, { mac: "02:00:00:00:0f:0f" });
  machine.powerOn();
  await site.clock.pass(600_000);
  deepEqual([machine.stage, site.asked], ["dhcp", []]);
  await machine.powerOff();
});

const BROKEN: readonly [name: string, files: () => Files, stage: string, detail: RegExp, firmware?: "http"][] = [
  [
    "a missing boot file sends the firmware on",
    () => without("shimx64.efi"),
    "dhcp",
    /shimx64\.efi over TFTP: TFTP error 1/,
  ],
  [
    "a missing GRUB sends the firmware on",
    () => without("grubx64.efi"),
    "dhcp",
    /grubx64\.efi over TFTP: TFTP error 1/,
  ],
  [
    "a missing grub.cfg is GRUB's prompt",
    () => without("grub/grub.cfg"),
    "failed",
    /prompt: \/grub\/grub\.cfg.*error 1/,
  ],
  [
    "a missing kernel",
    () => without("vmlinuz"),
    "failed",
    /\/vmlinuz over TFTP: TFTP error 1, the image has no such file.*grub\.cfg\.tmpl/,
  ],
  ["a missing initrd", () => without("initrd.gz"), "failed", /\/initrd\.gz over TFTP/],
  [
    "a template that fails, over TFTP (contract 11.14)",
    () => failing("grub/grub.cfg"),
    "failed",
    /TFTP error 0, line 3: no field Foo/,
  ],
  [
    "a template that fails, over HTTP (contract 11.14)",
    () => failing("grub/grub.cfg"),
    "failed",
    /HTTP 500, template failed: line 3: no field Foo/,
    "http",
  ],
  ["a disk image that is not there", () => without("disk.img"), "failed", /gives up: GET .*disk\.img: HTTP 404/],
  [
    "a command line that orders nothing",
    () => with_("grub/grub.cfg", "linux /vmlinuz quiet\nboot\n"),
    "failed",
    /metalman\.image=URL is missing/,
  ],
  ["user-data that fails", () => failing("cloud-init/user-data"), "failed", /user-data: HTTP 500, template failed/],
];
function with_(path: string, file: Files[string]): Files {
  return { ...WITH_USER_DATA(), [path]: file };
}
function without(path: string): Files {
  const { [path]: _, ...rest } = WITH_USER_DATA();
  return rest;
}
function failing(path: string): Files {
  return with_(path, { kind: "failed", reason: "line 3: no field Foo" });
}
for (const [name, files, stage, detail, firmware = "pxe"] of BROKEN) {
  Deno.test(`what goes wrong is said with what to look at: ${name}`, async () => {
    const site = new MemorySite(files());
    const machine = site.machine(1, { firmware });
    machine.powerOn();
    await site.clock.until(() => machine.stage === "failed" || site.events.some((e) => detail.test(e.detail)));
    equal(machine.stage, stage);
    match(site.events.at(-1)!.detail, detail);
    await machine.powerOff();
    ok(site.quiet);
  });
}

Deno.test("an image that is not local yet: the firmware comes back until it is", async () => {
  const files = WITH_USER_DATA();
  const shim = files["shimx64.efi"]!;
  files["shimx64.efi"] = { kind: "notYet", reason: "pulling" };
  const site = new MemorySite(files);
  const machine = site.machine(1);
  machine.powerOn();
  await site.clock.until(() => site.events.some(({ detail }) => detail.includes("TFTP error 0, pulling")));
  files["shimx64.efi"] = shim;
  await endOf(site, machine);
  equal(machine.stage, "running");
  await machine.powerOff();
});

Deno.test("a disk image that is late (503) or breaks off is loaded whole, by parts (RFC 9110 section 14)", async () => {
  const files = WITH_USER_DATA();
  const disk = files["disk.img"]!;
  files["disk.img"] = { kind: "notYet", reason: "pulling" };
  const site = new MemorySite(files);
  const machine = site.machine(1);
  machine.powerOn();
  await site.clock.until(() => site.asked.filter((line) => line === "GET /disk.img").length === 2);
  files["disk.img"] = disk;
  site.breaks.push(100_500, 1000, 150_000);
  await endOf(site, machine);
  deepEqual([machine.stage, machine.disk], ["running", SHA]);
  await machine.powerOff();
});

Deno.test("a disk image that changed while its connection was broken is loaded from its beginning (RFC 9110 section 13.1.5)", async () => {
  const files = WITH_USER_DATA();
  const old = files["disk.img"] as Uint8Array;
  const site = new MemorySite(files);
  const machine = site.machine(1);
  machine.powerOn();
  await site.clock.until(() => site.asked.includes("tftp /initrd.gz"));
  site.breaks.push(100_500);
  await site.clock.until(() => site.breaks.length === 0);
  files["disk.img"] = { kind: "bytes", body: old.slice(7), etag: '"2"' };
  await endOf(site, machine);
  equal(machine.disk, createHash("sha256").update(old.subarray(7)).digest("hex"));
  await machine.powerOff();
});

Deno.test("a server that says nothing any more, over HTTP or TFTP, is given up with a word", async () => {
  const site = new MemorySite(WITH_USER_DATA());
  site.stalls = (path) => path === "/disk.img";
  const machine = site.machine(1);
  machine.powerOn();
  await endOf(site, machine);
  match(site.events.at(-1)!.detail, /gives up: GET .*disk\.img: nothing came for 30 s/);
  site.stalls = (path) => path === "/vmlinuz";
  await machine.reset();
  await endOf(site, machine);
  match(site.events.at(-1)!.detail, /\/vmlinuz over TFTP: no answer from 192\.0\.2\.1:69/);
  await machine.powerOff();
  ok(site.quiet);
});

Deno.test("cloud-init asks again when the server is away for a moment", async () => {
  const files = WITH_USER_DATA();
  const data = files["cloud-init/user-data"]!;
  files["cloud-init/user-data"] = { kind: "notYet", reason: "ConfigMaps are not read yet" };
  const site = new MemorySite(files);
  const machine = site.machine(1);
  machine.powerOn();
  await site.clock.until(() => site.asked.filter((line) => line.endsWith("/user-data")).length === 3);
  files["cloud-init/user-data"] = data;
  await endOf(site, machine);
  equal(machine.stage, "running");
  await machine.powerOff();
});

Deno.test("an installation that fails once works after a reset", async () => {
  const site = new MemorySite(WITH_USER_DATA());
  const machine = site.machine(1, { faults: { failInstall: { at: 0.5, times: 1 } } });
  machine.powerOn();
  await endOf(site, machine);
  deepEqual([machine.stage, machine.isOn, machine.disk], ["failed", true, undefined]);
  match(site.events.at(-1)!.detail, /failed at 15\d+ of 300000 bytes.*reset/);
  ok(!site.asked.includes("POST /pxe/disable"));
  await machine.reset();
  await site.clock.until(() => machine.stage === "running");
  equal(machine.disk, SHA);
  machine.bootOnce = "network";
  await machine.reset();
  await site.clock.until(() => machine.stage === "installing");
  equal(machine.disk, undefined);
  await machine.powerOff();
});

Deno.test("two machines at once install each for itself", async () => {
  const site = new MemorySite(WITH_USER_DATA(), { machines: 2 });
  const machines = [site.machine(1), site.machine(2, { firmware: "http" })];
  for (const machine of machines) machine.powerOn();
  await site.clock.until(() => machines.every((machine) => machine.stage === "running"));
  deepEqual([site.stagesOf(macOf(1)), site.stagesOf(macOf(2))], [LIFE, LIFE]);
  for (const machine of machines) await machine.powerOff();
});

Deno.test("boot devices: the order, once, and what is passed over", async () => {
  const site = new MemorySite(WITH_USER_DATA());
  const machine = site.machine(1);
  machine.powerOn();
  await endOf(site, machine);
  await machine.reset();
  await site.clock.until(() => machine.stage === "running");
  deepEqual(site.stagesOf().slice(LIFE.length), ["off", "disk boot", "cloud-init", "running"]);
  site.asked.length = 0;
  machine.bootOnce = "network";
  await machine.reset();
  await site.clock.until(() => machine.stage === "running");
  equal(site.asked.filter((line) => line === "GET /disk.img").length, 1);
  equal(machine.bootOnce, undefined);
  deepEqual(site.asked.filter((line) => line.endsWith("/shimx64.efi")), []);
  machine.bootOnce = "http";
  await machine.reset();
  await site.clock.until(() => machine.stage === "running");
  ok(site.asked.includes("GET /shimx64.efi"), site.asked.join("\n"));
  await machine.powerOff();
});

Deno.test("GRUB's exit goes on with the disk, reboot starts over, halt switches the machine off", async () => {
  const files = WITH_USER_DATA();
  const config = files["grub/grub.cfg"]!;
  const site = new MemorySite(files);
  const machine = site.machine(1);
  machine.powerOn();
  await endOf(site, machine);
  machine.bootOrder = ["network", "disk"];
  files["grub/grub.cfg"] = "exit\n";
  await machine.reset();
  await site.clock.until(() => machine.stage === "running");
  files["grub/grub.cfg"] = "reboot\n";
  await machine.reset();
  await site.clock.until(() => site.asked.filter((line) => line === "tftp /grub/grub.cfg").length === 4);
  files["grub/grub.cfg"] = "halt\n";
  await site.clock.until(() => machine.stage === "off");
  equal(machine.isOn, false);
  files["grub/grub.cfg"] = config;
  machine.powerOn();
  machine.bootOrder = ["disk", "network"];
  await endOf(site, machine);
  equal(machine.stage, "running");
  await machine.powerOff();
});

Deno.test("a boot file in a folder: shim looks for GRUB beside it, GRUB for its configuration at the root (facts)", async () => {
  const { "shimx64.efi": shim, "grubx64.efi": grub, ...files } = WITH_USER_DATA();
  for (const firmware of ["pxe", "http"] as const) {
    const site = new MemorySite({ ...files, "efi/x64/shimx64.efi": shim!, "efi/x64/grubx64.efi": grub! });
    site.bootFile = "efi/x64/shimx64.efi";
    const machine = site.machine(1, { firmware });
    machine.powerOn();
    await endOf(site, machine);
    equal(machine.stage, "running");
    await machine.powerOff();
  }
});

Deno.test("an answer without siaddr: the firmware loads shim, and shim cannot load GRUB (facts: what a reply must contain)", async () => {
  const site = new MemorySite(WITH_USER_DATA());
  site.alterReply = (bytes) => bytes.fill(0, 20, 24);
  const machine = site.machine(1);
  machine.powerOn();
  await site.clock.until(() => site.events.some(({ detail }) => /shim:.*siaddr/.test(detail)));
  deepEqual(site.asked, ["tftp shimx64.efi", "tftp shimx64.efi"]);
  await machine.powerOff();
});

Deno.test("what is optional may be missing, not silent: shim's first file is given up with the whole boot", async () => {
  const site = new MemorySite(WITH_USER_DATA());
  site.stalls = (path) => path === "revocations_sku.efi";
  const machine = site.machine(1);
  machine.powerOn();
  await site.clock.until(() =>
    site.events.some(({ detail }) => /revocations_sku\.efi over TFTP: no answer/.test(detail))
  );
  equal(site.asked.includes("tftp grubx64.efi"), false);
  await machine.powerOff();
});

Deno.test("the installer reports again while the server is not ready, and gives up where nobody knows the machine", async () => {
  const config = (done: string) =>
    `linux /vmlinuz metalman.image=http://${SERVER}/disk.img metalman.done=http://${SERVER}${done}\nboot\n`;
  const files = with_("grub/grub.cfg", config("/pxe/disable"));
  const site = new MemorySite(files);
  let disables = 0;
  site.disable = () => ++disables < 3 ? "notYet" : "taken";
  const machine = site.machine(1);
  machine.powerOn();
  await endOf(site, machine);
  deepEqual([machine.stage, disables], ["running", 3]);
  ok(site.events.some(({ detail }) => detail.includes("no data source")));
  site.disable = () => "unknown";
  machine.bootOnce = "network";
  await machine.reset();
  await endOf(site, machine);
  deepEqual([machine.stage, machine.disk], ["failed", undefined]);
  equal(site.asked.filter((line) => line === "POST /pxe/disable").length, 4);
  match(site.events.at(-1)!.detail, /pxe\/disable: HTTP 404, no Machine has a lease/);
  await machine.powerOff();
});

Deno.test("cloud-init: user-data's reporting comes before vendor-data's; vendor-data and reporting may be missing", async () => {
  const hook = (path: string) =>
    `#cloud-config\nreporting:\n  a:\n    type: webhook\n    endpoint: http://${SERVER}${path}\n`;
  const { "cloud-init/vendor-data": _, ...files } = WITH_USER_DATA();
  for (
    const [data, wanted] of [
      [{ "cloud-init/vendor-data": hook("/vendor"), "cloud-init/user-data": hook("/user") }, "POST /user"],
      [{ "cloud-init/vendor-data": hook("/vendor") }, "POST /vendor"],
      [{ "cloud-init/vendor-data": hook("/vendor"), "cloud-init/user-data": "#!/bin/sh\n" }, "POST /vendor"],
      [{}, undefined],
    ] as const
  ) {
    const site = new MemorySite({ ...files, ...data });
    const machine = site.machine(1);
    machine.powerOn();
    await endOf(site, machine);
    equal(machine.stage, "running");
    equal(site.asked.find((line) => /^POST \/(user|vendor)/.test(line)), wanted);
    await machine.powerOff();
  }
});

Deno.test("progress is told at most ten times a second, stages and files always", async () => {
  const site = new MemorySite(WITH_USER_DATA());
  const machine = site.machine(1, { faults: { linkBytesPerSecond: 10_000 } });
  machine.powerOn();
  await endOf(site, machine);
  const times = site.events.filter(({ progress }) => progress !== undefined).map(({ atMs }) => atMs);
  ok(times.length > 100);
  ok(times.every((at, i) => i === 0 || at - times[i - 1]! >= 100));
  await machine.powerOff();
});

Deno.test("power off at any moment stops everything at once, and power on boots again", async () => {
  const life = 30_000;
  for (let ms = 0; ms < life; ms += 371) {
    const site = new MemorySite(WITH_USER_DATA(), { seed: ms + 1 });
    const machine = site.machine(1, {
      firmware: ms % 2 === 0 ? "pxe" : "http",
      faults: { linkBytesPerSecond: 40_000, lostPercent: ms % 3 === 0 ? 10 : 0 },
    });
    machine.powerOn();
    await site.clock.pass(ms);
    await machine.powerOff();
    deepEqual([ms, machine.stage, machine.isOn], [ms, "off", false]);
    const events = site.events.length;
    await site.clock.pass(120_000);
    equal(site.events.length, events);
    equal(site.clock.sleeping, 0);
    ok(site.quiet);
  }
});

Deno.test("power on twice, off twice and a reset of a machine that is off do what their names say", async () => {
  const site = new MemorySite(WITH_USER_DATA());
  const machine = site.machine(1);
  await machine.powerOff();
  deepEqual(site.events, []);
  machine.powerOn();
  machine.powerOn();
  await Promise.all([machine.powerOff(), machine.powerOff()]);
  equal(machine.isOn, false);
  await machine.reset();
  await endOf(site, machine);
  equal(site.asked.filter((line) => line === "tftp /grub/grub.cfg").length, 1);
  await machine.remove();
  machine.powerOn();
  equal(machine.isOn, false);
});
