import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { FakeClock, systemClock } from "../base/clock.ts";
import { plainAnswer, TlsPeer } from "../tests/redfish/tls_peer.ts";
import type { TransportLimits } from "./exchange_transport.ts";
import { HttpsTransport } from "./transport.ts";
import { BmcError, type BmcFault } from "./types.ts";

const GET = { method: "GET", path: "/redfish/v1/" } as const;
const POST = { method: "POST", path: "/reset", body: { ResetType: "On" } } as const;
const never = new AbortController().signal;
const DAY = 86_400_000;

const hello = (socket: Socket) => void socket.write(plainAnswer("{}"));

const fails = (fault: BmcFault, ...words: RegExp[]) => (error: unknown) => {
  assert.ok(error instanceof BmcError, String(error));
  assert.equal(error.fault, fault, error.message);
  for (const word of words) assert.match(error.message, word);
  return true;
};

/** A transport that is closed at the end. */
function transportTo(origin: URL, more: { fingerprint?: string; limits?: TransportLimits; clock?: FakeClock } = {}) {
  const transport = new HttpsTransport({ clock: systemClock, ...more, origin });
  return Object.assign(transport, { [Symbol.dispose]: () => transport.close() });
}

Deno.test("contract 9: first contact takes any certificate and tells its SHA-256 in lower-case hex with colons", async () => {
  await using peer = await TlsPeer.start(hello);
  using transport = transportTo(peer.origin);
  assert.equal(transport.fingerprint, undefined);
  assert.deepEqual((await transport.ask(GET, never)).text, "{}");
  assert.match(transport.fingerprint ?? "", /^([0-9a-f]{2}:){31}[0-9a-f]{2}$/);
  assert.equal(transport.fingerprint, peer.fingerprint);
});

Deno.test("contract 9: an expired certificate and one not yet valid are as good as any other, pinned", async () => {
  for (const fromMs of [Date.now() - 1000 * DAY, Date.now() + 100 * DAY]) {
    await using peer = await TlsPeer.start(hello, { fromMs });
    using transport = transportTo(peer.origin, { fingerprint: peer.fingerprint });
    assert.equal((await transport.ask(GET, never)).status, 200);
  }
});

Deno.test("contract 9: another certificate than the pinned one is sent no byte", async () => {
  await using peer = await TlsPeer.start(hello);
  const pinned = "00:".repeat(31) + "00";
  using transport = transportTo(peer.origin, { fingerprint: pinned });
  await assert.rejects(transport.ask(GET, never), fails("certificate", /status\.redfish\.certFingerprint/, /00:00/));
  assert.equal(peer.connections, 1);
  assert.equal(peer.decrypted, 0);
});

Deno.test("contract 9: what was seen first stays pinned, also without a pin from outside", async () => {
  await using peer = await TlsPeer.start(hello);
  using transport = transportTo(peer.origin);
  await transport.ask(GET, never);
  await peer.renew();
  const before = peer.decrypted;
  await assert.rejects(transport.ask(GET, never), fails("certificate"));
  assert.equal(peer.decrypted, before);
});

Deno.test("one connection carries request after request, in HTTP as BMCs like it", async () => {
  await using peer = await TlsPeer.start(hello);
  using transport = transportTo(peer.origin);
  for (let i = 0; i < 20; i++) await transport.ask(GET, never);
  await transport.ask({ ...POST, headers: { "If-Match": "5" } }, never);
  assert.equal(peer.connections, 1);
  const sent = peer.requests.at(-1)!;
  assert.match(sent, /^POST \/reset HTTP\/1\.1\r\n/);
  for (
    const header of ["Accept-Encoding: identity", "If-Match: 5", "Content-Type: application/json", "Content-Length: 18"]
  ) {
    assert.ok(sent.toLowerCase().includes(header.toLowerCase()), header);
  }
});

Deno.test("a kept connection that was closed: a log-out is sent again, or its session stays on the BMC", async () => {
  await using peer = await TlsPeer.start((socket, _, number) => number === 2 ? void socket.destroy() : hello(socket));
  using transport = transportTo(peer.origin);
  await transport.ask(GET, never);
  assert.equal((await transport.ask({ method: "DELETE", path: "/s/1" }, never)).status, 200);
  assert.equal(peer.requests.length, 3);
});

Deno.test("a kept connection that was closed: a GET is sent again, an action never is", async () => {
  await using peer = await TlsPeer.start((socket, _, number) =>
    number === 2 || number === 5 ? void socket.destroy() : hello(socket)
  );
  using transport = transportTo(peer.origin);
  await transport.ask(GET, never);
  assert.equal((await transport.ask(GET, never)).status, 200);
  assert.equal(peer.requests.length, 3);
  await transport.ask(GET, never);
  assert.equal(peer.connections, 2, "the action goes over a connection that was kept so far");
  await assert.rejects(transport.ask(POST, never), fails("unreachable", /closed the connection before it answered/));
  assert.equal(peer.requests.length, 5);
  assert.equal((await transport.ask(GET, never)).status, 200);
});

Deno.test("RFC 9112 9.3.1: a BMC that closes after each answer and does not say so is sent every action once, and takes it", async () => {
  const hasAnswered = new WeakSet<Socket>();
  await using peer = await TlsPeer.start((socket) => {
    // Its close and this request have passed each other on the way.
    if (hasAnswered.has(socket)) return void socket.destroy();
    hasAnswered.add(socket);
    hello(socket);
  });
  const clock = new SteppingClock();
  using transport = transportTo(peer.origin, { clock });
  await transport.ask(GET, never);
  const asked = transport.ask(POST, never);
  await Promise.race([clock.waitedFor(50), asked]);
  await peer.reset();
  assert.equal((await asked).status, 200);
  assert.deepEqual([peer.connections, peer.requests.length, clock.sleeping], [2, 2, 0]);
});

Deno.test("a connection that stays open carries actions too, after one wait for its end", async () => {
  await using peer = await TlsPeer.start(hello);
  const clock = new SteppingClock();
  using transport = transportTo(peer.origin, { clock });
  await transport.ask(GET, never);
  const asked = transport.ask(POST, never);
  await Promise.race([clock.waitedFor(50), asked]);
  clock.advance(50);
  await asked;
  await transport.ask(POST, never);
  assert.equal(peer.connections, 1);
});

Deno.test("a kept connection that is reset while nothing is asked disturbs nobody", async () => {
  await using peer = await TlsPeer.start(hello);
  using transport = transportTo(peer.origin);
  await transport.ask(GET, never);
  await peer.reset();
  assert.equal((await transport.ask(GET, never)).status, 200);
  assert.equal(peer.connections, 2);
});

Deno.test("a BMC that never answers: each part has its time limit", async (t) => {
  const late = { connectMs: 1000, handshakeMs: 2000, headMs: 3000, bodyMs: 4000 };
  await t.step("connection", async () => {
    await using peer = await TlsPeer.start(hello);
    const clock = new SteppingClock();
    using transport = transportTo(peer.origin, { clock, limits: late });
    const asked = assert.rejects(transport.ask(GET, never), fails("unreachable", /no connection within 1 s/));
    await clock.waitedFor(1000);
    clock.advance(1000);
    await asked;
    assert.equal(peer.decrypted, 0);
  });
  await t.step("handshake", async () => {
    await using server = await SilentServer.start();
    const clock = new FakeClock();
    using transport = transportTo(server.origin, { clock, limits: late });
    const asked = assert.rejects(transport.ask(GET, never), fails("unreachable", /TLS handshake within 2 s/));
    await server.heard;
    clock.advance(2000);
    await asked;
    assert.equal(clock.sleeping, 0);
  });
  const stages: readonly [string, RegExp, (socket: Socket) => void][] = [
    ["head", /no answer to the request within 3 s/, () => {}],
    ["half a head", /no answer to the request within 3 s/, (socket) => void socket.write("HTTP/1.1 200 OK\r\nX-A: ")],
    [
      "body",
      /no end of the answer within 4 s/,
      (socket) => void socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"),
    ],
  ];
  for (const [stage, message, act] of stages) {
    await t.step(stage, async () => {
      const heard = Promise.withResolvers<void>();
      await using peer = await TlsPeer.start((socket) => {
        act(socket);
        heard.resolve();
      });
      const clock = new SteppingClock();
      using transport = transportTo(peer.origin, { clock, limits: late });
      const asked = assert.rejects(transport.ask(GET, never), fails("unreachable", message));
      await heard.promise;
      await clock.waitedFor(stage === "body" ? 4000 : 3000);
      clock.advance(4000);
      await asked;
    });
  }
});

/** Takes a connection and says nothing. */
class SilentServer implements AsyncDisposable {
  readonly #heard = Promise.withResolvers<void>();
  readonly #left = Promise.withResolvers<void>();
  readonly #server = createServer((socket) => {
    socket.on("error", () => {}).once("data", () => this.#heard.resolve()).once("close", () => this.#left.resolve());
  });

  static async start(): Promise<SilentServer> {
    const silent = new SilentServer();
    await new Promise<void>((resolve) => silent.#server.listen(0, "127.0.0.1", () => resolve()));
    return silent;
  }
  get origin(): URL {
    return new URL(`https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
  }
  /** The client has begun. */
  get heard(): Promise<void> {
    return this.#heard.promise;
  }
  /** The client has closed the connection. */
  get left(): Promise<void> {
    return this.#left.promise;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.left;
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Tells when somebody begins to wait. */
class SteppingClock extends FakeClock {
  readonly #begun = new Map<number, PromiseWithResolvers<void>>();

  waitedFor(ms: number): Promise<void> {
    return this.#of(ms).promise;
  }
  #of(ms: number): PromiseWithResolvers<void> {
    const known = this.#begun.get(ms) ?? Promise.withResolvers<void>();
    this.#begun.set(ms, known);
    return known;
  }
  override sleep(...args: Parameters<FakeClock["sleep"]>): Promise<void> {
    this.#of(args[0]).resolve();
    return super.sleep(...args);
  }
}

Deno.test("abort ends a request at once, in whatever part it is, and it is never sent again", async (t) => {
  const parts: readonly [string, (socket: Socket) => void][] = [
    ["no answer", () => {}],
    ["half an answer", (socket) => void socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")],
  ];
  for (const [part, act] of parts) {
    await t.step(part, async () => {
      const heard = Promise.withResolvers<void>();
      await using peer = await TlsPeer.start((socket, _, number) => {
        if (number === 1) return hello(socket);
        act(socket);
        heard.resolve();
      });
      using transport = transportTo(peer.origin);
      await transport.ask(GET, never);
      const controller = new AbortController();
      const asked = transport.ask(POST, controller.signal);
      await heard.promise;
      const reason = new Error("stop");
      controller.abort(reason);
      await assert.rejects(asked, (error) => error === reason);
      peer.behave = hello;
      assert.equal((await transport.ask(GET, never)).status, 200);
      assert.equal(peer.requests.filter((request) => request.startsWith("POST")).length, 1);
    });
  }
  await t.step("handshake", async () => {
    await using server = await SilentServer.start();
    using transport = transportTo(server.origin);
    const controller = new AbortController();
    const asked = transport.ask(GET, controller.signal);
    await server.heard;
    const reason = new Error("stop");
    controller.abort(reason);
    await assert.rejects(asked, (error) => error === reason);
    await server.left;
  });
  await t.step("before it begins", async () => {
    await using peer = await TlsPeer.start(hello);
    using transport = transportTo(peer.origin);
    const reason = new Error("stop");
    await assert.rejects(transport.ask(GET, AbortSignal.abort(reason)), (error) => error === reason);
    assert.equal(peer.connections, 0);
  });
});

Deno.test("answers without end are cut off: body and head", async () => {
  await using peer = await TlsPeer.start((socket) => {
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    const more = () => {
      while (!socket.destroyed && socket.write("x".repeat(1000)));
    };
    socket.on("drain", more);
    more();
  });
  using transport = transportTo(peer.origin, { limits: { maxBytes: 5000 } });
  await assert.rejects(transport.ask(GET, never), fails("protocol", /more than 5000 bytes/));
  peer.behave = (socket) => {
    socket.write("HTTP/1.1 200 OK\r\n");
    const more = () => {
      while (!socket.destroyed && socket.write(`X-A: ${"x".repeat(1000)}\r\n`));
    };
    socket.on("drain", more);
    more();
  };
  await assert.rejects(transport.ask(GET, never), fails("protocol", /HTTP/));
});

Deno.test("an answer that breaks off: the status of an error counts, half a document does not", async () => {
  await using peer = await TlsPeer.start((socket) => {
    socket.write("HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n<html>");
    socket.end();
  });
  using transport = transportTo(peer.origin);
  assert.equal((await transport.ask(GET, never)).status, 401);
  peer.behave = (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"a":');
    socket.end();
  };
  await assert.rejects(transport.ask(GET, never), fails("unreachable", /broke off/));
  peer.behave = (socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\n{"until":"the end"}');
  assert.equal((await transport.ask(GET, never)).text, '{"until":"the end"}');
});

Deno.test("what is no HTTPS is called what it is", async () => {
  const server = createServer((socket) => void socket.on("error", () => {}).resume().end("SSH-2.0\r\n"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const { port } = server.address() as AddressInfo;
  using transport = transportTo(new URL(`https://127.0.0.1:${port}`));
  await assert.rejects(transport.ask(GET, never), fails("tls", /does not speak TLS/));
  await new Promise((resolve) => server.close(resolve));
  await assert.rejects(transport.ask(GET, never), fails("unreachable", /refuses the connection/));
  await using peer = await TlsPeer.start((socket) => void socket.end("SSH-2.0-OpenSSH_9.2\r\n"));
  using other = transportTo(peer.origin);
  await assert.rejects(other.ask(GET, never), fails("protocol", /HTTP/));
});
