/** A wire that loses packets or is slow. */
import type { Clock } from "../../base/clock.ts";
import type { Faults } from "./types.ts";
import type { DatagramPort, UdpAddress, Wire } from "./wire.ts";

/** Shorter waits are saved up: clocks are not that fine. */
const LEAST_WAIT_MS = 5;

/** Where a wire's faults come from. */
export interface FaultSource {
  /** What goes wrong. */
  readonly faults: Faults;
  /** Time. */
  readonly clock: Clock;
  /** Chance, in [0, 1). */
  readonly random: () => number;
}

/** The same wire with its faults; the very same where there are none. */
export function faultyWire(wire: Wire, source: FaultSource): Wire {
  const { faults: { lostPercent = 0, linkBytesPerSecond } } = source;
  if (lostPercent === 0 && linkBytesPerSecond === undefined) return wire;
  const link = new Link(source);
  return {
    dhcp: () => new FaultyPort(wire.dhcp(), link),
    udp: () => new FaultyPort(wire.udp(), link),
    async http(request, onHead) {
      await link.carry(request.body?.length ?? 0, request.signal);
      await wire.http(request, (head) => {
        const take = onHead(head);
        return async (piece) => {
          await link.carry(piece.length, request.signal);
          await take(piece);
        };
      });
    },
  };
}

/** One cable: what several ports send and receive shares its speed. */
class Link {
  readonly #source: FaultSource;
  #freeMs = 0;

  constructor(source: FaultSource) {
    this.#source = source;
  }

  loses(): boolean {
    const { random, faults: { lostPercent = 0 } } = this.#source;
    return lostPercent > 0 && random() * 100 < lostPercent;
  }

  async carry(bytes: number, signal?: AbortSignal): Promise<void> {
    const { clock, faults: { linkBytesPerSecond } } = this.#source;
    if (linkBytesPerSecond === undefined) return;
    const now = clock.now();
    this.#freeMs = Math.max(now, this.#freeMs) + bytes / linkBytesPerSecond * 1000;
    const waitMs = this.#freeMs - now;
    if (waitMs >= LEAST_WAIT_MS) await clock.sleep(waitMs, signal === undefined ? {} : { signal });
  }
}

class FaultyPort implements DatagramPort {
  readonly #port: DatagramPort;
  readonly #link: Link;
  readonly #closed = new AbortController();

  constructor(port: DatagramPort, link: Link) {
    this.#port = port;
    this.#link = link;
  }

  async send(packet: Uint8Array, to: UdpAddress): Promise<void> {
    await this.#link.carry(packet.length, this.#closed.signal);
    if (!this.#link.loses()) await this.#port.send(packet, to);
  }

  async receive(): Promise<readonly [Uint8Array, UdpAddress]> {
    for (;;) {
      const datagram = await this.#port.receive();
      if (this.#link.loses()) continue;
      await this.#link.carry(datagram[0].length, this.#closed.signal);
      return datagram;
    }
  }

  close(): void {
    this.#closed.abort();
    this.#port.close();
  }
}
