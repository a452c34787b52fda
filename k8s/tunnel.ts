/** Connections through an HTTP proxy. */
import type { ClientRequestArgs } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { connect as tcpConnect } from "node:net";
import type { Duplex } from "node:stream";
import { connect as tlsConnect, type ConnectionOptions } from "node:tls";
import { ConnectionError } from "./errors.ts";

const MAX_PROXY_HEAD = 16 * 1024;

/** `Proxy-Authorization: Basic ...` when the proxy's URL holds a user. */
export function proxyHeaders(proxy: URL): Record<string, string> {
  if (proxy.username === "") return {};
  const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { "Proxy-Authorization": `Basic ${new TextEncoder().encode(user).toBase64()}` };
}

/** A URL's host without the brackets of IPv6. */
export function plainHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

type Connected = (error: Error | null, socket?: Duplex) => void;

/** Asks an HTTP proxy for a tunnel (RFC 9110 9.3.6). */
function openTunnel(proxy: URL, authority: string, done: Connected): void {
  const socket = tcpConnect(Number(proxy.port || 80), plainHost(proxy));
  const fail = (code: string, detail: string) => {
    socket.destroy();
    done(new ConnectionError(`proxy ${proxy.host}`, code, detail));
  };
  let head = "";
  const onData = (chunk: Uint8Array) => {
    head += new TextDecoder("latin1").decode(chunk);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return head.length > MAX_PROXY_HEAD ? fail("EPROTO", "sent an endless answer") : undefined;
    socket.off("data", onData).off("error", onError).off("close", onClose);
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
    if (status === undefined || end + 4 !== head.length) return fail("EPROTO", "did not answer like a proxy");
    if (status[0] !== "2") return fail("EPROXY", `refused the connection to ${authority} with ${status}`);
    done(null, socket);
  };
  const onError = (error: Error & { code?: string }) => fail(error.code ?? "ECONNRESET", "");
  const onClose = () => fail("ECONNRESET", "closed the connection");
  socket.on("data", onData).once("error", onError).once("close", onClose);
  const extra = Object.entries(proxyHeaders(proxy)).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${extra}\r\n`);
}

/** Connections through a proxy's tunnel. */
export class TunnelAgent extends HttpsAgent {
  readonly #proxy: URL;
  readonly #authority: string;

  /**
   * Connects to nothing yet.
   * @param authority `host:port` of the server behind the proxy
   */
  constructor(options: ConstructorParameters<typeof HttpsAgent>[0], proxy: URL, authority: string) {
    super(options);
    this.#proxy = proxy;
    this.#authority = authority;
  }
  /** Called by the agent; gives the connection to `callback` when it is up. */
  override createConnection(
    options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex {
    const done = callback as Connected;
    openTunnel(this.#proxy, this.#authority, (error, socket) => {
      if (socket === undefined) return done(error);
      const tls = tlsConnect({ ...options, socket } as unknown as ConnectionOptions);
      tls.once("secureConnect", () => done(null, tls)).once("error", (cause) => done(cause));
    });
    // The types do not know that nothing may be returned, and the callback be used instead.
    return undefined as unknown as Duplex;
  }
}
