import assert from "node:assert/strict";
import fc from "fast-check";
import { advance, begin, lastBlockOf, type Step, type TransferState, waitMs } from "./transfer.ts";

function stateOf(step: Step): TransferState {
  assert.ok("state" in step, `${step.kind} has no state`);
  return step.state;
}
/** `data 1-4`, `oack`, `wait`, `done`, ... */
function show(step: Step): string {
  return step.kind === "data" ? `data ${step.from}-${step.to}` : step.kind;
}
/** Plays `ack N`, `timeout` or `error`, and says what each led to. */
function play(options: { window: number; lastBlock: number; offering: boolean }, events: string): string[] {
  let step = begin(options);
  const shown = [show(step)];
  for (const event of events.split(", ").filter((e) => e !== "")) {
    const [kind, number] = event.split(" ");
    if (kind === "ack") step = advance(stateOf(step), { kind, block: Number(number) });
    else if (kind === "timeout") step = advance(stateOf(step), { kind });
    else step = advance(stateOf(step), { kind: "error", code: 8, text: "User aborted the transfer" });
    shown.push(show(step));
  }
  return shown;
}

const CASES: [name: string, window: number, last: number, offering: boolean, events: string, wanted: string][] = [
  ["lock-step (RFC 1350 2)", 1, 2, false, "ack 1, ack 2", "data 1-1, data 2-2, done"],
  [
    "an ACK again sends nothing (RFC 1123 4.2.3.1)",
    1,
    3,
    false,
    "ack 1, ack 1, ack 1",
    "data 1-1, data 2-2, wait, wait",
  ],
  [
    "an ACK from the past or the future",
    1,
    9,
    false,
    "ack 1, ack 0, ack 3, ack 65535",
    "data 1-1, data 2-2, wait, wait, wait",
  ],
  ["OACK, then data on ACK 0 (RFC 2347)", 4, 9, true, "ack 0, ack 4", "oack, data 1-4, data 5-8"],
  ["ACK 1 does not agree to an OACK", 4, 9, true, "ack 1", "oack, wait"],
  ["OVMF's size query: ERROR 8 ends it", 4, 9, true, "error", "oack, refused"],
  ["time-out of an OACK", 1, 9, true, "timeout, ack 0", "oack, oack, data 1-1"],
  ["time-out of a window: all of it again", 4, 9, false, "ack 4, timeout", "data 1-4, data 5-8, data 5-8"],
  ["last window is cut short (RFC 7440 4)", 4, 6, false, "ack 4, ack 6", "data 1-4, data 5-6, done"],
  ["ACK inside the window: from there (RFC 7440 4)", 4, 20, false, "ack 2", "data 1-4, data 3-6"],
  ["ACK before the window's start", 4, 20, false, "ack 4, ack 3", "data 1-4, data 5-8, wait"],
  [
    "the lost block named again and again: sent again once",
    4,
    20,
    false,
    "ack 2, ack 2, ack 2",
    "data 1-4, data 3-6, wait, wait",
  ],
  ["after the gap was filled", 4, 20, false, "ack 2, ack 6", "data 1-4, data 3-6, data 7-10"],
  [
    "each block acknowledged on its own: the budget ends the copies",
    4,
    99,
    false,
    "ack 1, ack 2, ack 3, ack 4, ack 5",
    "data 1-4, data 2-5, data 3-6, data 7-7, data 8-8, data 6-9",
  ],
  [
    "nothing new and no budget",
    8,
    8,
    false,
    "ack 1, ack 2, ack 3, ack 4, ack 8",
    "data 1-8, data 2-8, wait, wait, data 5-8, done",
  ],
  [
    "a silent client",
    1,
    9,
    false,
    "timeout, timeout, timeout, timeout, timeout, timeout",
    "data 1-1, data 1-1, data 1-1, data 1-1, data 1-1, data 1-1, lost",
  ],
];
for (const [name, window, lastBlock, offering, events, wanted] of CASES) {
  Deno.test(`advance(): ${name}`, () => {
    assert.equal(play({ window, lastBlock, offering }, events).join(", "), wanted);
  });
}

Deno.test("lastBlockOf(): a full last block is followed by an empty one (RFC 1350 6)", () => {
  for (const [size, wanted] of [[0, 1], [511, 1], [512, 2], [513, 2], [512 * 65535, 65536]] as const) {
    assert.equal(lastBlockOf(size, 512), wanted);
  }
});

Deno.test("waitMs() doubles up to 16 s, or stays at a longer negotiated time-out (RFC 2349)", () => {
  const waits = (timeoutMs: number) =>
    [0, 1, 2, 3, 4, 5].map((resends) => waitMs({ resends } as TransferState, timeoutMs) / 1000);
  assert.deepEqual(waits(1000), [1, 2, 4, 8, 16, 16]);
  assert.deepEqual(waits(255_000), [255, 255, 255, 255, 255, 255]);
});

/** How a model client answers what it does not expect. */
type Manner =
  /** RFC 7440 section 4: one ACK for a gap. */
  | "careful"
  /** OVMF: an ACK for each packet out of order, copies too. */
  | "nervous"
  /** As if there were no windows. */
  | "each";

interface Channel {
  readonly loss: number;
  readonly copies: number;
  /** Packets overtake each other within this time. */
  readonly spreadMs: number;
  readonly seed: number;
}

/** A client and a server over a bad channel, in simulated time. */
class Simulation {
  #now = 0;
  #queue: { at: number; run: () => void }[] = [];
  #random: number;
  #state!: TransferState;
  #deadline = 0;
  #healed = false;
  #ended: Step["kind"] | undefined;
  #expected = 1;
  #unanswered = 0;
  #gapTold = false;
  /** Blocks the client took, in order. */
  received = 0;
  dataSent = 0;
  timeouts = 0;

  constructor(
    readonly options: { window: number; lastBlock: number; offering: boolean },
    readonly manner: Manner,
    readonly channel: Channel,
  ) {
    this.#random = channel.seed | 1;
  }

  run(): Step["kind"] {
    this.#act(begin(this.options));
    while (this.#ended === undefined) {
      const next = this.#queue[0];
      if (next !== undefined && next.at <= this.#deadline) {
        this.#queue.shift();
        this.#now = next.at;
        next.run();
      } else {
        this.#now = this.#deadline;
        this.timeouts++;
        this.#act(advance(this.#state, { kind: "timeout" }));
      }
    }
    return this.#ended;
  }

  #chance(share: number): boolean {
    this.#random = (Math.imul(this.#random, 1664525) + 1013904223) >>> 0;
    return this.#random / 2 ** 32 < share;
  }

  #transmit(run: () => void): void {
    const { loss, copies, spreadMs } = this.channel;
    if (!this.#healed && this.#chance(loss)) return;
    for (let n = this.#chance(copies) ? 2 : 1; n > 0; n--) {
      let at = this.#now + 1;
      for (let ms = 0; ms < spreadMs; ms++) if (this.#chance(0.5)) at++;
      let index = this.#queue.length;
      while (index > 0 && this.#queue[index - 1]!.at > at) index--;
      this.#queue.splice(index, 0, { at, run });
    }
  }

  #act(step: Step): void {
    if (!("state" in step)) return void (this.#ended = step.kind);
    this.#state = step.state;
    // A client that does not hear for long must get through in the end.
    this.#healed = step.state.resends >= 3;
    if (step.kind === "wait") return;
    if (step.kind === "oack") this.#transmit(() => this.#expected === 1 && this.#answer(0));
    else {
      for (let block = step.from; block <= step.to; block++) {
        this.dataSent++;
        this.#transmit(() => this.#onData(block & 0xffff));
      }
    }
    this.#deadline = this.#now + waitMs(step.state, 1000);
  }

  #answer(block: number): void {
    this.#unanswered = 0;
    this.#transmit(() => {
      if (this.#ended === undefined) this.#act(advance(this.#state, { kind: "ack", block: block & 0xffff }));
    });
  }

  #onData(wire: number): void {
    if (wire !== (this.#expected & 0xffff)) {
      // A copy of the newest block says that the ACK was lost (RFC 1350 section 6).
      const copy = wire === ((this.#expected - 1) & 0xffff);
      if (this.manner === "nervous" || copy || !this.#gapTold) this.#answer(this.#expected - 1);
      this.#gapTold = true;
      return;
    }
    this.received++;
    this.#expected++;
    this.#gapTold = false;
    this.#unanswered++;
    const last = this.received === this.options.lastBlock;
    if (last || this.manner === "each" || this.#unanswered >= this.options.window) this.#answer(this.#expected - 1);
  }
}

/** Every new block once, copies as far as new ACKs pay for them, and a window for each time-out. */
function assertDelivered(simulation: Simulation): void {
  assert.equal(simulation.run(), "done");
  const { options: { lastBlock, window }, timeouts } = simulation;
  assert.equal(simulation.received, lastBlock);
  const bound = 2 * lastBlock + window + timeouts * window;
  assert.ok(simulation.dataSent <= bound, `${simulation.dataSent} blocks sent, ${bound} allowed`);
}

Deno.test("any client over any channel that heals gets every block, at a bounded cost (RFC 1350, 7440)", () => {
  const channel = fc.record({
    loss: fc.constantFrom(0, 0.01, 0.1, 0.3),
    copies: fc.constantFrom(0, 0.02, 0.3),
    spreadMs: fc.constantFrom(0, 1, 20),
    seed: fc.nat(),
  });
  const options = fc.record({
    window: fc.integer({ min: 1, max: 64 }),
    lastBlock: fc.integer({ min: 1, max: 400 }),
    offering: fc.boolean(),
  });
  const manner = fc.constantFrom<Manner>("careful", "nervous", "each");
  fc.assert(
    fc.property(options, manner, channel, (o, m, c) => assertDelivered(new Simulation(o, m, c))),
    { numRuns: 500, seed: 7440 },
  );
});

Deno.test("a transfer of 140,000 blocks rolls over twice, with losses on the way", () => {
  const channel = { loss: 0.001, copies: 0.001, spreadMs: 0, seed: 3 };
  assertDelivered(new Simulation({ window: 16, lastBlock: 140_000, offering: true }, "careful", channel));
});

Deno.test("without loss or copies nothing is sent twice", () => {
  for (const window of [1, 4, 64]) {
    const options = { window, lastBlock: 1000, offering: true };
    const simulation = new Simulation(options, "careful", { loss: 0, copies: 0, spreadMs: 0, seed: 1 });
    assertDelivered(simulation);
    assert.equal(simulation.dataSent, 1000);
    assert.equal(simulation.timeouts, 0);
  }
});

Deno.test("300,000 random events: the window never moves back nor grows beyond its bound", () => {
  let seed = 99;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor(seed / 2 ** 32 * below);
  };
  let ended = 0;
  for (let run = 0; run < 3000; run++) {
    let step = begin({ window: 1 + random(64), lastBlock: 1 + random(2000), offering: random(2) === 0 });
    for (let i = 0; i < 100 && "state" in step; i++) {
      const before: TransferState = step.state;
      const near = before.acked + random(80);
      step = advance(
        before,
        random(20) === 0
          ? { kind: "timeout" }
          : { kind: "ack", block: (random(4) === 0 ? random(65536) : near) & 0xffff },
      );
      if (!("state" in step)) ended++;
      else {
        const { acked, sent, window, lastBlock, budget } = step.state;
        assert.ok(acked >= before.acked && sent >= before.sent && acked <= sent && sent <= lastBlock);
        assert.ok(sent - acked <= window && budget >= 0 && budget <= 2 * window);
        if (step.kind === "data") assert.ok(step.from > acked && step.to <= acked + window && step.from <= step.to);
      }
    }
  }
  assert.ok(ended > 100);
});
