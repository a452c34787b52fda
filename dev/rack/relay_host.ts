/** The rack's relay agent: broadcasts of its machines to the DHCP server, answers back to who asked (RFC 2131 4.1.1). */
import { formatMac, parseIpv4 } from "../../base/address.ts";
import type { DatagramPort, UdpAddress } from "./wire.ts";

const HOPS_AT = 3;
const GIADDR_AT = 24;
const CHADDR_AT = 28;
/** As in DhcpMessage: the header, and the magic cookie. */
const LEAST_MESSAGE = 240;
const MAX_HOPS = 16;
const RECEIVE_BYTES = 4096;
/** Answers that a card holds before it is read; what comes on top is lost, as on a real one. */
const MAX_QUEUE = 16;

/** See the module. */
export class RelayAgent implements AsyncDisposable {
  readonly #socket: Deno.DatagramConn;
  readonly #server: UdpAddress;
  readonly #giaddr: number;
  readonly #cards = new Map<string, Set<Card>>();
  readonly #listening: Promise<void>;
  #sending = Promise.resolve();
  #open = true;

  /**
   * Opens its socket.
   * @throws when the address cannot be had
   */
  constructor(
    at: { readonly address: string; readonly port: number },
    server: { readonly address: string; readonly port: number },
  ) {
    this.#socket = Deno.listenDatagram({ transport: "udp", hostname: at.address, port: at.port });
    this.#server = { transport: "udp", hostname: server.address, port: server.port };
    this.#giaddr = parseIpv4(at.address);
    this.#listening = this.#listen();
  }

  /** Where it listens. */
  get address(): { readonly address: string; readonly port: number } {
    const { hostname, port } = this.#socket.addr as Deno.NetAddr;
    return { address: hostname, port };
  }

  /** A port for DHCP of the card with this MAC address. */
  open(mac: string): DatagramPort {
    const cards = this.#cards.get(mac) ?? new Set();
    const card = new Card((packet) => this.#forward(packet), () => {
      cards.delete(card);
      if (cards.size === 0) this.#cards.delete(mac);
    });
    cards.add(card);
    this.#cards.set(mac, cards);
    return card;
  }

  /** One after the other: hundreds of machines that start at once would overflow the server's socket. */
  #forward(packet: Uint8Array): Promise<void> {
    if (packet.length < LEAST_MESSAGE || packet[HOPS_AT]! >= MAX_HOPS) return Promise.resolve();
    const relayed = packet.slice();
    relayed[HOPS_AT]!++;
    new DataView(relayed.buffer).setUint32(GIADDR_AT, this.#giaddr);
    this.#sending = this.#sending.then(() => this.#send(relayed));
    return this.#sending;
  }

  async #send(packet: Uint8Array): Promise<void> {
    if (!this.#open) return;
    try {
      await this.#socket.send(packet, this.#server);
    } catch {
      // A server that is not there is one that does not answer.
    }
  }

  async #listen(): Promise<void> {
    const buffer = new Uint8Array(RECEIVE_BYTES);
    while (this.#open) {
      try {
        const [packet] = await this.#socket.receive(buffer);
        if (packet.length < LEAST_MESSAGE) continue;
        const mac = formatMac(packet.subarray(CHADDR_AT, CHADDR_AT + 6));
        for (const card of this.#cards.get(mac) ?? []) card.deliver(packet.slice());
      } catch {
        // A closed socket ends the work; anything else is the refusal of an earlier packet, which Linux tells here.
      }
    }
  }

  /** Closes its socket; open cards stay silent. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#open) {
      this.#open = false;
      this.#socket.close();
    }
    await Promise.all([this.#listening, this.#sending]);
  }
}

const RELAY_SIDE: UdpAddress = { transport: "udp", hostname: "255.255.255.255", port: 67 };

const CLOSED = "the port is closed";

class Card implements DatagramPort {
  readonly #forward: (packet: Uint8Array) => Promise<void>;
  readonly #onClose: () => void;
  readonly #queue: Uint8Array[] = [];
  #open = true;
  #waiting: PromiseWithResolvers<readonly [Uint8Array, UdpAddress]> | undefined;

  constructor(forward: (packet: Uint8Array) => Promise<void>, onClose: () => void) {
    this.#forward = forward;
    this.#onClose = onClose;
  }

  send(packet: Uint8Array): Promise<void> {
    return this.#forward(packet);
  }

  deliver(packet: Uint8Array): void {
    if (this.#waiting !== undefined) this.#waiting.resolve([packet, RELAY_SIDE]);
    else if (this.#queue.length < MAX_QUEUE) this.#queue.push(packet);
    this.#waiting = undefined;
  }

  receive(): Promise<readonly [Uint8Array, UdpAddress]> {
    if (!this.#open) return Promise.reject(new Error(CLOSED));
    const packet = this.#queue.shift();
    if (packet !== undefined) return Promise.resolve([packet, RELAY_SIDE]);
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  close(): void {
    this.#open = false;
    this.#onClose();
    this.#waiting?.reject(new Error(CLOSED));
    this.#waiting = undefined;
  }
}
