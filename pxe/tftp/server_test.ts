import assert from "node:assert/strict";
import { MemoryLogger } from "../../base/log.ts";
import type { FileAnswer, FileResolver } from "../answer.ts";
import { AddressNotHere, PortInUse } from "../bind_error.ts";
import { startTftpServer, type TftpServer, type TftpServerOptions } from "./server.ts";

const ascii = (text: string) => new TextEncoder().encode(text);
const text = (packet: Uint8Array) => new TextDecoder("latin1").decode(packet);
const hello: FileAnswer = { kind: "bytes", body: ascii("hello\n"), etag: "e" };

/** A server on a free port of the loopback and what it logged. */
function serve(
  resolve: FileResolver,
  options: Partial<TftpServerOptions> = {},
): { server: TftpServer; log: MemoryLogger } {
  const log = new MemoryLogger();
  return { server: startTftpServer({ bindAddress: "127.0.0.1", port: 0, resolve, log, ...options }), log };
}

/** A client whose every packet the test chooses. */
class RawClient implements Disposable {
  readonly #socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  /** Where the last packet came from: the transfer's port. */
  from!: Deno.NetAddr;
  constructor(readonly server: TftpServer) {}
  async send(packet: string, to: Deno.Addr = this.from): Promise<void> {
    await this.#socket.send(Uint8Array.from(packet, (c) => c.charCodeAt(0)), to);
  }
  request(packet: string): Promise<void> {
    return this.send(packet, { transport: "udp", hostname: "127.0.0.1", port: this.server.port });
  }
  async receive(): Promise<string> {
    const [packet, from] = await this.#socket.receive();
    this.from = from as Deno.NetAddr;
    return text(packet);
  }
  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

/** Resolves once the server has no transfer left. */
async function ended(server: TftpServer): Promise<void> {
  await server.drain(5000);
  assert.equal(server.transfers, 0);
}

Deno.test("a transfer is logged in one line with client, path, bytes, options and outcome", async () => {
  const { server, log } = serve((client, path) => {
    assert.deepEqual([client, path], [0x7f000001, "/a"]);
    return hello;
  });
  using client = new RawClient(server);
  await client.request("\0\x01/a\0octet\0tsize\x000\0BLKSIZE\x008\0nonsense\x001\0");
  assert.equal(await client.receive(), "\0\x06tsize\x006\0BLKSIZE\x008\0");
  assert.notEqual(client.from.port, server.port);
  await client.send("\0\x04\0\0");
  assert.equal(await client.receive(), "\0\x03\0\x01hello\n");
  await client.send("\0\x04\0\x01");
  await ended(server);
  assert.equal(log.lines.length, 1);
  const { level, message, fields: { ms, ...fields } } = log.lines[0]!;
  assert.deepEqual([level, message, typeof ms], ["info", "TFTP transfer ended", "number"]);
  assert.deepEqual(fields, {
    client: "127.0.0.1",
    path: "/a",
    bytes: 6,
    mode: "octet",
    options: "tsize=6 BLKSIZE=8",
    outcome: "done",
  });
});

Deno.test("requests and transfers are counted once each, with what was sent twice", async () => {
  const seen: unknown[] = [];
  const observe: TftpServerOptions["observe"] = {
    refused: (why) => seen.push(why),
    started: () => seen.push("started"),
    ended: (how, { bytes, resentBlocks }) => seen.push([how, bytes, resentBlocks]),
  };
  const { server } = serve(
    (_, path) => path === "/a" ? { ...hello, body: new Uint8Array(600) } : { kind: "notYet", reason: "later" },
    { observe, maxTransfersPerClient: 1 },
  );
  using client = new RawClient(server);
  await client.request("\0\x02/a\0octet\0");
  await client.receive();
  await client.request("\0\x01/b\0octet\0");
  await client.receive();
  // Its place is free a moment after its answer.
  while (server.transfers > 0) await new Promise((resolve) => setTimeout(resolve, 0));
  await client.request("\0\x01/a\0octet\0timeout\x001\0windowsize\x002\0");
  await client.receive();
  using other = new RawClient(server);
  await other.request("\0\x01/a\0octet\0");
  await other.receive();
  await client.send("\0\x04\0\0");
  const blocks = [];
  // Block 1 and 2, and after a time-out both of them again.
  for (let i = 0; i < 4; i++) blocks.push((await client.receive()).charCodeAt(3));
  await client.send("\0\x04\0\x02");
  await ended(server);
  assert.deepEqual(blocks, [1, 2, 1, 2]);
  assert.deepEqual(seen, ["malformed", "notYet", "started", "busy", ["done", 600, 2]]);
});

Deno.test("OVMF's size query: ERROR 8 after the OACK ends the transfer without a warning", async () => {
  const { server, log } = serve(() => hello);
  using client = new RawClient(server);
  await client.request("\0\x01shimx64.efi\0octet\0tsize\x000\0blksize\x001468\0windowsize\x004\0");
  assert.equal(await client.receive(), "\0\x06tsize\x006\0blksize\x001468\0windowsize\x004\0");
  await client.send("\0\x05\0\x08User aborted the transfer\0");
  await ended(server);
  assert.deepEqual(log.lines.map(({ level, fields }) => [level, fields.outcome, fields.code]), [[
    "info",
    "refused",
    8,
  ]]);
});

const REFUSED: [name: string, answer: FileAnswer, wanted: string, level: string][] = [
  ["an unknown file: error 1", { kind: "notFound", reason: "no such file" }, "\0\x05\0\x01no such file\0", "info"],
  [
    "an image not yet local: error 0 (contract 6)",
    { kind: "notYet", reason: "pulling" },
    "\0\x05\0\0pulling\0",
    "info",
  ],
  [
    "a template that fails: error 0 (contract 11.14)",
    { kind: "failed", reason: "line 3" },
    "\0\x05\0\0line 3\0",
    "warn",
  ],
];
for (const [name, answer, wanted, level] of REFUSED) {
  Deno.test(`${name}, from the well-known port`, async () => {
    const { server, log } = serve(() => Promise.resolve(answer));
    using client = new RawClient(server);
    await client.request("\0\x01x\0octet\0");
    assert.equal(await client.receive(), wanted);
    assert.equal(client.from.port, server.port);
    await ended(server);
    assert.deepEqual(log.lines.map((line) => [line.level, line.fields.path]), [[level, "x"]]);
  });
}

Deno.test("a resolver that throws, and a file that cannot be opened: error 0, and the server lives on", async () => {
  const { server, log } = serve((_, path) => {
    if (path === "throws") throw new Error("bug");
    return path === "gone"
      ? { kind: "file", absolutePath: `${import.meta.dirname}/gone`, offset: 0, size: 1, etag: "" }
      : hello;
  });
  await using _ = server;
  using client = new RawClient(server);
  await client.request("\0\x01throws\0octet\0");
  assert.equal(await client.receive(), "\0\x05\0\0internal error\0");
  await client.request("\0\x01gone\0octet\0");
  assert.equal(await client.receive(), "\0\x05\0\0the file cannot be read\0");
  await client.request("\0\x01ok\0octet\0");
  assert.equal(await client.receive(), "\0\x03\0\x01hello\n");
  assert.ok(
    log.lines.some(({ level, fields }) =>
      level === "error" && String(fields.error).includes(`${import.meta.dirname}/gone`)
    ),
  );
});

Deno.test("a file shorter than announced: the client is told, the log says why", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, "short");
  const { server, log } = serve(() => ({ kind: "file", absolutePath: path, offset: 0, size: 100, etag: "" }));
  using client = new RawClient(server);
  await client.request("\0\x01x\0octet\0");
  assert.equal(await client.receive(), "\0\x05\0\0the file cannot be read\0");
  await ended(server);
  assert.match(String(log.lines[0]?.fields.error), /ends at 5 bytes, 100 were announced/);
  await Deno.remove(path);
});

Deno.test("a packet from a foreign port gets error 5 and the transfer goes on (RFC 1350 4)", async () => {
  const { server } = serve(() => hello);
  using client = new RawClient(server);
  using stranger = new RawClient(server);
  await client.request("\0\x01x\0octet\0");
  await client.receive();
  await stranger.send("\0\x05\0\0never answered\0", client.from);
  await stranger.send("\0\x04\0\x01", client.from);
  assert.equal(await stranger.receive(), "\0\x05\0\x05unknown port\0");
  assert.equal(server.transfers, 1);
  await client.send("\0\x04\0\x01");
  await ended(server);
});

Deno.test("a request that arrives twice starts one transfer; another one from the same port starts its own", async () => {
  const asked: string[] = [];
  const { server } = serve((_, path) => {
    asked.push(path);
    return hello;
  });
  using client = new RawClient(server);
  await client.request("\0\x01a\0octet\0");
  await client.request("\0\x01a\0octet\0");
  await client.receive();
  await client.request("\0\x01a\0octet\0");
  await client.request("\0\x01b\0octet\0");
  await client.receive();
  assert.deepEqual(asked, ["a", "b"]);
  assert.equal(server.transfers, 2);
  await server[Symbol.asyncDispose]();
});

Deno.test("transfers are bounded for one client and in all; the client is told", async () => {
  const { server, log } = serve(() => hello, { maxTransfersPerClient: 2 });
  await using _ = server;
  using first = new RawClient(server);
  for (const path of ["a", "b"]) {
    await first.request(`\0\x01${path}\0octet\0`);
    await first.receive();
  }
  await first.request("\0\x01c\0octet\0");
  assert.equal(await first.receive(), "\0\x05\0\0busy with 2 transfers to this client, 2 in all; try later\0");
  assert.match(String(log.lines[0]?.fields.reason), /^busy/);
});

Deno.test("a window that nobody answers is sent again on time-out (RFC 2349, RFC 7440)", async () => {
  const { server } = serve(() => ({ kind: "bytes", body: ascii("12345678abcdefgh"), etag: "" }));
  await using _ = server;
  using client = new RawClient(server);
  await client.request("\0\x01a\0octet\0blksize\x008\0windowsize\x003\0");
  await client.receive();
  await client.send("\0\x04\0\0");
  const window = ["\0\x03\0\x0112345678", "\0\x03\0\x02abcdefgh", "\0\x03\0\x03"];
  for (const wanted of [...window, ...window]) assert.equal(await client.receive(), wanted);
});

Deno.test("drain() accepts nothing more and lets a transfer finish; dispose ends it and tells the client", async () => {
  const { server } = serve(() => hello);
  using client = new RawClient(server);
  await client.request("\0\x01a\0octet\0");
  await client.receive();
  const drained = server.drain(20_000);
  await client.request("\0\x01b\0octet\0");
  await client.send("\0\x04\0\x01");
  await drained;

  const stopping = serve(() => hello);
  using other = new RawClient(stopping.server);
  await other.request("\0\x01a\0octet\0");
  await other.receive();
  await stopping.server[Symbol.asyncDispose]();
  assert.equal(await other.receive(), "\0\x05\0\0the server is stopping\0");
  assert.deepEqual(stopping.log.lines.map(({ fields }) => fields.outcome), ["stopped"]);
});

Deno.test("drain() ends what still runs when its time is up", async () => {
  const { server, log } = serve(() => hello);
  using client = new RawClient(server);
  await client.request("\0\x01a\0octet\0");
  await client.receive();
  await server.drain(1);
  assert.equal(await client.receive(), "\0\x05\0\0the server is stopping\0");
  assert.deepEqual(log.lines.map(({ fields }) => fields.outcome), ["stopped"]);
});

Deno.test("an aborted signal ends the server with its transfers", async () => {
  const controller = new AbortController();
  const { server } = serve(() => hello, { signal: controller.signal });
  using client = new RawClient(server);
  await client.request("\0\x01a\0octet\0");
  await client.receive();
  controller.abort();
  assert.equal(await client.receive(), "\0\x05\0\0the server is stopping\0");
  await ended(server);
});

Deno.test("a port in use and a foreign address are named with the flag that helps", async () => {
  const { server } = serve(() => hello);
  await using _ = server;
  assert.throws(
    () => serve(() => hello, { port: server.port }),
    (error: Error) =>
      error instanceof PortInUse && error.message.includes(String(server.port)) &&
      error.message.includes("--tftp-port"),
  );
  assert.throws(
    () => serve(() => hello, { bindAddress: "192.0.2.1" }),
    (error: Error) => error instanceof AddressNotHere && error.message.includes("192.0.2.1"),
  );
});

Deno.test("a flood of malformed requests is answered, and logged at most 20 lines a second", async () => {
  const { server, log } = serve(() => hello);
  await using _ = server;
  using client = new RawClient(server);
  for (let i = 0; i < 200; i++) {
    await client.request("\0\x01unterminated");
    assert.equal(await client.receive(), "\0\x05\0\x04file name or mode does not end\0");
  }
  assert.ok(log.lines.length > 0 && log.lines.length < 200);
});

Deno.test("a flood of requests for a file that is not there is answered, and logged no more than the budget says", async () => {
  const { server, log } = serve(() => ({ kind: "notFound", reason: "no such file" }), {
    lines: { burst: 5, perSecond: 0 },
  });
  await using _ = server;
  using client = new RawClient(server);
  for (let i = 0; i < 20; i++) {
    await client.request("\0\x01x\0octet\0");
    assert.equal(await client.receive(), "\0\x05\0\x01no such file\0");
  }
  assert.equal(log.lines.length, 5);
});
