/** A TLS server of one's own making: it counts what it decrypts, and says what it is told to. */
import type { AddressInfo } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import { Connections } from "../../dev/bmc/connections.ts";
import { fingerprintOf, newSelfSigned } from "../../dev/certificate/certificate.ts";

/** What is done with one request: its bytes are read up to the end of its head. */
export type Behaviour = (socket: TLSSocket, request: string, number: number) => void;

/** A complete answer. */
export function plainAnswer(body: string, status = "200 OK", headers = ""): string {
  return `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n${headers}\r\n${body}`;
}

export class TlsPeer implements AsyncDisposable {
  /** Heads of the requests that came. */
  readonly requests: string[] = [];
  decrypted = 0;
  behave: Behaviour;
  fingerprint = "";
  readonly #connections = new Connections();
  #port = 0;

  private constructor(behave: Behaviour) {
    this.behave = behave;
  }

  static async start(behave: Behaviour, { fromMs = Date.now(), days = 2 } = {}): Promise<TlsPeer> {
    const peer = new TlsPeer(behave);
    await peer.renew({ fromMs, days });
    return peer;
  }

  get connections(): number {
    return this.#connections.count;
  }

  get origin(): URL {
    return new URL(`https://127.0.0.1:${this.#port}`);
  }

  /** Starts (again), with a new certificate. */
  async renew({ fromMs = Date.now(), days = 2 } = {}): Promise<void> {
    await this.#connections.end();
    const { certPem: cert, keyPem: key } = await newSelfSigned({
      subject: "bmc",
      names: { dns: ["bmc"], ips: [] },
      fromMs,
      days,
    });
    this.fingerprint = await fingerprintOf(cert);
    const server = createServer({ cert, key }, (socket) => this.#serve(socket));
    this.#connections.follow(server);
    server.on("tlsClientError", () => {});
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", () => resolve()));
    this.#port = (server.address() as AddressInfo).port;
  }

  #serve(socket: TLSSocket): void {
    let head = "";
    socket.on("error", () => {});
    socket.on("data", (bytes: Uint8Array) => {
      this.decrypted += bytes.length;
      head += new TextDecoder("latin1").decode(bytes);
      if (!head.includes("\r\n\r\n")) return;
      const request = head;
      head = "";
      this.requests.push(request);
      this.behave(socket, request, this.requests.length);
    });
  }

  /** Breaks off every connection (RST), and waits until they are gone. */
  async reset(): Promise<void> {
    const gone = this.#connections.open.map((socket) => {
      const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
      socket.resetAndDestroy();
      return closed;
    });
    await Promise.all(gone);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connections.end();
  }
}
