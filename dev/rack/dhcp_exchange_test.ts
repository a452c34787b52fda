import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { parseIpv4 } from "../../base/address.ts";
import { OPTION, textData, u32Data, u32Option, u8Data } from "../../pxe/dhcp/options.ts";
import { type DhcpMessage, encodePacket, OP, parsePacket } from "../../pxe/dhcp/packet.ts";
import { TYPE } from "./dhcp_client.ts";
import { acquire } from "./dhcp_exchange.ts";
import { NotBootable } from "./power.ts";
import { benchPower, settle } from "./testdata/bench_power.ts";
import type { DatagramPort, UdpAddress } from "./wire.ts";

const FROM: UdpAddress = { transport: "udp", hostname: "192.0.2.1", port: 67 };

/** An answer from the server with this last byte in its address. */
function answer(request: DhcpMessage, type: number, server: number): Uint8Array {
  const address = parseIpv4("192.0.2.0") + server;
  const options = new Map<number, Uint8Array>([
    [OPTION.messageType, u8Data(type)],
    [OPTION.serverId, u32Data(address)],
    [OPTION.bootFileName, textData("shimx64.efi")],
  ]);
  const packet = { ...request, op: OP.reply, yiaddr: parseIpv4("192.0.2.50"), siaddr: address, options };
  return encodePacket(packet, 1500, new Uint8Array(1500));
}

type Deliver = (packet: Uint8Array) => void;

/** A machine whose broadcasts are answered by the test; when each was sent, in seconds from the start. */
function bench(onRequest: (request: DhcpMessage, deliver: Deliver, sent: number) => void, hurry = 1) {
  const sent: number[] = [];
  const queue: Uint8Array[] = [];
  let waiting: PromiseWithResolvers<readonly [Uint8Array, UdpAddress]> | undefined;
  const deliver: Deliver = (packet) => {
    if (waiting === undefined) queue.push(packet);
    else waiting.resolve([packet, FROM]);
    waiting = undefined;
  };
  const port: DatagramPort = {
    send(packet) {
      sent.push((b.clock.now() - startMs) / 1000);
      onRequest(parsePacket(packet), deliver, sent.length);
      return Promise.resolve();
    },
    receive() {
      const packet = queue.shift();
      if (packet !== undefined) return Promise.resolve([packet, FROM]);
      waiting = Promise.withResolvers();
      return waiting.promise;
    },
    close: () => waiting?.reject(new Error("closed")),
  };
  const b = benchPower({ dhcp: () => port }, { hurry });
  const startMs = b.clock.now();
  return { ...b, sent, elapsed: () => (b.clock.now() - startMs) / 1000 };
}

const isDiscover = ({ options }: DhcpMessage) => options.get(OPTION.messageType)?.[0] === TYPE.discover;
const willing = (request: DhcpMessage, deliver: Deliver) =>
  deliver(answer(request, isDiscover(request) ? TYPE.offer : TYPE.ack, 1));

Deno.test("acquire(): OVMF collects offers for 3.8 s and takes the first (facts: firmware DHCP packets)", async () => {
  let chosen: number | undefined;
  const b = bench((request, deliver) => {
    if (isDiscover(request)) { for (const server of [7, 8]) deliver(answer(request, TYPE.offer, server)); }
    else {
      chosen = u32Option(request.options, OPTION.serverId);
      deliver(answer(request, TYPE.ack, 7));
    }
  });
  const lease = await settle(b.clock, acquire("pxe", b.power));
  deepEqual([b.sent, chosen, lease.serverId], [[0, 3.8], parseIpv4("192.0.2.7"), parseIpv4("192.0.2.7")]);
});

Deno.test("acquire(): hurry shortens the collecting, a system does not collect", async () => {
  const hurried = bench(willing, 10);
  await settle(hurried.clock, acquire("pxe", hurried.power));
  deepEqual(hurried.sent, [0, 0.38]);
  const system = bench(willing);
  await settle(system.clock, acquire("system", system.power));
  deepEqual(system.sent, [0, 0]);
});

Deno.test("acquire(): DISCOVER at 0, 3.8, 11.8 and 27.8 s, given up at 60 s, in a hurry too (facts)", async () => {
  for (const hurry of [1, 50]) {
    const b = bench(() => {}, hurry);
    await rejects(settle(b.clock, acquire("pxe", b.power)), NotBootable);
    deepEqual([b.sent, b.elapsed()], [[0, 3.8, 11.8, 27.8], 60]);
  }
});

Deno.test("acquire(): an offer to a later DISCOVER is taken at the end of its interval", async () => {
  const b = bench((request, deliver, sent) => sent >= 2 && willing(request, deliver));
  await settle(b.clock, acquire("pxe", b.power));
  deepEqual(b.sent, [0, 3.8, 11.8]);
});

Deno.test("acquire(): a REQUEST is sent again; a NAK and silence are not bootable, and say so", async () => {
  const deaf = bench((request, deliver) => isDiscover(request) && willing(request, deliver));
  await rejects(settle(deaf.clock, acquire("pxe", deaf.power)), /192\.0\.2\.50, but on the request nobody answered/);
  equal(deaf.sent.length, 5);
  const nak = bench((request, deliver) => deliver(answer(request, isDiscover(request) ? TYPE.offer : TYPE.nak, 1)));
  await rejects(settle(nak.clock, acquire("pxe", nak.power)), /the server refused the address/);
});

Deno.test("acquire(): packets that are none are passed over; power off ends the wait at once", async () => {
  const b = bench((request, deliver) => {
    deliver(new Uint8Array(300));
    willing(request, deliver);
  });
  ok((await settle(b.clock, acquire("pxe", b.power))).address > 0);
  const off = bench(() => {});
  const asking = acquire("pxe", off.power);
  await off.clock.pass(1000);
  off.plug.abort("off");
  await rejects(asking, (reason) => reason === "off");
  equal(off.clock.sleeping, 0);
});
