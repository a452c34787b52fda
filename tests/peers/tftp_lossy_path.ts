/** A bad path between a TFTP client and a server, both on the loopback: it loses and copies packets. */

/** How bad the path is. */
export interface LossyPathOptions {
  /** Share of packets that are lost, in either direction. */
  readonly loss: number;
  /** Share of packets that arrive twice. */
  readonly copies: number;
  /** Chooses which. */
  readonly seed: number;
}

/** Stands before the server for one client; a transfer's port is known once the server answers from it. */
export class LossyPath implements AsyncDisposable {
  readonly #clientSide = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  readonly #serverSide = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  readonly #options: LossyPathOptions;
  readonly #pumps: Promise<void>[];
  #random: number;
  #client: Deno.Addr | undefined;
  #server: Deno.Addr;
  #open = true;
  /** Packets lost so far. */
  lost = 0;
  /** Packets copied so far. */
  copied = 0;

  /** A path to the server's well-known port. */
  constructor(serverPort: number, options: LossyPathOptions) {
    this.#options = options;
    this.#random = options.seed;
    this.#server = { transport: "udp", hostname: "127.0.0.1", port: serverPort };
    this.#pumps = [
      this.#pump(this.#clientSide, (packet, from) => {
        this.#client = from;
        return this.#serverSide.send(packet, this.#server);
      }),
      this.#pump(this.#serverSide, (packet, from) => {
        this.#server = from;
        return this.#clientSide.send(packet, this.#client!);
      }),
    ];
  }

  /** Where the client is to send its request. */
  get port(): number {
    return (this.#clientSide.addr as Deno.NetAddr).port;
  }

  async #pump(
    socket: Deno.DatagramConn,
    forward: (packet: Uint8Array, from: Deno.Addr) => Promise<number>,
  ): Promise<void> {
    try {
      for await (const [packet, from] of socket) {
        for (let n = this.#fate(packet); n > 0; n--) await forward(packet, from);
      }
    } catch (error) {
      if (this.#open) throw error;
    }
  }

  /** How often the packet arrives. The request itself does: not every client sends it again. */
  #fate(packet: Uint8Array): number {
    this.#random = (Math.imul(this.#random, 1664525) + 1013904223) >>> 0;
    const drawn = packet[1] === 1 ? 1 : this.#random / 2 ** 32;
    const { loss, copies } = this.#options;
    if (drawn < loss) return this.lost++, 0;
    if (drawn < loss + copies) return this.copied++, 2;
    return 1;
  }

  /** Closes both sockets. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#open = false;
    this.#clientSide.close();
    this.#serverSide.close();
    await Promise.all(this.#pumps);
  }
}
