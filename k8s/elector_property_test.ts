/** Never two that act: any number of processes over one Lease, each with its own clock, stopped and cut off at random. */
import { equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { type Clock, FakeClock } from "../base/clock.ts";
import { MemoryLogger } from "../base/log.ts";
import { aborted } from "../base/tasks.ts";
import { unlessAborted } from "../controllers/unless_aborted.ts";
import { Elector } from "./elector.ts";
import { ApiError, ConnectionError } from "./errors.ts";
import type { Lease } from "./lease.ts";

const LEASE_MS = 15_000;
const RENEW_MS = 10_000;
const RETRY_MS = 2000;
const STEP_MS = 250;

/** The API server: one Lease, replaced only by who knows its version. */
class Server {
  lease: Lease | undefined;
  #version = 0;

  put(lease: Lease, create: boolean): Lease {
    const { resourceVersion } = lease.metadata;
    if (create ? this.lease !== undefined : this.lease?.metadata.resourceVersion !== resourceVersion) {
      throw new ApiError("PUT", 409, { reason: "Conflict" });
    }
    return this.lease = { ...lease, metadata: { ...lease.metadata, resourceVersion: String(++this.#version) } };
  }
  get(): Lease {
    if (this.lease === undefined) throw new ApiError("GET", 404, { reason: "NotFound" });
    return this.lease;
  }
}

/** A process: its time of day is wrong, and while it is stopped nothing of it runs. */
class Process {
  isStopped = false;
  /** Requests get no answer; whether they are processed all the same. */
  cut: "no" | "before" | "after" = "no";
  /** One way. */
  delayMs = 0;
  /** Its work has been begun and not been told to end. */
  isActing = false;
  readonly log = new MemoryLogger();
  readonly elector: Elector;
  readonly #resumed: (() => void)[] = [];
  readonly #stop = new AbortController();
  readonly #world: FakeClock;
  #end = Promise.resolve();

  constructor(identity: string, skewMs: number, { world, server, random }: World) {
    this.#world = world;
    const clock: Clock = {
      now: () => world.now() + skewMs,
      sleep: async (ms, options) => {
        await world.sleep(ms, options);
        await this.#running();
      },
    };
    this.elector = new Elector({
      client: {
        // deno-lint-ignore no-explicit-any
        get: (_, __, request): Promise<any> => this.#exchange(() => server.get(), request),
        // deno-lint-ignore no-explicit-any
        create: (_, lease: any, request): Promise<any> => this.#exchange(() => server.put(lease, true), request),
        // deno-lint-ignore no-explicit-any
        replace: (_, lease: any, request): Promise<any> => this.#exchange(() => server.put(lease, false), request),
      },
      ...{ namespace: "ns", name: "boss", identity, leaseMs: LEASE_MS, renewMs: RENEW_MS, retryMs: RETRY_MS },
      log: this.log,
      clock,
      steadyNow: () => world.now(),
      random,
    });
    this.start();
  }
  start(): void {
    this.#end = this.elector.run(async (signal) => {
      this.isActing = true;
      await aborted(signal);
      this.isActing = false;
    }, this.#stop.signal);
  }
  async #running(): Promise<void> {
    while (this.isStopped) await new Promise<void>((resolve) => this.#resumed.push(resolve));
  }
  /** The server goes on while the process is stopped or waits no more; its answer waits. */
  async #exchange(process: () => Lease, { signal }: { signal?: AbortSignal } = {}): Promise<Lease> {
    const answer = this.#serve(process);
    answer.catch(() => {});
    try {
      return await unlessAborted(answer, signal!);
    } finally {
      await this.#running();
    }
  }
  async #serve(process: () => Lease): Promise<Lease> {
    const { cut } = this;
    await this.#world.sleep(this.delayMs);
    if (cut !== "before") {
      const answer = process();
      await this.#world.sleep(this.delayMs);
      if (cut === "no") return answer;
    }
    await this.#world.sleep(RENEW_MS / 2);
    throw new ConnectionError("https://api", "ETIMEDOUT");
  }
  resume(): void {
    this.isStopped = false;
    for (const wake of this.#resumed.splice(0)) wake();
  }
  heal(): void {
    this.cut = "no";
    this.delayMs = 0;
    this.resume();
  }
  stop(): Promise<void> {
    this.#stop.abort();
    return this.#end;
  }
}

interface World {
  readonly world: FakeClock;
  readonly server: Server;
  readonly random: () => number;
}

async function settle(): Promise<void> {
  for (let turns = 0; turns < 40; turns++) await Promise.resolve();
}

const fault = fc.record({
  who: fc.nat(3),
  what: fc.constantFrom("stop", "resume", "cut before", "cut after", "slow", "heal"),
  /** Until the next. */
  forMs: fc.integer({ min: 1, max: 80 }).map((steps) => steps * STEP_MS),
});

function apply(process: Process, what: string): void {
  if (what === "stop") process.isStopped = true;
  if (what === "resume") process.resume();
  if (what === "cut before") process.cut = "before";
  if (what === "cut after") process.cut = "after";
  if (what === "slow") process.delayMs = 3 * STEP_MS;
  if (what === "heal") process.heal();
}

Deno.test("never two act at once, whatever their clocks say and whoever is stopped or cut off; in the end one leads", async () => {
  let terms = 0;
  const hours = fc.integer({ min: -5, max: 5 }).map((h) => h * 3_600_000);
  await fc.assert(
    fc.asyncProperty(
      fc.array(hours, { minLength: 2, maxLength: 4 }),
      fc.array(fault, { minLength: 5, maxLength: 25 }),
      fc.integer(),
      async (skews, faults, seed) => {
        const world = new FakeClock(Date.UTC(2026, 0));
        let state = seed >>> 0;
        const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
        const parts = { world, server: new Server(), random };
        const processes = skews.map((skew, i) => new Process(`p${i}`, skew, parts));
        const pass = async (ms: number) => {
          for (let left = ms; left > 0; left -= STEP_MS) {
            world.advance(STEP_MS);
            // Before the timers' work is done, and after it.
            check(processes, ({ elector }) => elector.leads);
            await settle();
            check(processes, ({ elector }) => elector.leads);
            check(processes, ({ isActing }) => isActing);
          }
        };
        await settle();
        for (const { who, what, forMs } of faults) {
          apply(processes[who % processes.length]!, what);
          check(processes, ({ elector }) => elector.leads);
          await pass(forMs);
        }
        for (const process of processes) process.heal();
        await pass(LEASE_MS + RENEW_MS + 2 * RETRY_MS);
        equal(processes.filter(({ elector }) => elector.leads).length, 1, "somebody leads in the end");
        terms += processes.reduce((n, { log }) => n + log.lines.filter((l) => l.message === LEADS).length, 0);
        for (const process of processes) {
          const end = process.stop();
          await pass(RENEW_MS);
          await end;
        }
      },
    ),
    { numRuns: 60 },
  );
  ok(terms > 80, `${terms} terms: the faults must have moved the lease about`);
});

const LEADS = "this instance leads";

Deno.test("contract 11.15: through outages of the API for all, exactly one is the last that led", async () => {
  const outages = fc.array(fc.integer({ min: 1, max: 240 }).map((steps) => steps * STEP_MS), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(outages, fc.constantFrom("before", "after"), async (lengths, cut) => {
      const startMs = Date.UTC(2026, 0);
      const world = new FakeClock(startMs);
      const parts = { world, server: new Server(), random: () => 0.5 };
      const processes = [0, 1, 2].map((i) => new Process(`p${i}`, i * 3_600_000, parts));
      const pass = async (ms: number) => {
        for (let left = ms; left > 0; left -= STEP_MS) {
          world.advance(STEP_MS);
          await settle();
          // The first steps are its campaign.
          if (world.now() < startMs + 2 * RETRY_MS) continue;
          equal(processes.filter(({ elector }) => elector.leadsOrWasLast).length, 1);
        }
      };
      await settle();
      for (const lengthMs of [20_000, ...lengths]) {
        await pass(lengthMs);
        for (const process of processes) process.cut = process.cut === "no" ? cut : "no";
      }
      for (const process of processes) {
        process.heal();
        const end = process.stop();
        for (let steps = 0; steps < 80; steps++) {
          world.advance(STEP_MS);
          await settle();
        }
        await end;
      }
    }),
    { numRuns: 30 },
  );
});

function check(processes: readonly Process[], acts: (process: Process) => boolean): void {
  const acting = processes.filter((process) => !process.isStopped && acts(process)).length;
  ok(acting <= 1, `${acting} act`);
}
