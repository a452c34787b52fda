/** The wire of one machine: sockets on a loopback address of its own. */
import { Agent, request as httpRequest } from "node:http";
import type { DatagramPort, HttpRequest, HttpResponse, UdpAddress, Wire } from "./wire.ts";

/** Larger than any packet that a machine agrees to. */
const RECEIVE_BYTES = 2048;

/** The wire of the machine that sends from `address`; `dhcp` opens its port on the relay agent. */
export function loopbackWire(address: string, dhcp: () => DatagramPort): Wire {
  return { dhcp, udp: () => new UdpPort(address), http: (request) => ask(address, request) };
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

/** Each request has a connection of its own: Deno sends a request again that is aborted on a reused one. */
function ask(localAddress: string, { method, url, headers, body, signal }: HttpRequest): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const agent = new Agent({ keepAlive: false });
    const request = httpRequest(url, { method, headers, localAddress, agent });
    const onAbort = () => request.destroy(new Error("aborted"));
    signal.addEventListener("abort", onAbort, { once: true });
    request.on("close", () => signal.removeEventListener("abort", onAbort));
    request.on("error", reject);
    request.on("response", (response) => {
      const fields = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
      resolve({ status: response.statusCode ?? 0, headers: new Map(fields), body: response });
    });
    request.end(body);
  });
}
