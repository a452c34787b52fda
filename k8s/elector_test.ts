import { deepEqual, equal, match, ok } from "node:assert/strict";
import { FakeClock } from "../base/clock.ts";
import { MemoryLogger } from "../base/log.ts";
import { aborted } from "../base/tasks.ts";
import { Elector, type Lead } from "./elector.ts";
import { formatDuration } from "../base/duration.ts";
import { ApiError, ConnectionError } from "./errors.ts";
import type { Lease, LeaseSpec } from "./lease.ts";

const LEASE_MS = 15_000;
const RENEW_MS = 10_000;
const RETRY_MS = 2000;

/** All that is pending and needs no time is done. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 100; turns++) await Promise.resolve();
}

/** An API server with one Lease. */
class Store {
  lease: Lease | undefined;
  readonly calls: string[] = [];
  /** What the next calls fail with; `always` goes on. */
  failures: Error[] = [];
  always: Error | undefined;
  /** Done by the next PUT before it is processed. */
  before: (() => void) | undefined;
  #version = 0;

  set(spec: LeaseSpec | undefined): Lease {
    const metadata = { namespace: "ns", name: "boss", resourceVersion: String(++this.#version) };
    return this.lease = { metadata, ...(spec === undefined ? {} : { spec }) };
  }
  async #call(what: string): Promise<void> {
    this.calls.push(what);
    await Promise.resolve();
    const failure = this.failures.shift() ?? this.always;
    if (failure !== undefined) throw failure;
  }
  // deno-lint-ignore no-explicit-any
  get = async (): Promise<any> => {
    await this.#call("GET");
    if (this.lease === undefined) throw new ApiError("GET", 404, { reason: "NotFound" });
    return this.lease;
  };
  // deno-lint-ignore no-explicit-any
  create = async (_: unknown, lease: any): Promise<any> => {
    await this.#call("POST");
    if (this.lease !== undefined) throw new ApiError("POST", 409, { reason: "AlreadyExists" });
    return this.set(lease.spec);
  };
  // deno-lint-ignore no-explicit-any
  replace = async (_: unknown, lease: any): Promise<any> => {
    await this.#call("PUT");
    this.before?.();
    this.before = undefined;
    if (this.lease === undefined) throw new ApiError("PUT", 404, { reason: "NotFound" });
    if (this.lease.metadata.resourceVersion !== lease.metadata.resourceVersion) {
      throw new ApiError("PUT", 409, { reason: "Conflict" });
    }
    return this.set(lease.spec);
  };
}

/** An elector that runs. */
class Bench implements AsyncDisposable {
  readonly clock = new FakeClock(1_000_000);
  readonly log = new MemoryLogger();
  readonly store: Store;
  readonly elector: Elector;
  readonly stop = new AbortController();
  readonly end: Promise<void>;
  /** What the work saw. */
  readonly acts: string[] = [];

  constructor(store = new Store(), lead?: Lead) {
    this.store = store;
    this.elector = new Elector({
      client: store,
      ...{ namespace: "ns", name: "boss", identity: "me", leaseMs: LEASE_MS, renewMs: RENEW_MS, retryMs: RETRY_MS },
      log: this.log,
      clock: this.clock,
      steadyNow: () => this.clock.now(),
      random: () => 0,
    });
    const usual: Lead = async (signal) => {
      this.acts.push("begins");
      await aborted(signal);
      this.acts.push("ends");
    };
    this.end = this.elector.run(lead ?? usual, this.stop.signal);
  }
  async pass(ms: number): Promise<void> {
    await settle();
    for (let left = ms; left > 0; left -= 500) {
      this.clock.advance(Math.min(500, left));
      await settle();
    }
  }
  messages(level?: string): string[] {
    return this.log.lines.filter((line) => level === undefined || line.level === level).map(({ message }) => message);
  }
  get holder(): unknown {
    return this.store.lease?.spec?.holderIdentity;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    await this.end;
  }
}

Deno.test("an elector takes a lease that nobody has at once, renews it, and gives it up when it is stopped", async () => {
  await using bench = new Bench();
  await settle();
  deepEqual([bench.store.calls, bench.acts, bench.elector.leads], [["GET", "POST"], ["begins"], true]);
  await bench.pass(3 * RETRY_MS);
  deepEqual(bench.store.calls.slice(2), ["PUT", "PUT", "PUT"], "no look where nothing has changed");
  bench.stop.abort();
  equal(bench.elector.leads, false, "at once");
  await bench.end;
  deepEqual([bench.holder, bench.store.lease?.spec?.leaseDurationSeconds], ["", 1]);
  deepEqual([bench.acts, bench.messages()], [["begins", "ends"], ["this instance leads", "lease given up"]]);
});

Deno.test("a leader that cannot renew ends its work at the deadline, says so when it has ended, and campaigns again", async () => {
  const work = Promise.withResolvers<void>();
  const signals: AbortSignal[] = [];
  await using bench = new Bench(new Store(), async (signal) => {
    signals.push(signal);
    await aborted(signal);
    await work.promise;
  });
  await settle();
  bench.store.always = new ConnectionError("https://api", "ECONNREFUSED");
  await bench.pass(RENEW_MS - 500);
  deepEqual([signals[0]?.aborted, bench.elector.leads], [false, true]);
  await bench.pass(500);
  deepEqual([signals[0]?.aborted, bench.elector.leads], [true, false]);
  equal(bench.messages().includes("this instance leads no more"), false, "its work has not ended");
  delete bench.store.always;
  await bench.pass(RETRY_MS * 2);
  equal(signals.length, 1, "no second work beside the first");
  work.resolve();
  await settle();
  equal(bench.log.lines[2]?.fields.reason, "the lease was not renewed for 10s");
  deepEqual(
    bench.messages(),
    [
      "this instance leads",
      "the lease cannot be had or renewed; trying again until it works",
      "this instance leads no more",
      "the lease is within reach again",
      "this instance leads",
    ],
  );
  equal(bench.store.lease?.spec?.leaseTransitions, 0, "nobody else had it");
});

Deno.test("a process that was stopped for a while does not act before it has renewed, whatever wakes first", async () => {
  await using bench = new Bench();
  await settle();
  bench.clock.advance(RENEW_MS);
  deepEqual([bench.elector.leads, bench.elector.leadsOrWasLast], [false, false], "before any timer has run");
  await settle();
  deepEqual(bench.acts.slice(0, 2), ["begins", "ends"]);
});

Deno.test("contract 11.15: who led last is known to have, for as long as nobody can be asked", async () => {
  await using bench = new Bench();
  const seen = () => [bench.elector.leads, bench.elector.leadsOrWasLast];
  deepEqual(seen(), [false, false]);
  await settle();
  deepEqual(seen(), [true, true]);
  bench.store.always = new ConnectionError("https://api", "ECONNREFUSED");
  for (let minutes = 0; minutes < 10; minutes++) {
    await bench.pass(60_000);
    deepEqual(seen(), [false, true]);
  }
  delete bench.store.always;
  await bench.pass(RETRY_MS);
  deepEqual(seen(), [true, true]);

  bench.store.always = new ConnectionError("https://api", "ECONNREFUSED");
  await bench.pass(60_000);
  bench.store.set({ holderIdentity: "you", leaseDurationSeconds: 15 });
  delete bench.store.always;
  await bench.pass(RETRY_MS);
  deepEqual(seen(), [false, false], "it was cut off, and another leads");
});

Deno.test("time without an API does not count against the holder: it can renew before another takes the lease", async () => {
  const store = new Store();
  store.set({ holderIdentity: "you", leaseDurationSeconds: 15 });
  await using bench = new Bench(store);
  await bench.pass(RETRY_MS);
  store.always = new ConnectionError("https://api", "ECONNREFUSED");
  await bench.pass(60_000);
  delete store.always;
  await bench.pass(LEASE_MS);
  equal(bench.holder, "you");
  await bench.pass(RETRY_MS);
  equal(bench.holder, "me");
});

for (
  const [name, change] of [
    ["deleted", (store: Store) => store.lease = undefined],
    ["emptied", (store: Store) => store.set({ holderIdentity: "" })],
    ["labelled", (store: Store) => store.set(store.lease?.spec)],
  ] as const
) {
  Deno.test(`a leader whose lease was ${name} by hand has it again at its next renewal`, async () => {
    await using bench = new Bench();
    await settle();
    change(bench.store);
    await bench.pass(RETRY_MS);
    deepEqual([bench.holder, bench.acts, bench.elector.leads], ["me", ["begins"], true]);
  });
}

Deno.test("a leader whose lease another has got ends at its next renewal, and waits as long as that one says", async () => {
  await using bench = new Bench();
  await settle();
  bench.store.set({ holderIdentity: "somebody", leaseDurationSeconds: 30, leaseTransitions: 7 });
  await bench.pass(RETRY_MS);
  deepEqual([bench.acts, bench.elector.leads], [["begins", "ends"], false]);
  deepEqual(bench.log.lines.slice(1).map(({ message, fields }) => [message, fields.reason ?? fields.holder]), [
    ["this instance leads no more", "somebody has the lease"],
    ["another instance leads", "somebody"],
  ]);
  await bench.pass(29_500);
  equal(bench.holder, "somebody");
  await bench.pass(500);
  deepEqual([bench.holder, bench.store.lease?.spec?.leaseTransitions], ["me", 8]);
});

Deno.test("a lease of something that is not metalman and says nothing is taken after our own duration", async () => {
  const store = new Store();
  store.set({ holderIdentity: "cron job" });
  await using bench = new Bench(store);
  await bench.pass(LEASE_MS - 500);
  deepEqual([bench.holder, bench.messages()], ["cron job", ["another instance leads"]]);
  deepEqual(bench.log.lines[0]?.fields, { holder: "cron job", takenOverWithoutRenewalAfter: formatDuration(LEASE_MS) });
  await bench.pass(500);
  equal(bench.elector.leads, true);
});

Deno.test("contract 4: a missing right is one warning that names verb and resource, and is waited for", async () => {
  const store = new Store();
  const message =
    'leases.coordination.k8s.io "boss" is forbidden: User "u" cannot get resource "leases" in API group "coordination.k8s.io" in the namespace "ns"';
  store.always = new ApiError("GET /leases/boss", 403, { reason: "Forbidden", message });
  await using bench = new Bench(store);
  await bench.pass(10 * RETRY_MS);
  deepEqual(bench.messages(), ["no right to the lease; until it is granted this instance cannot lead"]);
  match(
    String(bench.log.lines[0]?.fields.error),
    /user "u" may not get leases.coordination.k8s.io "boss" in namespace ns/,
  );
  ok(store.calls.length > 9);
  delete store.always;
  await bench.pass(RETRY_MS);
  deepEqual(bench.messages("info"), ["the lease is within reach again", "this instance leads"]);
});

Deno.test("a namespace that does not exist or is being deleted, and a name that no Lease can have, are one warning each with the API's own words", async () => {
  const cases: [number, string][] = [
    [404, 'namespaces "ns" not found'],
    [422, 'metadata.name: Invalid value: "Boss"'],
    [403, 'leases "boss" is forbidden: unable to create new content in namespace ns because it is being terminated'],
  ];
  for (const [status, message] of cases) {
    const store = new Store();
    store.create = () => Promise.reject(new ApiError("POST /leases", status, { message }));
    await using bench = new Bench(store);
    await bench.pass(5 * RETRY_MS);
    deepEqual(bench.messages(), ["the lease cannot be had or renewed; trying again until it works"]);
    equal((bench.log.lines[0]?.fields.error as Error).message, `POST /leases: ${status}: ${message}`);
    equal(bench.log.lines[0]?.fields.remedy, status === 404 ? "kubectl create namespace ns" : undefined);
  }
});

Deno.test("of two that see the lease expire one gets it; the other's conflict is no trouble", async () => {
  const store = new Store();
  store.set({ holderIdentity: "", leaseDurationSeconds: 1 });
  store.before = () => store.set({ holderIdentity: "you", leaseDurationSeconds: 15 });
  await using bench = new Bench(store);
  await bench.pass(RETRY_MS);
  deepEqual([bench.acts, bench.messages()], [[], ["another instance leads"]]);
});

Deno.test("a renewal whose answer was lost is not taken for another's", async () => {
  await using bench = new Bench();
  await settle();
  const { store } = bench;
  store.before = () => {
    store.set(store.lease?.spec);
    throw new ConnectionError("https://api", "ECONNRESET");
  };
  await bench.pass(2 * RETRY_MS);
  deepEqual([bench.acts, bench.elector.leads], [["begins"], true]);
  store.before = () => store.set(store.lease?.spec);
  bench.stop.abort();
  await bench.end;
  equal(bench.holder, "", "nor is one that gives it up");
});

Deno.test("work that fails costs the lease, not the process: others come first, then it is tried again", async () => {
  let calls = 0;
  await using bench = new Bench(new Store(), async (signal) => {
    if (++calls === 1) throw new TypeError("broken");
    await aborted(signal);
  });
  await settle();
  deepEqual([bench.holder, bench.elector.leads, bench.messages("error")], ["", false, [
    "the leader's work has failed",
  ]]);
  await bench.pass(LEASE_MS);
  deepEqual([bench.holder, calls], ["me", 2]);
});

Deno.test("a lease that cannot be given up is left to expire, with a warning", async () => {
  await using bench = new Bench();
  await settle();
  bench.store.always = new ConnectionError("https://api", "ECONNREFUSED");
  bench.stop.abort();
  await bench.end;
  deepEqual(bench.messages("warn"), ["the lease could not be given up; another instance leads when it has expired"]);
});
