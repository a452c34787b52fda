import assert from "node:assert/strict";
import { parseIpv4 } from "../../base/address.ts";
import { FakeClock } from "../../base/clock.ts";
import { MemoryLogger } from "../../base/log.ts";
import type { Directory, LeaseHit } from "../../machine/directory.ts";
import { AddressNotHere, PortInUse } from "../bind_error.ts";
import { OPTION, u32Data } from "./options.ts";
import { parsePacket } from "./packet.ts";
import { MESSAGE_TYPE } from "./reply.ts";
import { type DhcpEvent, type DhcpServer, type DhcpServerOptions, startDhcpServer } from "./server.ts";
import { bytesOf, type ClientFields, clientMessage, DIRECTORY, HIT, IMAGE, MAC } from "./testdata/client.ts";

const LOOPBACK = parseIpv4("127.0.0.1");
/** Loopback has more than one address: clients can be told from the server there. */
const CLIENT = "127.0.0.2";

/** A server and one who talks to it, as relay and as client. */
class Bench implements AsyncDisposable {
  readonly log = new MemoryLogger();
  readonly events: DhcpEvent[] = [];
  readonly peer = Deno.listenDatagram({ transport: "udp", hostname: CLIENT, port: 0 });
  readonly server: DhcpServer;

  constructor(mode: DhcpServerOptions["mode"], more: Partial<DhcpServerOptions> = {}) {
    const { port } = this.peer.addr as Deno.NetAddr;
    this.server = startDhcpServer({
      mode,
      serveUrl: "http://127.0.0.1:8880",
      directory: DIRECTORY,
      images: { imageFor: () => IMAGE },
      log: this.log,
      onDecision: (event) => this.events.push(event),
      port: 0,
      clientPort: port,
      relayPort: port,
      ...more,
    });
  }

  async send(bytes: Uint8Array): Promise<void> {
    await this.peer.send(bytes, { transport: "udp", hostname: "127.0.0.1", port: this.server.port });
  }

  async ask(type: keyof typeof MESSAGE_TYPE, fields: ClientFields) {
    await this.send(bytesOf(clientMessage(MESSAGE_TYPE[type], fields)));
  }

  /** The next answer and whom it is from. */
  async answer() {
    const [bytes, from] = await this.peer.receive();
    return { message: parsePacket(bytes), from: (from as Deno.NetAddr).hostname };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    this.peer.close();
  }
}

/** A server that is not expected to start. */
function attempt(mode: DhcpServerOptions["mode"], port: number): DhcpServer {
  const images = { imageFor: () => IMAGE };
  return startDhcpServer({ mode, port, serveUrl: "", directory: DIRECTORY, images, log: new MemoryLogger() });
}

const RELAY_MODE = { kind: "relay", bindAddress: "127.0.0.1", serverIp: "127.0.0.1" } as const;
const FROM_RELAY = { giaddr: parseIpv4(CLIENT) };

Deno.test("startDhcpServer() in relay mode answers giaddr (contract section 5)", async () => {
  await using bench = new Bench(RELAY_MODE);
  await bench.ask("discover", FROM_RELAY);
  const { message } = await bench.answer();
  assert.equal(message.options.get(OPTION.messageType)?.[0], MESSAGE_TYPE.offer);
  assert.deepEqual(message.options.get(OPTION.serverId), u32Data(LOOPBACK));
});

Deno.test("startDhcpServer() counts each message by type, outcome and cause, whatever a client puts in it", async () => {
  const seen: string[] = [];
  const observe: DhcpServerOptions["observe"] = (...[type, outcome, cause, ms]) => {
    seen.push(`${type} ${outcome} ${cause}`);
    assert.ok(ms >= 0 && ms < 60_000);
  };
  await using bench = new Bench(RELAY_MODE, { observe });
  await bench.ask("discover", {});
  await bench.send(new Uint8Array(3));
  await bench.send(bytesOf({ ...clientMessage(MESSAGE_TYPE.discover, FROM_RELAY), chaddr: new Uint8Array(16) }));
  await bench.ask("request", { ...FROM_RELAY, options: { [OPTION.requestedAddress]: u32Data(1) } });
  await bench.answer();
  await bench.ask("discover", FROM_RELAY);
  await bench.answer();
  // Counted after it is sent.
  await bench.ask("discover", FROM_RELAY);
  await bench.answer();
  assert.deepEqual(seen.slice(0, 5), [
    "DISCOVER ignored not_relayed",
    " failed malformed",
    "DISCOVER ignored unknown_machine",
    "REQUEST NAK wrong_address",
    "DISCOVER OFFER discover",
  ]);
});

Deno.test("startDhcpServer() logs who was answered and why, and tells the caller", async () => {
  await using bench = new Bench(RELAY_MODE);
  await bench.ask("discover", FROM_RELAY);
  await bench.answer();
  await bench.ask("discover", FROM_RELAY);
  await bench.answer();
  assert.deepEqual(bench.log.lines[0], {
    level: "info",
    message: "DHCP answered",
    fields: {
      machine: "m1",
      mac: MAC,
      ip: "192.0.2.50",
      request: "DISCOVER",
      reply: "OFFER",
      to: CLIENT,
      bootFile: "shimx64.efi",
      noBootFile: undefined,
      reason: "static lease",
      alsoHeldBack: undefined,
    },
  });
  assert.deepEqual(bench.events[0], {
    hit: HIT,
    request: "DISCOVER",
    outcome: "reply",
    reply: "OFFER",
    reason: "static lease",
  });
});

Deno.test("startDhcpServer() reports a DECLINE as a warning that names the machine (RFC 2131 section 4.3.3)", async () => {
  await using bench = new Bench(RELAY_MODE);
  await bench.ask("decline", { ...FROM_RELAY, options: { [OPTION.requestedAddress]: u32Data(HIT.lease.ipv4) } });
  await bench.ask("discover", FROM_RELAY);
  await bench.answer();
  const { level, message, fields } = bench.log.lines[0]!;
  assert.deepEqual([level, message, fields.machine, fields.ip], [
    "warn",
    "DHCP address declined by the machine",
    "m1",
    "192.0.2.50",
  ]);
  assert.equal(bench.events[0]!.outcome, "declined");
});

Deno.test("startDhcpServer() goes on after malformed packets, and logs a bounded number of them", async () => {
  await using bench = new Bench(RELAY_MODE);
  for (let i = 0; i < 100; i++) await bench.send(new Uint8Array(i * 50));
  await bench.ask("discover", FROM_RELAY);
  await bench.answer();
  const faults = bench.log.lines.filter((line) => line.message === "malformed DHCP packet ignored");
  assert.ok(faults.length >= 1 && faults.length < 50, `${faults.length} lines`);
  assert.equal(faults[0]!.fields.source, CLIENT);
});

Deno.test("startDhcpServer() logs 4,000 answers at once, and says later how many lines it held back", async () => {
  const clock = new FakeClock();
  await using bench = new Bench(RELAY_MODE, { clock });
  for (let i = 0; i < 4010; i++) {
    await bench.ask("discover", FROM_RELAY);
    await bench.answer();
  }
  clock.advance(1000);
  await bench.ask("discover", FROM_RELAY);
  await bench.answer();
  await bench.server[Symbol.asyncDispose]();
  assert.equal(bench.log.lines.length, 4001);
  assert.equal(bench.log.lines.at(-1)!.fields.alsoHeldBack, 10);
});

Deno.test("startDhcpServer() goes on after an answer that cannot be sent, and names its machine", async () => {
  await using bench = new Bench(RELAY_MODE);
  await bench.ask("discover", { giaddr: parseIpv4("192.0.2.254") });
  await bench.ask("discover", FROM_RELAY);
  await bench.answer();
  const { message, fields } = bench.log.lines[0]!;
  assert.deepEqual([message, fields.machine, fields.to], ["DHCP answer not sent", "m1", "192.0.2.254"]);
});

Deno.test("startDhcpServer() goes on after a caller that throws", async () => {
  let calls = 0;
  await using bench = new Bench(RELAY_MODE, {
    onDecision: () => {
      if (calls++ === 0) throw new Error("mine");
    },
  });
  await bench.ask("discover", FROM_RELAY);
  await bench.answer();
  await bench.ask("discover", FROM_RELAY);
  await bench.answer();
  assert.equal(bench.log.lines[0]!.message, "DHCP packet failed");
});

Deno.test("startDhcpServer() in interface mode answers a renewal from its own address (RFC 2131 section 4.1)", async () => {
  const hit: LeaseHit = { machine: HIT.machine, lease: { ...HIT.lease, ipv4: parseIpv4(CLIENT) } };
  const directory: Directory = { ...DIRECTORY, byMac: () => hit };
  await using bench = new Bench({ kind: "interface", address: "127.0.0.1" }, { directory });
  assert.equal(bench.server.ready, true);
  await bench.ask("request", { ciaddr: parseIpv4(CLIENT) });
  const { message, from } = await bench.answer();
  assert.equal(message.options.get(OPTION.messageType)?.[0], MESSAGE_TYPE.ack);
  assert.equal(from, "127.0.0.1");
});

Deno.test("startDhcpServer() leaves messages to another server while it may not answer (contract section 4)", async () => {
  let turns = 0;
  await using bench = new Bench(RELAY_MODE, { answering: () => ++turns === 2 });
  await bench.ask("request", { ...FROM_RELAY, ciaddr: HIT.lease.ipv4 });
  await bench.ask("discover", FROM_RELAY);
  await bench.answer();
  assert.deepEqual(bench.events.map(({ request }) => request), ["DISCOVER"]);
});

Deno.test("startDhcpServer() gives its sockets back", async () => {
  const bench = new Bench({ kind: "interface", address: "127.0.0.1" });
  const { port } = bench.server;
  await bench[Symbol.asyncDispose]();
  assert.equal(bench.server.ready, false);
  await using again = new Bench({ kind: "interface", address: "127.0.0.1" }, { port });
  assert.equal(again.server.port, port);
});

Deno.test("startDhcpServer() says which port is in use and what to do", async () => {
  await using bench = new Bench(RELAY_MODE);
  const { port } = bench.server;
  assert.throws(
    () => attempt(RELAY_MODE, port),
    (error) => error instanceof PortInUse && error.message.includes(`UDP port ${port} on 127.0.0.1 is in use`),
  );
});

Deno.test("startDhcpServer() leaves nothing open when its second socket cannot be had", () => {
  using taken = closing(Deno.listenDatagram({ transport: "udp", hostname: "255.255.255.255", port: 0 }));
  const { port } = taken.socket.addr as Deno.NetAddr;
  const mode = { kind: "interface", address: "127.0.0.1" } as const;
  assert.throws(() => attempt(mode, port), PortInUse);
  using _again = closing(Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port }));
});

Deno.test("startDhcpServer() says that an address is not the host's", () => {
  assert.throws(
    () => attempt({ kind: "interface", address: "192.0.2.1" }, 0),
    (error) => error instanceof AddressNotHere && error.message.includes("192.0.2.1"),
  );
});

function closing(socket: Deno.DatagramConn) {
  return { socket, [Symbol.dispose]: () => socket.close() };
}
