import assert from "node:assert/strict";
import { negotiate } from "./options.ts";
import { MemorySource } from "./read_ahead.ts";
import { type DatagramPort, Session } from "./session.ts";

const PEER: Deno.NetAddr = { transport: "udp", hostname: "10.0.0.9", port: 2070 };

/** A port on which nothing ever arrives. */
class SilentPort implements DatagramPort {
  sent = 0;
  closed = 0;
  readonly #end = Promise.withResolvers<[Uint8Array, Deno.Addr]>();
  constructor(readonly sendError?: Error) {}
  receive(): Promise<[Uint8Array, Deno.Addr]> {
    return this.#end.promise;
  }
  send(packet: Uint8Array): Promise<number> {
    this.sent++;
    return this.sendError === undefined ? Promise.resolve(packet.length) : Promise.reject(this.sendError);
  }
  close(): void {
    this.closed++;
    this.#end.reject(new Deno.errors.BadResource("closed"));
  }
}

for (const sendError of [undefined, new Error("Network is unreachable")]) {
  Deno.test(`a client that is silent is given up after five time-outs${sendError ? "; the log can say that nothing got out" : ""}`, async () => {
    const port = new SilentPort(sendError);
    let now = 0;
    const source = new MemorySource(new Uint8Array(1000));
    const session = new Session({ port, peer: PEER, source, terms: negotiate([], 1000), now: () => now });
    const outcome = session.run();
    for (const waitMs of [1000, 2000, 4000, 8000, 16_000, 16_000]) {
      await settled();
      const before = port.sent;
      session.tick(now + waitMs - 1);
      assert.equal(port.sent, before, "too early");
      now += waitMs;
      session.tick(now);
      await settled();
    }
    assert.deepEqual(await outcome, { kind: "lost", ackedBytes: 0, sendError: sendError?.message });
    assert.equal(port.sent, 6);
    assert.equal(session.resentBlocks, 5);
    assert.equal(port.closed, 1);
  });
}

/** Resolves after all that is ready has run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
