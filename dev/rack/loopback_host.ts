/** The wires of a rack: sockets on a loopback address for each machine. */
import { connect, type Socket, type TcpNetConnectOpts } from "node:net";
import { ResponseReader } from "./http_response.ts";
import type { DatagramPort, HttpHead, HttpRequest, HttpTake, UdpAddress, Wire } from "./wire.ts";

/** Larger than any packet that a machine agrees to. */
const RECEIVE_BYTES = 2048;
/** Bytes read at once; each connection has one buffer, however much comes. */
const READ_BYTES = 32_768;

/** Makes wires, which share what can be used again. */
export class Loopback {
  /** Read buffers that wait for a connection: left to the collector, hundreds of megabytes of them pile up. */
  readonly #spare: Uint8Array[] = [];

  /** The wire of the machine that sends from `address`; `dhcp` opens its port on the relay agent. */
  wire(address: string, dhcp: () => DatagramPort): Wire {
    return { dhcp, udp: () => new UdpPort(address), http: (request, onHead) => this.#http(address, request, onHead) };
  }

  async #http(localAddress: string, request: HttpRequest, onHead: (head: HttpHead) => HttpTake): Promise<void> {
    request.signal.throwIfAborted();
    const buffer = this.#spare.pop() ?? new Uint8Array(READ_BYTES);
    try {
      await new Exchange(request, onHead).run(localAddress, buffer);
    } finally {
      this.#spare.push(buffer);
    }
  }
}

class UdpPort implements DatagramPort {
  readonly #socket: Deno.DatagramConn;
  readonly #buffer = new Uint8Array(RECEIVE_BYTES);
  #open = true;

  constructor(hostname: string) {
    this.#socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
  }

  async send(packet: Uint8Array, to: UdpAddress): Promise<void> {
    try {
      await this.#socket.send(packet, to);
    } catch {
      // It counts as lost on the way, as on any network; who waits for an answer sends it again.
    }
  }

  receive(): Promise<readonly [Uint8Array, UdpAddress]> {
    return this.#socket.receive(this.#buffer) as Promise<[Uint8Array, UdpAddress]>;
  }

  close(): void {
    if (this.#open) this.#socket.close();
    this.#open = false;
  }
}

/** One request on a connection of its own, which only node:net can open from a given address. */
class Exchange {
  readonly #request: HttpRequest;
  readonly #reader: ResponseReader;
  #socket!: Socket;
  #failure: unknown;

  constructor(request: HttpRequest, onHead: (head: HttpHead) => HttpTake) {
    this.#request = request;
    this.#reader = new ResponseReader(request.method, onHead);
  }

  /** Resolves when the connection is closed and the response was whole. */
  async run(localAddress: string, buffer: Uint8Array): Promise<void> {
    const { url, signal } = this.#request;
    const { hostname: host, port } = new URL(url);
    const onread = { buffer, callback: (size: number) => this.#onRead(buffer.subarray(0, size)) };
    const options = { host, port: Number(port || 80), localAddress, family: 4, onread };
    this.#socket = connect(options as TcpNetConnectOpts);
    const closed = new Promise<void>((resolve) => this.#socket.on("close", () => resolve()));
    const onAbort = () => this.#end(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#socket.on("error", (error) => this.#end(error));
    this.#socket.write(requestText(this.#request));
    await closed;
    signal.removeEventListener("abort", onAbort);
    if (this.#failure !== undefined) throw this.#failure;
    this.#reader.end();
  }

  #end(error?: unknown): void {
    this.#failure ??= error;
    this.#socket.destroy();
  }

  /** False stops the reading, until the buffer may be written again. */
  #onRead(bytes: Uint8Array): boolean {
    try {
      const busy = this.#reader.take(bytes);
      if (busy === undefined && this.#reader.done) this.#end();
      busy?.then(() => this.#reader.done ? this.#end() : this.#socket.resume(), (error) => this.#end(error));
      return busy === undefined;
    } catch (error) {
      this.#end(error);
      return false;
    }
  }
}

/** The target is sent as it is written, blanks aside: shim asks for a path that begins with two slashes. */
function requestText({ method, url, headers, body = "" }: HttpRequest): string {
  const target = url.replace(/^http:\/\/[^/?#]*/i, "").replace(/#.*$/, "").replace(/\s/g, encodeURIComponent);
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `${method} ${target.startsWith("/") ? target : `/${target}`} HTTP/1.1\r\n${fields}\r\n${body}`;
}
