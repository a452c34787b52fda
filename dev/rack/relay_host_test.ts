import { deepEqual, equal, rejects } from "node:assert/strict";
import { parseIpv4 } from "../../base/address.ts";
import { parsePacket } from "../../pxe/dhcp/packet.ts";
import { question } from "./dhcp_client.ts";
import { RelayAgent } from "./relay_host.ts";

const MAC = "02:00:00:00:00:01";
const OTHER = "02:00:00:00:00:02";
const packetOf = (mac: string, xid: number) =>
  question("pxe", { mac, uuid: "6d6d0001-0000-4000-8000-525400aabb01" }, xid).slice();
const BROADCAST = { transport: "udp", hostname: "255.255.255.255", port: 67 } as const;

/** A relay agent, and the socket that stands for the server. */
function bench() {
  const server = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = server.addr as Deno.NetAddr;
  const relay = new RelayAgent({ address: "127.0.0.2", port: 0 }, { address: "127.0.0.1", port });
  const to = { transport: "udp", hostname: relay.address.address, port: relay.address.port } as const;
  return {
    ...{ server, relay, to },
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]();
      server.close();
    },
  };
}

Deno.test("RelayAgent puts its address into giaddr, counts a hop and changes nothing else (RFC 2131 section 4.1.1)", async () => {
  await using b = bench();
  const card = b.relay.open(MAC);
  const packet = packetOf(MAC, 1);
  await card.send(packet, BROADCAST);
  const [bytes, from] = await b.server.receive();
  const relayed = parsePacket(bytes);
  deepEqual([relayed.giaddr, relayed.hops, (from as Deno.NetAddr).hostname], [parseIpv4("127.0.0.2"), 1, "127.0.0.2"]);
  const back = bytes.slice();
  back.set([0], 3);
  back.set([0, 0, 0, 0], 24);
  deepEqual(back, packet);
  card.close();
});

Deno.test("RelayAgent drops what has come through 16 relays, and what is no message", async () => {
  await using b = bench();
  const card = b.relay.open(MAC);
  const round = packetOf(MAC, 1);
  round[3] = 16;
  await card.send(round, BROADCAST);
  await card.send(new Uint8Array(20), BROADCAST);
  await card.send(packetOf(MAC, 7), BROADCAST);
  equal(parsePacket((await b.server.receive())[0]).xid, 7);
  card.close();
});

Deno.test("RelayAgent gives an answer to each open port of the card that it is for, and to no other", async () => {
  await using b = bench();
  const [card, second, other] = [b.relay.open(MAC), b.relay.open(MAC), b.relay.open(OTHER)];
  await b.server.send(new Uint8Array(3), b.to);
  await b.server.send(packetOf("02:00:00:00:00:03", 1), b.to);
  await b.server.send(packetOf(MAC, 2), b.to);
  await b.server.send(packetOf(OTHER, 3), b.to);
  const xids = await Promise.all([card, second, other].map(async (port) => parsePacket((await port.receive())[0]).xid));
  deepEqual(xids, [2, 2, 3]);
  second.close();
  await rejects(second.receive(), /closed/);
  await b.server.send(packetOf(MAC, 4), b.to);
  equal(parsePacket((await card.receive())[0]).xid, 4);
  const waiting = card.receive();
  card.close();
  await rejects(waiting, /closed/);
  other.close();
});

Deno.test("RelayAgent keeps 16 answers for a card that does not read, and loses the rest", async () => {
  await using b = bench();
  const [card, other] = [b.relay.open(MAC), b.relay.open(OTHER)];
  for (let xid = 1; xid <= 20; xid++) await b.server.send(packetOf(MAC, xid), b.to);
  await b.server.send(packetOf(OTHER, 21), b.to);
  await other.receive();
  await b.server.send(packetOf(OTHER, 22), b.to);
  for (let xid = 1; xid <= 16; xid++) equal(parsePacket((await card.receive())[0]).xid, xid);
  const next = card.receive();
  await b.server.send(packetOf(MAC, 23), b.to);
  equal(parsePacket((await next)[0]).xid, 23);
  card.close();
  other.close();
});
