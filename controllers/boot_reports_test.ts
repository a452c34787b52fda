import { deepEqual, equal, match, ok } from "node:assert/strict";
import { FakeClock } from "../base/clock.ts";
import { MemoryLogger } from "../base/log.ts";
import { ApiError, ConnectionError } from "../k8s/errors.ts";
import { StatusWriter } from "../k8s/status.ts";
import type { CloudInitEvent } from "../machine/reports.ts";
import type { Machine, MachineObject } from "../machine/types.ts";
import { BootReports } from "./boot_reports.ts";
import { MachineReports } from "./machine_reports.ts";
import { MachineStore } from "./machine_store.ts";

const START = Date.parse("2026-01-01T00:00:00Z");
const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 0));
const DHCP = { kind: "dhcp", discover: true, architecture: "x64-uefi" } as const;
const event = (name: string, type: "start" | "finish"): CloudInitEvent => ({
  ...{ name, type, description: "" },
  result: type === "finish" ? "SUCCESS" : "",
});

/** An API server with Machines. */
class Api {
  readonly objects = new Map<string, MachineObject>();
  readonly watchers: ((object: MachineObject) => void)[] = [];
  isDown = false;
  /** Drops status.boot, as the peer's Machine definition does. */
  isOld = false;
  writes = 0;
  conflicts = 0;
  steadyNow = () => 0;
  /** Whether watches say what changes. */
  isWatched = true;
  #version = 0;

  put(object: MachineObject): MachineObject {
    const resourceVersion = String(++this.#version);
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion } };
    this.objects.set(object.metadata.name, stored);
    if (this.isWatched) { for (const watcher of this.watchers) watcher(stored); }
    return stored;
  }

  tell(): void {
    for (const object of this.objects.values()) for (const watcher of this.watchers) watcher(object);
  }

  get(_: unknown, { name }: { name: string }): Promise<never> {
    if (this.isDown) return Promise.reject(new ConnectionError("server", "ECONNREFUSED"));
    const object = this.objects.get(name);
    return object === undefined ? Promise.reject(new ApiError("GET", 404)) : Promise.resolve(object as never);
  }

  async replaceStatus(_: unknown, object: unknown): Promise<never> {
    // Others may have sent theirs before this one is looked at.
    await settle();
    if (this.isDown) throw new ConnectionError("server", "ECONNREFUSED");
    const { metadata, status } = object as MachineObject;
    const known = this.objects.get(metadata.name)!;
    if (known.metadata.resourceVersion !== metadata.resourceVersion) {
      this.conflicts++;
      throw new ApiError("PUT", 409, { reason: "Conflict" });
    }
    this.writes++;
    const { boot, ...rest } = status!;
    return this.put({ ...known, status: this.isOld || !boot ? rest : { ...rest, boot } }) as never;
  }
}

/** One replica, as cmd/serve/machines.ts joins it. */
class Replica implements AsyncDisposable {
  readonly log = new MemoryLogger();
  readonly told: string[] = [];
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;
  readonly boots: BootReports;
  readonly reports: MachineReports;
  readonly store: MachineStore;

  constructor(api: Api, readonly clock: FakeClock, random = () => 0) {
    const { log } = this;
    const cached = (name: string) => api.isWatched ? api.objects.get(name) as never : undefined;
    const resource = { group: "g", version: "v1", plural: "machines" };
    const writer = new StatusWriter<MachineObject & { metadata: never }>({
      ...{ client: api as never, resource, cached, log, clock, random },
    });
    const statuses = {
      write: ((name: string, slot: string, decide: never) => {
        this.boots.writeHeld(name);
        return writer.write(name, slot, decide);
      }) as never,
    };
    this.store = new MachineStore({
      changed: (name, machine) => this.boots.machineChanged(name, machine),
      ...{ problems() {}, conflict() {}, resolved() {} },
    }, (object) => this.reports.overlay(object));
    this.reports = new MachineReports({
      ...{ statuses, log, clock },
      changed: (name) => this.store.refresh(name),
      stored: (object) => this.store.put(object),
      saw: (machine, sight) => this.boots.saw(machine, sight),
      tell: (_, __, reason) => this.told.push(reason),
    });
    this.boots = new BootReports({
      ...{ log, clock, random, steadyNow: () => api.steadyNow() },
      machines: { byName: (name) => this.store.byName(name) },
      submit: (machine, decide, settled) => this.reports.boot(machine, decide, settled),
      written: (_, step, { number }) => this.told.push(`${number} ${step.name}`),
    });
    api.watchers.push((object) => this.store.put(object));
    const { signal } = this.#stop;
    this.#running = Promise.all([writer.run(signal), this.boots.run(signal)]);
  }

  get machine(): Machine {
    return this.store.byName("a")!;
  }

  file(path: string, over: "TFTP" | "HTTP" = "TFTP"): void {
    this.boots.file(this.machine, { path, over, failure: undefined, image: "sha256:1" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

/** A Machine and replicas that see it. */
class Bench implements AsyncDisposable {
  readonly clock = new FakeClock(START);
  readonly api = new Api();
  readonly replicas: Replica[] = [];

  constructor(count = 1) {
    this.api.steadyNow = () => this.clock.now();
    for (let i = 0; i < count; i++) this.replicas.push(new Replica(this.api, this.clock));
    this.api.put({ metadata: { name: "a", uid: "1" }, spec: { pxe: { image: "i:v1" } } });
  }

  async pass(ms: number): Promise<void> {
    await this.#quiet();
    const stepMs = ms > 300_000 ? 60_000 : ms < 20_000 ? 1000 : 5000;
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.clock.advance(Math.min(stepMs, ms - passed));
      await this.#quiet();
    }
  }

  /** Until what was begun has ended, conflicts included. */
  async #quiet(): Promise<void> {
    for (let i = 0; i < 2; i++) await settle();
  }

  /** `1: PoweredOn+0 DHCP+30`. */
  get boot(): string {
    const boot = this.api.objects.get("a")?.status?.boot;
    if (boot === undefined) return "none";
    const seconds = boot.steps.map(({ time }) => (Date.parse(time) - START) / 1000);
    return `${boot.number}: ${boot.steps.map(({ name }, i) => `${name}+${seconds[i]}`).join(" ")}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const replica of this.replicas) await replica[Symbol.asyncDispose]();
  }
}

/** A whole installation: 30 s of POST, DHCP that is asked five times, files, an installer, a start. */
async function install(bench: Bench, of: (at: number) => Replica): Promise<void> {
  of(0).boots.poweredOn(of(0).machine);
  await bench.pass(30_000);
  for (let i = 0; i < 5; i++) {
    of(1).boots.dhcp(of(1).machine, undefined, DHCP);
    await bench.pass(1000);
  }
  for (const path of ["shimx64.efi", "grub/grub.cfg", "boot/vmlinuz", "boot/initrd"]) of(2).file(path);
  await bench.pass(20_000);
  for (let i = 0; i < 100; i++) of(3).file("boot/disk.img", "HTTP");
  await bench.pass(60_000);
  of(4).reports.pxeDisable(of(4).machine);
  await bench.pass(60_000);
  for (const name of ["init-local", "init-network", "modules-config", "modules-final"]) {
    of(5).reports.cloudInit(of(5).machine, event(name, "start"));
    await bench.pass(1000);
    of(5).reports.cloudInit(of(5).machine, event(name, "finish"));
    await bench.pass(1000);
  }
  of(6).boots.saw(of(6).machine, { kind: "attested" });
  await bench.pass(60_000);
}

/** The first of two replicas switches the machine on, the second serves it before it knows of that. */
async function bootUnseen(bench: Bench): Promise<void> {
  const [one, other] = bench.replicas as [Replica, Replica];
  bench.api.isWatched = false;
  one.boots.poweredOn(one.machine);
  await bench.pass(2000);
  other.file("shimx64.efi");
  bench.api.isWatched = true;
  bench.api.tell();
  await bench.pass(20_000);
}

const WHOLE =
  "1: PoweredOn+0 DHCP+30 FirstFile+35 Kernel+35 Installer+55 PXEDisabled+115 CloudInitStarted+175 CloudInitFinished+182 Attested+183";
const STEPS = WHOLE.slice(3).split(" ").map((step) => `1 ${step.replace(/\+.*/, "")}`);
/** Those of its conditions: Repaved once, CloudInitDone with each of eight events. */
const OTHER_WRITES = 9;

Deno.test("an installation is a timeline that costs four writes of its own, however often the machine asks", async () => {
  await using bench = new Bench();
  await install(bench, () => bench.replicas[0]!);
  equal(bench.boot, WHOLE);
  // Power on; DHCP and the files after it; the installer; the token, which here nothing else is written with.
  equal(bench.api.writes - OTHER_WRITES, 4);
});

Deno.test("steps that three replicas see are one timeline, none is lost, and each is told once", async () => {
  await using bench = new Bench(3);
  await install(bench, (at) => bench.replicas[at % 3]!);
  equal(bench.boot, WHOLE);
  const steps = bench.replicas.flatMap(({ told }) => told.filter((text) => text.startsWith("1 "))).sort();
  deepEqual(steps, STEPS.toSorted());
  ok(bench.api.writes - OTHER_WRITES <= 6, `${bench.api.writes} writes`);
});

Deno.test("what every replica sees at once is written once: the others find it there", async () => {
  await using bench = new Bench(3);
  for (const { boots, machine } of bench.replicas) boots.dhcp(machine, undefined, DHCP);
  await bench.pass(60_000);
  deepEqual([bench.boot, bench.api.writes], ["1: DHCP+0", 1]);
  ok(bench.api.conflicts > 0, "they write at the same time");
  equal(bench.replicas.flatMap(({ told }) => told).join(), "1 DHCP");
});

Deno.test("steps wait through an outage of the API and keep their own times (contract 11.15)", async () => {
  await using bench = new Bench(2);
  const [one, other] = bench.replicas as [Replica, Replica];
  await install(bench, () => one);
  bench.api.isDown = true;
  await bench.pass(3_600_000 - 243_000);
  one.boots.dhcp(one.machine, undefined, DHCP);
  await bench.pass(5000);
  // It does not know yet that another boot has begun.
  other.file("shimx64.efi");
  await bench.pass(120_000);
  other.file("boot/vmlinuz", "HTTP");
  await bench.pass(3_600_000);
  equal(bench.boot, WHOLE);
  bench.api.isDown = false;
  await bench.pass(60_000);
  equal(bench.boot, "2: DHCP+3600 FirstFile+3605 Kernel+3725");
});

Deno.test("what was seen before the watch said that another boot has begun is of that boot", async () => {
  await using bench = new Bench(2);
  const [one] = bench.replicas as [Replica];
  await install(bench, () => one);
  await bench.pass(600_000);
  await bootUnseen(bench);
  equal(bench.boot, "2: PoweredOn+843 FirstFile+845");
});

Deno.test("a BMC that never takes what switches on: no boot, however often it is told", async () => {
  await using bench = new Bench();
  const [{ boots, machine, told }] = bench.replicas as [Replica];
  for (let i = 0; i < 6; i++) {
    boots.poweringOn(machine);
    await bench.pass(16 * 60_000);
  }
  deepEqual([bench.boot, told], ["none", []]);
  boots.dhcp(machine, undefined, DHCP);
  await bench.pass(20_000);
  equal(bench.boot, "1: DHCP+5760", "somebody else has switched it on");
});

Deno.test("a machine that asks for an address before its BMC has answered what switched it on: one boot, with both", async (t) => {
  const before: readonly [name: string, number: number, seen: (bench: Bench, replica: Replica) => Promise<void>][] = [
    ["a first boot", 1, () => Promise.resolve()],
    ["after a boot to the end", 2, (bench, replica) => install(bench, () => replica)],
    ["after an installation that never started its system", 2, async (bench, { boots, reports, machine }) => {
      boots.poweredOn(machine);
      boots.dhcp(machine, undefined, DHCP);
      reports.pxeDisable(machine);
      await bench.pass(20_000);
    }],
  ];
  for (const [name, number, seen] of before) {
    for (const seesIt of [0, 1]) {
      await t.step(`${name}, ${seesIt === 0 ? "seen by the leader" : "seen by another replica"}`, async () => {
        await using bench = new Bench(2);
        const [leader] = bench.replicas as [Replica];
        await seen(bench, leader);
        const sentS = (bench.clock.now() + 120_000 - START) / 1000;
        await bench.pass(120_000);
        leader.boots.poweringOn(leader.machine);
        await bench.pass(2000);
        const { boots, machine } = bench.replicas[seesIt]!;
        boots.dhcp(machine, undefined, DHCP);
        await bench.pass(20_000);
        leader.boots.poweredOn(leader.machine);
        await bench.pass(20_000);
        equal(bench.boot, `${number}: PoweredOn+${sentS} DHCP+${sentS + 2}`);
        const begun = bench.replicas.flatMap(({ told }) => told).filter((text) => text === `${number} PoweredOn`);
        equal(begun.length, 1);
      });
    }
  }
});

Deno.test("a step that another boot has taken away from the one it was held for is not lost", async () => {
  await using bench = new Bench(2);
  const [one] = bench.replicas as [Replica];
  one.boots.dhcp(one.machine, undefined, DHCP);
  await bench.pass(60_000);
  await bootUnseen(bench);
  equal(bench.boot, "2: PoweredOn+60 FirstFile+62");
});

Deno.test("replicas whose clocks are hours apart see one boot; each step has the time of whoever saw it first", async () => {
  for (const skewMs of [2 * 3_600_000, -2 * 3_600_000]) {
    await using bench = new Bench(2);
    const [one] = bench.replicas as [Replica, Replica];
    const skewed = { now: () => bench.clock.now() + skewMs, sleep: bench.clock.sleep.bind(bench.clock) };
    await using other = new Replica(bench.api, skewed as FakeClock);
    bench.api.tell();
    for (const number of [1, 2]) {
      one.boots.poweredOn(one.machine);
      await bench.pass(30_000);
      other.boots.dhcp(other.machine, undefined, DHCP);
      await bench.pass(1000);
      one.file("vmlinuz");
      await bench.pass(20_000);
      equal(bench.boot.replace(/\+-?\d+/g, ""), `${number}: PoweredOn DHCP FirstFile Kernel`);
    }
  }
});

Deno.test("a step that is seen while another is being written is told, and that one too", async () => {
  await using bench = new Bench();
  const [replica] = bench.replicas as [Replica];
  replica.boots.poweredOn(replica.machine);
  await Promise.resolve();
  await Promise.resolve();
  replica.boots.dhcp(replica.machine, undefined, DHCP);
  replica.reports.pxeDisable(replica.machine);
  await bench.pass(20_000);
  equal(bench.api.writes, 2);
  deepEqual(replica.told, ["Installed", "1 PoweredOn", "1 DHCP", "1 PXEDisabled"]);
});

Deno.test("held steps go with whatever else is written of the Machine, and at the end", async () => {
  await using bench = new Bench();
  const { boots, reports } = bench.replicas[0]!;
  boots.dhcp(bench.replicas[0]!.machine, undefined, DHCP);
  await bench.pass(1000);
  bench.replicas[0]!.file("vmlinuz");
  reports.pxeDisable(bench.replicas[0]!.machine);
  await bench.pass(0);
  deepEqual([bench.boot, bench.api.writes], ["1: DHCP+0 FirstFile+1 Kernel+1 PXEDisabled+1", 2]);
  boots.saw(bench.replicas[0]!.machine, { kind: "attested" });
  boots.flush();
  await reports.flush(AbortSignal.timeout(60_000));
  match(bench.boot, /Attested\+1$/);
});

Deno.test("under a Machine definition without status.boot it is in memory only, and not written again and again", async () => {
  await using bench = new Bench();
  bench.api.isOld = true;
  const [replica] = bench.replicas as [Replica];
  await install(bench, () => replica);
  equal(bench.boot, "none");
  equal(bench.api.writes - OTHER_WRITES, 1);
  equal(replica.log.lines.filter(({ message }) => message.includes("no status.boot")).length, 1);
  const steps = replica.told.filter((text) => text.startsWith("1 "));
  deepEqual(steps, STEPS, "each is told once all the same");
});

Deno.test("a Machine definition that has learned of status.boot is found out, also where the time of day was set back", async () => {
  await using bench = new Bench();
  bench.api.isOld = true;
  let setBackMs = 0;
  const wall = { now: () => bench.clock.now() - setBackMs, sleep: bench.clock.sleep.bind(bench.clock) };
  await using replica = new Replica(bench.api, wall as FakeClock);
  bench.api.tell();
  replica.boots.poweredOn(replica.machine);
  await bench.pass(1000);
  bench.api.isOld = false;
  setBackMs = 3_600_000;
  await bench.pass(601_000);
  replica.boots.saw(replica.machine, { kind: "attested" });
  await bench.pass(20_000);
  match(bench.boot, /PoweredOn.* Attested/);
});

Deno.test("a Machine made again under its name has not booted, and one that went is forgotten", async () => {
  await using bench = new Bench();
  const [replica] = bench.replicas as [Replica];
  replica.boots.poweredOn(replica.machine);
  bench.api.put({ metadata: { name: "a", uid: "2" }, spec: {} });
  await bench.pass(20_000);
  equal(bench.boot, "none");
  equal(replica.boots.describe("a"), "no DHCP request was seen (since metalman started)");
});

Deno.test("describe() knows what other replicas saw where this one saw no file", async () => {
  await using bench = new Bench(2);
  const [leader, other] = bench.replicas as [Replica, Replica];
  leader.boots.poweringOn(leader.machine);
  leader.boots.poweredOn(leader.machine);
  await bench.pass(30_000);
  leader.boots.dhcp(leader.machine, undefined, DHCP);
  equal(leader.boots.describe("a"), "DHCP answered but no file was asked for");
  other.file("shimx64.efi");
  await bench.pass(20_000);
  equal(
    leader.boots.describe("a"),
    'DHCP answered but no file was asked for by this replica; another saw FirstFile ("shimx64.efi" over TFTP)',
  );
  leader.file("boot/vmlinuz");
  equal(
    leader.boots.describe("a"),
    'the last of 1 file was "boot/vmlinuz" over TFTP but /pxe/disable was never asked',
  );
});
