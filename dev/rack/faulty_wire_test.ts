import { deepEqual, equal } from "node:assert/strict";
import { faultyWire } from "./faulty_wire.ts";
import { LeapingClock } from "./testdata/leaping_clock.ts";
import type { DatagramPort, UdpAddress, Wire } from "./wire.ts";

const TO: UdpAddress = { transport: "udp", hostname: "192.0.2.1", port: 69 };

/** A wire on which packets 0, 1, 2 ... arrive, and what was sent on it. */
function counting() {
  const sent: number[] = [];
  let next = 0;
  const port: DatagramPort = {
    send: (packet) => Promise.resolve(void sent.push(packet[0]!)),
    receive: () => Promise.resolve([Uint8Array.of(next++), TO] as const),
    close: () => {},
  };
  return { sent, wire: { udp: () => port, dhcp: () => port } as Partial<Wire> as Wire };
}

/** Chance that comes in turn. */
function inTurn(...values: readonly number[]): () => number {
  let at = 0;
  return () => values[at++ % values.length]!;
}

Deno.test("faultyWire() loses packets in each direction as chance has it", async () => {
  const { sent, wire } = counting();
  const faulty = faultyWire(wire, { faults: { lostPercent: 50 }, clock: new LeapingClock(), random: inTurn(0.1, 0.9) });
  const port = faulty.udp();
  for (let i = 0; i < 6; i++) await port.send(Uint8Array.of(i), TO);
  deepEqual(sent, [1, 3, 5]);
  const received = [];
  for (let i = 0; i < 3; i++) received.push((await port.receive())[0][0]);
  deepEqual(received, [1, 3, 5]);
});

Deno.test("faultyWire() without faults is the same wire", () => {
  const { wire } = counting();
  equal(faultyWire(wire, { faults: {}, clock: new LeapingClock(), random: () => 0 }), wire);
});
