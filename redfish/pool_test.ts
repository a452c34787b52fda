import assert from "node:assert/strict";
import { FakeClock } from "../base/clock.ts";
import { MemoryLogger } from "../base/log.ts";
import { BmcPool, type BmcPoolOptions } from "./pool.ts";
import type { Bmc, BmcTarget } from "./types.ts";

const never = new AbortController().signal;

const targetOf = (host: string, more: Partial<BmcTarget> = {}): BmcTarget => ({
  url: `https://${host}`,
  deviceId: "1",
  username: "admin",
  password: "one",
  ...more,
});

/** Opens BMCs that note what happens to them. */
class Rack {
  readonly events: string[] = [];
  readonly log = new MemoryLogger();
  readonly clock = new FakeClock();
  /** Sessions by URL, and the most that one had. */
  readonly open = new Map<string, number>();
  mostOpen = 0;

  pool(concurrency = 10, more: Partial<BmcPoolOptions> = {}): BmcPool {
    const { clock, log } = this;
    return new BmcPool({ concurrency, open: (target) => this.#open(target), clock, log, ...more });
  }

  #open(target: BmcTarget): Bmc {
    const { url, deviceId, password, fingerprint } = target;
    const name = `${new URL(url).hostname} ${deviceId} ${password}`;
    this.events.push(`open ${name}`);
    this.#count(url, 1);
    const unused = () => Promise.reject(new Error("not asked"));
    const close = () => {
      this.events.push(`close ${name}`);
      this.#count(url, -1);
      return Promise.resolve();
    };
    const disconnect = () => void this.events.push(`disconnect ${name}`);
    return { fingerprint: fingerprint ?? "seen", look: unused, setBoot: unused, power: unused, disconnect, close };
  }

  #count(url: string, more: number): void {
    const count = (this.open.get(url) ?? 0) + more;
    this.open.set(url, count);
    this.mostOpen = Math.max(this.mostOpen, count);
  }
}

/** Lets everything go on that can without time passing. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

const done = () => Promise.resolve();

Deno.test("contract 11.2: a connection is kept for the same URL, system, user, secret and pin, and for no other", async () => {
  const others: readonly [string, Partial<BmcTarget>][] = [
    ["system", { deviceId: "2" }],
    ["user", { username: "root" }],
    ["secret", { password: "two" }],
    ["pin", { fingerprint: "another" }],
  ];
  for (const [field, more] of others) {
    const rack = new Rack();
    await using pool = rack.pool();
    await pool.use(targetOf("a"), never, done);
    await pool.use(targetOf("a"), never, done);
    assert.equal(rack.events.length, 1, field);
    await pool.use(targetOf("a", more), never, done);
    assert.equal(rack.events.map((event) => event.split(" ")[0]).join(" "), "open close open", field);
    assert.equal(rack.mostOpen, 1, field);
  }
});

Deno.test("contract 9: a first contact goes on with its session when the certificate that it saw is pinned", async () => {
  const rack = new Rack();
  await using pool = rack.pool();
  await pool.use(targetOf("a"), never, done);
  await pool.use(targetOf("a", { fingerprint: "seen" }), never, done);
  assert.equal(rack.events.length, 1);
  // What was pinned stays so, also for one that has no pin.
  await pool.use(targetOf("a"), never, done);
  assert.equal(rack.events.length, 3);
  await pool.use(targetOf("a", { fingerprint: "seen", password: "two" }), never, done);
  await pool.use(targetOf("a", { fingerprint: "other" }), never, done);
  assert.equal(rack.events.length, 7);
});

Deno.test("one call at a time to each URL, whoever asks, in the order in which they came", async () => {
  const rack = new Rack();
  await using pool = rack.pool();
  const order: string[] = [];
  let atOnce = 0;
  let most = 0;
  const targets = [
    targetOf("a"),
    targetOf("a", { deviceId: "2" }),
    targetOf("a", { url: "https://A:443/" }),
    targetOf("a", { password: "two" }),
  ];
  await Promise.all(targets.flatMap((target, i) =>
    [0, 1, 2].map((round) =>
      pool.use(target, never, async () => {
        most = Math.max(most, ++atOnce);
        order.push(`${i}.${round}`);
        await settle();
        atOnce--;
      })
    )
  ));
  assert.equal(most, 1);
  assert.deepEqual(order, targets.flatMap((_, i) => [0, 1, 2].map((round) => `${i}.${round}`)));
  assert.equal(rack.mostOpen, 1);
});

Deno.test("as many BMCs at once as allowed, and no more", async () => {
  const rack = new Rack();
  await using pool = rack.pool(3);
  let atOnce = 0;
  let most = 0;
  await Promise.all(Array.from({ length: 20 }, (_, i) =>
    pool.use(targetOf(`b${i}`), never, async () => {
      most = Math.max(most, ++atOnce);
      await settle();
      atOnce--;
    })));
  assert.equal(most, 3);
});

Deno.test("BMCs that never answer hold up nobody: a call that takes long does not count any more", async () => {
  const rack = new Rack();
  await using pool = rack.pool(2);
  const stop = new AbortController();
  const hung = ["x", "y"].map((host) =>
    pool.use(
      targetOf(host),
      never,
      () => new Promise<void>((resolve) => stop.signal.addEventListener("abort", () => resolve())),
    )
  );
  await settle();
  let isDone = false;
  const waiting = pool.use(targetOf("z"), never, done).then(() => isDone = true);
  await settle();
  assert.equal(isDone, false);
  rack.clock.advance(2000);
  await waiting;
  // Their places are given back once, not twice.
  stop.abort();
  await Promise.all(hung);
  let most = 0;
  let atOnce = 0;
  await Promise.all(["1", "2", "3", "4"].map((host) =>
    pool.use(targetOf(host), never, async () => {
      most = Math.max(most, ++atOnce);
      await settle();
      atOnce--;
    })
  ));
  assert.equal(most, 2);
});

Deno.test("who gives up waiting leaves at once, and the next goes on", async () => {
  const rack = new Rack();
  await using pool = rack.pool(1);
  const stop = Promise.withResolvers<void>();
  const first = pool.use(targetOf("a"), never, () => stop.promise);
  await settle();
  const reason = new Error("stop");
  for (const host of ["a", "b"]) {
    const controller = new AbortController();
    const waiting = pool.use(targetOf(host), controller.signal, () => assert.fail("ran"));
    await settle();
    controller.abort(reason);
    await assert.rejects(waiting, (error) => error === reason, host);
  }
  const next = pool.use(targetOf("a"), never, done);
  stop.resolve();
  await Promise.all([first, next]);
  await pool.use(targetOf("b"), never, done);
});

Deno.test("a call that fails frees the BMC, with its own error", async () => {
  const rack = new Rack();
  await using pool = rack.pool(1);
  await assert.rejects(pool.use(targetOf("a"), never, () => Promise.reject(new Error("mine"))), /mine/);
  await pool.use(targetOf("a"), never, done);
});

Deno.test("an idle session is ended after 20 s, before BMCs forget it themselves; each call begins the time anew", async () => {
  const rack = new Rack();
  await using pool = rack.pool();
  await pool.use(targetOf("a"), never, done);
  rack.clock.advance(15_000);
  await pool.use(targetOf("a"), never, done);
  rack.clock.advance(15_000);
  await settle();
  assert.deepEqual(rack.events, ["open a 1 one"]);
  rack.clock.advance(5_000);
  await settle();
  assert.deepEqual(rack.events, ["open a 1 one", "close a 1 one"]);
  assert.equal(pool.size, 0);
  await pool.use(targetOf("a"), never, done);
  assert.equal(rack.events.length, 3);
});

Deno.test("a session is not ended while a call is under way", async () => {
  const rack = new Rack();
  await using pool = rack.pool();
  await pool.use(targetOf("a"), never, done);
  const stop = Promise.withResolvers<void>();
  const long = pool.use(targetOf("a"), never, () => stop.promise);
  await settle();
  rack.clock.advance(60_000);
  await settle();
  assert.deepEqual(rack.events, ["open a 1 one"]);
  stop.resolve();
  await long;
});

Deno.test("a Machine that is gone closes its own, after a call under way, and nobody else's", async () => {
  const rack = new Rack();
  await using pool = rack.pool();
  await pool.use(targetOf("a"), never, done);
  await pool.use(targetOf("b"), never, done);
  await pool.release(targetOf("a", { deviceId: "2" }));
  await pool.release(targetOf("nobody"));
  assert.equal(rack.events.length, 2);
  const stop = Promise.withResolvers<void>();
  const call = pool.use(targetOf("a"), never, () => stop.promise);
  const released = pool.release(targetOf("a"));
  await settle();
  assert.equal(rack.events.length, 2);
  stop.resolve();
  await Promise.all([call, released]);
  assert.deepEqual(rack.events.slice(2), ["close a 1 one"]);
});

Deno.test("a call with a new password that is given up at the gate: the session of the old one still ends after 20 s", async () => {
  const rack = new Rack();
  await using pool = rack.pool(1);
  await pool.use(targetOf("a"), never, done);
  const stop = Promise.withResolvers<void>();
  const busy = pool.use(targetOf("b"), never, () => stop.promise);
  await settle();
  const controller = new AbortController();
  const waiting = ["a", "c"].map((host) =>
    pool.use(targetOf(host, { password: "two" }), controller.signal, () => assert.fail("ran"))
  );
  await settle();
  controller.abort(new Error("the Machine has changed"));
  for (const call of waiting) await assert.rejects(call, /has changed/);
  await pool.release(targetOf("a", { password: "two" }));
  stop.resolve();
  await busy;
  rack.clock.advance(20_000);
  await settle();
  assert.deepEqual(rack.events.filter((event) => event.endsWith("a 1 one")), ["open a 1 one", "close a 1 one"]);
  assert.equal(pool.size, 0, "nor is a BMC remembered that was never spoken to");
});

Deno.test("connections are kept between turns as far as allowed; the sessions of the others are kept without one", async () => {
  const rack = new Rack();
  await using pool = rack.pool(10, { kept: 2 });
  for (const host of ["a", "b", "c", "a", "c"]) await pool.use(targetOf(host), never, done);
  const opened = ["open a 1 one", "open b 1 one", "open c 1 one"];
  assert.deepEqual(rack.events, [...opened, "disconnect c 1 one", "disconnect c 1 one"]);
  await pool.release(targetOf("b"));
  await pool.use(targetOf("c"), never, done);
  assert.deepEqual(rack.events.slice(5), ["close b 1 one"]);
  // As it was before: the same BMC under its new pin counts once.
  await pool.use(targetOf("c", { fingerprint: "seen" }), never, done);
  await pool.use(targetOf("d"), never, done);
  assert.deepEqual(rack.events.slice(6), ["open d 1 one", "disconnect d 1 one"]);
});

Deno.test("disposal ends every session, and refuses what comes after", async () => {
  const rack = new Rack();
  const pool = rack.pool();
  await Promise.all(["a", "b", "c"].map((host) => pool.use(targetOf(host), never, done)));
  await pool[Symbol.asyncDispose]();
  assert.deepEqual(rack.events.slice(3).sort(), ["close a 1 one", "close b 1 one", "close c 1 one"]);
  await assert.rejects(pool.use(targetOf("a"), never, done));
  assert.equal(rack.events.length, 6);
  assert.equal(rack.clock.sleeping, 0);
  assert.deepEqual(rack.log.lines, []);
});
