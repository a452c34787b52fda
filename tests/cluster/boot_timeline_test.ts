/** status.boot and the Events of a boot, against a real API server and as a newcomer sees them (issue 7, part 7). */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { BootStatus } from "../../machine/boot_status.ts";
import { EVENT_REASONS } from "../../machine/event_reasons.ts";
import { OPTION, u8Data } from "../../pxe/dhcp/options.ts";
import { MESSAGE_TYPE } from "../../pxe/dhcp/reply.ts";
import { manifest } from "../peers/manifest.ts";
import { freePort, Peer, peerTest, run } from "../peers/peer.ts";
import { KUBECTL } from "./kubectl_peer.ts";
import { LoopbackSite, machine, SITE_NEEDS, until } from "./loopback_site.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
const MAC = "aa:bb:cc:dd:ee:01";
const IP = "127.0.0.11";
const FILES = {
  "metadata.yaml": "dhcpBootImageName: shimx64.efi\n",
  "shimx64.efi": "a boot loader",
  "boot/vmlinuz": "a kernel",
  "boot/disk.img": "a disk",
};
/** Of UEFI: option 93 says which. */
const DISCOVER = {
  options: new Map([
    [OPTION.messageType, u8Data(MESSAGE_TYPE.discover)],
    [OPTION.clientArchitecture, Uint8Array.of(0, 7)],
  ]),
};

const event = (name: string, type: string, result = "") =>
  JSON.stringify({ name, description: "d", event_type: type, origin: "cloudinit", timestamp: 1.5, result });

/** Another replica beside the site's own. */
class SecondReplica implements AsyncDisposable {
  readonly http = freePort();
  readonly tftp = freePort();
  readonly peer: Peer;

  constructor(folder: string, kubeconfig: string) {
    const args = [
      ...["run", "-A", MAIN, "serve-pxe", "--bind-address=127.0.0.1", `--dhcp-port=${freePort()}`],
      ...[`--http-port=${this.http}`, `--tftp-port=${this.tftp}`, `--health-port=${freePort()}`],
      ...[`--cache-dir=${folder}/cache-2`, `--kubeconfig=${kubeconfig}`],
    ];
    this.peer = new Peer(Deno.execPath(), args);
  }

  curl(...args: string[]): Promise<string> {
    return run("curl", ["-sf", "--interface", IP, ...args]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.peer[Symbol.asyncDispose]();
  }
}

const kubectl = (site: LoopbackSite, ...args: string[]) =>
  run(KUBECTL, [`--kubeconfig=${site.api.kubeconfig}`, ...args]);
const names = (boot: BootStatus | undefined) => (boot?.steps ?? []).map(({ name }) => name).join(" ");

peerTest(
  "a boot that two replicas serve is one timeline in the status, and kubectl shows its steps",
  { ...SITE_NEEDS, programs: [...SITE_NEEDS.programs, "kubectl"] },
  async () => {
    await using site = await LoopbackSite.create();
    await site.api.apply(...manifest("deploy/rbac-events.yaml"));
    const image = await site.push("netboot/test:v1", FILES);
    await site.api.apply(machine("node-01", image, MAC, IP));
    const boot = async () => (await site.status("node-01")).boot as BootStatus | undefined;
    const first = await site.start();
    await using second = new SecondReplica(site.folder, await site.api.serviceAccountKubeconfig());
    for (const { peer } of [{ peer: first }, second]) {
      await peer.waitFor(/ ready /);
      await peer.waitFor(/image ready/);
    }

    // The first answers DHCP, both give files, the second hears of the end.
    for (let i = 0; i < 5; i++) await site.dhcp(MAC, DISCOVER);
    equal(await second.curl(`tftp://127.0.0.1:${second.tftp}/shimx64.efi`), FILES["shimx64.efi"]);
    equal((await site.http(IP, "boot/vmlinuz")).status, 200);
    await until(boot, (now) => names(now) === "DHCP FirstFile Kernel");
    await second.curl(`http://127.0.0.1:${second.http}/boot/disk.img`);
    await second.curl(`http://127.0.0.1:${second.http}/pxe/disable`);
    await site.http(IP, "cloudinit/log", "--data", event("init-local", "start"));
    await second.curl(
      `http://127.0.0.1:${second.http}/cloudinit/log`,
      "--data",
      event("modules-final", "finish", "SUCCESS"),
    );
    const whole = "DHCP FirstFile Kernel Installer PXEDisabled CloudInitStarted CloudInitFinished";
    const done = await until(boot, (now) => names(now) === whole);
    equal(done!.steps[1]!.message, '"shimx64.efi" over TFTP', "whichever replica wrote first");
    const { number, firmware, architecture, method } = done!;
    deepEqual([number, firmware, architecture, method], [1, "UEFI", "x64", "PXE"]);
    match(done!.image!, /^sha256:[0-9a-f]{64}$/);

    // The next begins afresh.
    await site.dhcp(MAC, DISCOVER);
    const next = await until(boot, (now) => now?.number === 2);
    equal(names(next), "DHCP");

    const wanted = [
      "DhcpAnswered",
      "FirstFileServed",
      "KernelServed",
      "InstallerStarted",
      "Installed",
      "CloudInitFinished",
    ];
    const described = await until(
      () => kubectl(site, "describe", "machine", "node-01"),
      (text) => wanted.every((reason) => text.includes(reason)),
    );
    match(described, /Boot:\n +Architecture: +x64\n/);
    const listed = await kubectl(site, "get", "events", "--field-selector=involvedObject.kind=Machine");
    for (const reason of wanted) match(listed, new RegExp(`Normal +${reason} +machine/node-01`));
    const { items } = await site.api.request("GET", "/api/v1/namespaces/default/events");
    const ours = items.filter((one: { source?: { component?: string } }) => one.source?.component === "metalman");
    ok(ours.length > 0);
    for (const { reason, type } of ours) equal(type, EVENT_REASONS[reason as keyof typeof EVENT_REASONS], reason);
    const steps = ours.filter(({ reason }: { reason: string }) => reason === "KernelServed");
    equal(steps.length, 1, "a step is told by the replica that has written it");
  },
);

Deno.test("metalman dev: a repave is a timeline from off to ready, in status and in machine status", async () => {
  const folder = await Deno.makeTempDir({ prefix: "boot-timeline-" });
  try {
    await using metalman = new Peer(Deno.execPath(), ["run", "-A", MAIN, "dev", `--state=${folder}/state`], {
      env: { TMPDIR: folder },
    });
    await metalman.waitFor(/Installed. Try next:/, 60_000);
    const command = (...args: string[]) =>
      run(Deno.execPath(), ["run", "-A", MAIN, ...args, `--kubeconfig=${folder}/state/kubeconfig`]);
    await command("machine", "repave", "node-01", "--yes");
    const shown = await until(() => command("machine", "status", "node-01"), (text) => /\n {2}Attested /.test(text));
    const order = [
      ...["PoweredOn", "DHCP", "FirstFile", "Kernel", "Installer", "PXEDisabled"],
      ...["CloudInitStarted", "CloudInitFinished", "Attested"],
    ];
    match(
      shown,
      new RegExp(
        `Last boot: number 2, PXE, x64 UEFI, sha256:.*\n +STEP .*\n${order.map((name) => ` +${name} .*\n`).join("")}`,
      ),
    );
    match(shown, /FirstFile +\S+Z +\+\d+s +"shimx64.efi" over TFTP\n/);
    const times = [...shown.matchAll(/^ {2}\w+ +(\S+Z) /gm)].map(([, time]) => Date.parse(time!));
    deepEqual(times, times.toSorted((a, b) => a - b));
    match(shown, /KernelServed/);
    equal((await metalman.stop("SIGINT")).code, 0, metalman.output);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
