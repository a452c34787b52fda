/** Asks a DHCP server again and again until it answers: how long until a machine can boot. */
import { machineMac, OURS, PROBE_RELAY } from "./wire.ts";

/** A DISCOVER of machine `index`, passed on by the relay at {@link PROBE_RELAY} (RFC 2131 section 2). */
export function discover(index: number, xid: number): Uint8Array {
  const packet = new Uint8Array(300);
  const view = new DataView(packet.buffer);
  packet.set([1, 1, 6, 1]);
  view.setUint32(4, xid);
  packet.set(PROBE_RELAY.split(".").map(Number), 24);
  packet.set(machineMac(index).split(":").map((hex) => parseInt(hex, 16)), 28);
  view.setUint32(236, 0x63825363);
  packet.set([53, 1, 1, 55, 5, 1, 3, 6, 66, 67, 93, 2, 0, 7, 255], 240);
  return packet;
}

/** Listens as a relay does. */
export class Probe implements AsyncDisposable {
  readonly #socket = Deno.listenDatagram({ transport: "udp", hostname: PROBE_RELAY, port: 67 });
  readonly #waiting = new Map<number, () => void>();
  readonly #reader = this.#read();
  #lastXid = 0;

  async #read(): Promise<void> {
    for await (const [packet] of this.#socket) {
      if (packet.length < 240 || packet[0] !== 2) continue;
      this.#waiting.get(new DataView(packet.buffer, packet.byteOffset).getUint32(4))?.();
    }
  }

  /**
   * Sends a DISCOVER every `everyMs` until an OFFER comes.
   * @returns when the OFFER came, on the clock of performance.now()
   */
  async offered(index: number, { everyMs, timeoutMs }: { everyMs: number; timeoutMs: number }): Promise<number> {
    const xid = ++this.#lastXid;
    const answer = Promise.withResolvers<number>();
    this.#waiting.set(xid, () => answer.resolve(performance.now()));
    const ask = () => {
      this.#socket.send(discover(index, xid), { transport: "udp", hostname: OURS, port: 67 }).catch(answer.reject);
    };
    ask();
    const repeat = setInterval(ask, everyMs);
    const deadline = setTimeout(
      () => answer.reject(new Error(`machine ${index} got no OFFER in ${timeoutMs} ms`)),
      timeoutMs,
    );
    try {
      return await answer.promise;
    } finally {
      clearInterval(repeat);
      clearTimeout(deadline);
      this.#waiting.delete(xid);
    }
  }

  /** Closes the socket. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#reader;
  }
}
