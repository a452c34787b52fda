/** Machines with model BMCs under the real controllers, in model time: no network, no API server. */
import { setImmediate } from "node:timers";
import { type Clock, FakeClock } from "../../base/clock.ts";
import { MemoryLogger } from "../../base/log.ts";
import { TaskGroup } from "../../base/tasks.ts";
import { BmcCalls } from "../../controllers/bmc_calls.ts";
import { BmcPasswords } from "../../controllers/bmc_passwords.ts";
import { BootTrace } from "../../controllers/boot_trace.ts";
import { MachineStore } from "../../controllers/machine_store.ts";
import { PowerController } from "../../controllers/power.ts";
import { RepaveController } from "../../controllers/repave.ts";
import { ApiError } from "../../k8s/errors.ts";
import { StatusWriter } from "../../k8s/status.ts";
import type { MachineObject, MachineStatus } from "../../machine/types.ts";
import { BmcPool } from "../../redfish/pool.ts";
import { FleetBmc, type FleetBmcOptions } from "./fleet_bmc.ts";

const random = () => 0;
const START = Date.parse("2026-11-23T09:00:00Z");
/** Lets everything run that does not wait for the clock. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** An API server of Machines and Secrets, and a watch that is told of each change. */
class Api {
  readonly machines = new Map<string, MachineObject>();
  /** Values as `data` has them, before base64. */
  readonly secrets = new Map<string, Record<string, string>>();
  readonly written: string[] = [];
  /** Requests fail, as in an outage. */
  isDown = false;
  /** Watches say nothing of what changes. */
  isBehind = false;
  /** Status fields that its CRD does not know. */
  prunes: readonly string[] = [];
  onChange: (name: string) => void = () => {};
  #version = 0;

  put(object: MachineObject): void {
    const resourceVersion = String(++this.#version);
    const { name } = object.metadata;
    this.machines.set(name, { ...object, metadata: { ...object.metadata, resourceVersion } });
    queueMicrotask(() => this.onChange(name));
  }
  delete(name: string): void {
    this.machines.delete(name);
    queueMicrotask(() => this.onChange(name));
  }
  // deno-lint-ignore no-explicit-any
  get = (_: unknown, { name }: { name: string }): Promise<any> => this.#answer("GET", () => this.#found(name));
  // deno-lint-ignore no-explicit-any
  replaceStatus = (_: unknown, object: any): Promise<any> =>
    this.#answer("PUT", () => {
      const { name, resourceVersion } = object.metadata;
      const stored = this.#found(name);
      if (stored.metadata.resourceVersion !== resourceVersion) throw new ApiError("PUT", 409, { reason: "Conflict" });
      const status = Object.fromEntries(
        Object.entries(object.status).filter(([field]) => !this.prunes.includes(field)),
      );
      this.put({ ...stored, status: status as MachineStatus });
      this.written.push(name);
      return this.#found(name);
    });
  #found(name: string): MachineObject {
    const stored = this.machines.get(name);
    if (stored === undefined) throw new ApiError("GET", 404, { reason: "NotFound" });
    return stored;
  }
  async #answer<T>(request: string, answer: () => T): Promise<T> {
    await Promise.resolve();
    if (this.isDown) throw new ApiError(request, 503);
    return answer();
  }
}

/** What runs until it is killed. */
interface Process {
  readonly store: MachineStore;
  readonly stack: AsyncDisposableStack;
}

/** A site. */
export class Fleet implements AsyncDisposable {
  readonly clock = new FakeClock(START);
  /** So far the time of day was set back. */
  setBackMs = 0;
  readonly #wall: Clock = {
    now: () => this.clock.now() - this.setBackMs,
    sleep: (ms, options) => this.clock.sleep(ms, options),
  };
  readonly api = new Api();
  readonly log = new MemoryLogger();
  /** Events, as `machine reason: message`. */
  readonly events: string[] = [];
  readonly bmcs = new Map<string, FleetBmc>();
  trace = new BootTrace();
  /** Machines that were told to have been switched on, in order. */
  readonly poweredOn: string[] = [];
  readonly #more: { readonly concurrency?: number; readonly maxAttempts?: number };
  #process: Process | undefined;

  /** Nothing runs before {@link start}. */
  constructor(more: { readonly concurrency?: number; readonly maxAttempts?: number } = {}) {
    this.#more = more;
    this.api.onChange = (name) => this.#changed(name);
  }

  /** A Machine that asks for a repave, with a BMC of its own. */
  add(name: string, options: FleetBmcOptions = {}, operations = { rebootCounter: 1, repaveCounter: 1 }): FleetBmc {
    const url = `https://${name}.bmc`;
    const bmc = new FleetBmc(this.clock, options);
    this.bmcs.set(url, bmc);
    this.api.secrets.set(`bmcs/${name}`, { password: bmc.password });
    const redfish = { url, username: "admin", passwordRef: { name, namespace: "bmcs", key: "password" } };
    this.api.put({
      metadata: { name, uid: `uid-${name}`, generation: 1 },
      spec: { pxe: { image: "i:v1", redfish }, operations },
      status: { operations: { rebootCounter: 0, repaveCounter: 0 } },
    });
    return bmc;
  }

  /** A Machine as the API has it. */
  machine(name: string): MachineObject {
    return this.api.machines.get(name)!;
  }

  /** Edits a Machine. */
  edit(name: string, change: (object: MachineObject) => Partial<MachineObject>): void {
    const object = this.machine(name);
    this.api.put({ ...object, ...change(object) });
  }

  /** A Machine's conditions, as `Type Status/Reason message`. */
  conditions(name: string): string[] {
    return (this.machine(name).status?.conditions ?? []).map((c) => `${c.type} ${c.status}/${c.reason} ${c.message}`);
  }

  /** A process that knows nothing. */
  start(): void {
    const { log, api } = this;
    const clock = this.#wall;
    const stack = new AsyncDisposableStack();
    const statuses = new StatusWriter<MachineObject>({
      client: api,
      resource: { group: "unbounded-cloud.io", version: "v1alpha3", plural: "machines" },
      cached: (key) => api.machines.get(key),
      log,
      clock,
      random,
    });
    const store: MachineStore = new MachineStore({
      changed: (name, machine) => {
        power.machineChanged(name, machine);
        repaves.machineChanged(name, machine);
      },
      problems: () => {},
      conflict: () => {},
      resolved: () => {},
    });
    const common = {
      machines: store,
      statuses,
      newest: (name: string) => api.machines.has(name) ? api.get(undefined, { name }) : Promise.resolve(undefined),
      stored: (object: MachineObject) => store.put(object),
      report: ({ name }: { name: string }, _: string, reason: string, message: string) =>
        void this.events.push(`${name} ${reason}: ${message}`),
      log,
      clock,
      random,
    };
    const power = stack.use(new PowerController({ ...common, calls: this.#calls(stack) }));
    const limits = { timeoutMs: 30 * 60_000, maxAttempts: this.#more.maxAttempts ?? 5 };
    const repaves = new RepaveController({ ...common, limits, seen: (name) => this.trace.describe(name) });
    const tasks = stack.use(new TaskGroup(log));
    for (const part of [statuses, power, repaves]) tasks.start("part", (signal) => part.run(signal));
    this.#process = { store, stack };
    for (const object of api.machines.values()) store.put(object);
  }

  #calls(stack: AsyncDisposableStack): BmcCalls {
    const { log } = this;
    const clock = this.#wall;
    const bmcs = stack.use(
      new BmcPool({
        concurrency: this.#more.concurrency ?? 64,
        open: (target) => this.bmcs.get(target.url)!.connect(target),
        clock,
        log,
      }),
    );
    this.trace = new BootTrace();
    return new BmcCalls({
      bmcs,
      passwords: new BmcPasswords((namespace, name) => Promise.resolve(this.#secret(`${namespace}/${name}`)), clock),
      httpUri: () => "http://10.0.0.2:8880/grubx64.efi",
      poweringOn: (name) => this.trace.poweringOn(name),
      poweredOn: (name) => void this.poweredOn.push(name),
      log,
      clock,
      steadyNow: () => this.clock.now(),
    });
  }

  /** Kills it: nothing that it knew is left. */
  async kill(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    await process?.stack.disposeAsync();
  }

  #changed(name: string): void {
    if (this.api.isBehind) return;
    const object = this.api.machines.get(name);
    if (object === undefined) this.#process?.store.delete(name);
    else this.#process?.store.put(object);
  }

  #secret(key: string): Record<string, string> | undefined {
    if (this.api.isDown) throw new ApiError("GET", 503);
    const data = this.api.secrets.get(key);
    const encode = (text: string) => new TextEncoder().encode(text).toBase64();
    return data && Object.fromEntries(Object.entries(data).map(([name, value]) => [name, encode(value)]));
  }

  /** Lets time pass. */
  async run(ms: number, stepMs = 100): Promise<void> {
    await settle();
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.clock.advance(Math.min(stepMs, ms - passed));
      await settle();
    }
  }

  /** Lets time pass until it is so; returns how long it took. */
  async until(isSo: () => boolean, mostMs: number, stepMs = 100): Promise<number> {
    const startMs = this.clock.now();
    while (!isSo()) {
      if (this.clock.now() - startMs > mostMs) throw new Error(`not so after ${mostMs} ms`);
      await this.run(stepMs, stepMs);
    }
    return this.clock.now() - startMs;
  }

  /** Whether a Machine's reboot counter is what is asked for. */
  isRebooted(name: string): boolean {
    const { spec, status } = this.machine(name);
    return (spec!.operations as { rebootCounter: number }).rebootCounter === status?.operations?.rebootCounter;
  }

  /** Ends it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}
