/** A rack of virtual machines without any that runs, in a network namespace. */
import assert from "node:assert/strict";
import { systemClock } from "../../base/clock.ts";
import type { MachineEvent, RackMachineOptions } from "../../dev/rack/types.ts";
import { type Part, PARTS } from "../../dev/vm/requirements.ts";
import { VmRack } from "../../dev/vm/vm_rack_host.ts";
import { NetNamespace } from "./netns.ts";
import { peerTest, run, which } from "./peer.ts";

const REFUSED: readonly (readonly [options: RackMachineOptions, why: RegExp])[] = [
  [{ mac: "52-54-00-00-00-01" }, /52:54:00:00:00:01: it is in the rack/],
  [{ mac: "52:54:00:00:00:02", firmware: "http" }, /boots by PXE/],
  [{ mac: "52:54:00:00:00:02", faults: {} }, /no faults/],
];

peerTest(
  "a rack refuses machines that it has no room for, and leaves nothing",
  { programs: ["ip"], root: true },
  async () => {
    await using namespace = await NetNamespace.create("rack");
    await namespace.ip("link", "add", "other", "type", "bridge");
    await namespace.ip("addr", "add", "10.77.0.0/18", "dev", "other");
    await namespace.ip("link", "set", "other", "up");
    const ip = which("ip")!;
    const found = { ...Object.fromEntries((Object.keys(PARTS) as Part[]).map((part) => [part, `/${part}`])), ip };
    const folder = await Deno.makeTempDir({ prefix: "metalman-rack-" });
    {
      await using rack = await VmRack.start({
        probe: {
          ...{ system: "linux x86_64", distribution: "debian", capabilities: ~0n, hasTun: true, hasKvm: false, found },
        },
        ...{ folder, onEvent: () => {}, clock: systemClock, enter: [ip, "netns", "exec", namespace.name] },
      });
      assert.deepEqual([rack.interfaceName, rack.subnet.server], ["metalman0", "10.77.64.1"]);
      const machine = rack.add({ mac: "52:54:00:00:00:01" });
      assert.equal(rack.get("52:54:00:00:00:01"), machine);
      for (const [options, why] of REFUSED) {
        assert.throws(() => rack.add(options), (error) => error instanceof RangeError && why.test(error.message));
      }
      for (let last = 2; last <= 8; last++) rack.add({ mac: `52:54:00:00:00:0${last}` });
      assert.throws(() => rack.add({ mac: "52:54:00:00:00:09" }), /8 virtual machines are all/);
      await rack.remove("52:54:00:00:00:08");
      rack.add({ mac: "52:54:00:00:00:09" });
    }
    const left: { ifname: string }[] = JSON.parse(await run("ip", ["-n", namespace.name, "-json", "link", "show"]));
    assert.deepEqual(left.map(({ ifname }) => ifname), ["lo", "other"]);
    await Deno.remove(folder, { recursive: true });
  },
);

const FAKE = new URL("./fake_qemu.ts", import.meta.url).pathname;

/** A QEMU that takes its time to end, and refuses a disk that another one still has. */
const slowToEnd = (lock: string) =>
  `#!/bin/sh
mkdir ${lock} || exit 1
${Deno.execPath()} run -A ${FAKE} "$@" &
trap 'kill $!; sleep 1; rmdir ${lock}; exit' TERM
wait
`;

peerTest(
  "a machine that takes the place of one with the same MAC starts once that one is off, and hears nothing of it",
  { programs: ["ip", "setpriv"], root: true },
  async () => {
    await using namespace = await NetNamespace.create("rack");
    const mac = "52:54:00:00:00:01";
    const ip = which("ip")!;
    const folder = await Deno.makeTempDir({ prefix: "metalman-rack-" });
    await Deno.mkdir(`${folder}/525400000001`);
    await Deno.writeTextFile(`${folder}/525400000001/says`, ">>Start PXE over IPv4.");
    await Deno.writeTextFile(`${folder}/qemu`, slowToEnd(`${folder}/disk-in-use`), { mode: 0o755 });
    await Deno.writeTextFile(`${folder}/VARS.fd`, "variables");
    const found = {
      ...Object.fromEntries((Object.keys(PARTS) as Part[]).map((part) => [part, `/${part}`])),
      ...{ ip, qemu: `${folder}/qemu`, setpriv: which("setpriv")!, variables: `${folder}/VARS.fd` },
    };
    const events: MachineEvent[] = [];
    let booting = Promise.withResolvers<void>();
    {
      await using rack = await VmRack.start({
        probe: {
          ...{ system: "linux x86_64", distribution: "debian", capabilities: ~0n, hasTun: true, hasKvm: false, found },
        },
        ...{ folder, clock: systemClock, enter: [ip, "netns", "exec", namespace.name] },
        onEvent: (event) => {
          events.push(event);
          if (event.detail === "PXE over IPv4" || event.stage === "failed") booting.resolve();
        },
      });
      rack.add({ mac }).powerOn();
      await booting.promise;
      booting = Promise.withResolvers();
      const removed = rack.remove(mac);
      const next = rack.add({ mac });
      next.powerOn();
      await Promise.all([removed, booting.promise]);
      assert.equal(next.isOn, true);
    }
    const life = ["the firmware starts", "PXE over IPv4"];
    assert.deepEqual(events.map(({ detail }) => detail), [...life, ...life]);
    await Deno.remove(folder, { recursive: true });
  },
);
