/** An API server that does what a test says: answers, falls silent, breaks off. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";

/** A request that came in. */
export interface Seen {
  /** `GET`. */
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  /** The query. */
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: IncomingMessage["headers"];
  /** The whole body. */
  readonly body: string;
  /** Which connection it came on, counted from 1. */
  readonly connection: number;
}

/** How a test answers a request. */
export class Reply {
  readonly #response: ServerResponse;
  /** `response` is the server's own. */
  constructor(response: ServerResponse) {
    this.#response = response;
  }
  /** A whole answer. */
  json(body: unknown, status = 200, headers: Record<string, string> = {}): void {
    this.#response.writeHead(status, { "Content-Type": "application/json", ...headers });
    this.#response.end(JSON.stringify(body));
  }
  /** A whole answer as it is. */
  text(body: string, status = 200, headers: Record<string, string> = {}): void {
    this.#response.writeHead(status, headers);
    this.#response.end(body);
  }
  /** An error as the API server words it. */
  error(status: number, reason: string, message = "", headers: Record<string, string> = {}): void {
    this.json({ kind: "Status", apiVersion: "v1", status: "Failure", code: status, reason, message }, status, headers);
  }
  /** Begins an answer without end. */
  stream(): void {
    this.#response.writeHead(200, { "Content-Type": "application/json" });
    this.#response.flushHeaders();
  }
  /** More of an answer without end. */
  write(text: string): void {
    this.#response.write(text);
  }
  /** One line of a watch. */
  event(type: string, object: unknown): void {
    this.write(JSON.stringify({ type, object }) + "\n");
  }
  /** Ends it in good order. */
  end(): void {
    this.#response.end();
  }
  /** Breaks the connection. */
  cut(): void {
    this.#response.socket?.destroy();
  }
  /** Bytes that need not be HTTP. */
  raw(bytes: string): void {
    this.#response.socket?.end(bytes);
  }
}

/** Answers a request; what it does not answer stays open. */
export type Script = (seen: Seen, reply: Reply) => void;

/** A server on a free loopback port; its connections are broken when it is disposed. */
export class ScriptedServer implements AsyncDisposable {
  /** What came in, oldest first. */
  readonly seen: Seen[] = [];
  /** What it does; may be changed at any time. */
  script: Script;
  readonly #server: Server;
  readonly #secure: boolean;
  readonly #connections = new Map<Socket, number>();
  #count = 0;
  #waiting: { count: number; resolve: () => void }[] = [];

  private constructor(script: Script, tls: { key: string; cert: string } | undefined) {
    this.script = script;
    this.#secure = tls !== undefined;
    const listener = (request: IncomingMessage, response: ServerResponse) => this.#onRequest(request, response);
    this.#server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener) as unknown as Server;
    this.#server.on(tls === undefined ? "connection" : "secureConnection", (socket: Socket) => {
      this.#connections.set(socket, ++this.#count);
      socket.on("error", () => {/* Tests break connections. */});
      socket.once("close", () => this.#connections.delete(socket));
    });
  }

  /** Listens. */
  static async start(script: Script, tls?: { key: string; cert: string }): Promise<ScriptedServer> {
    const server = new ScriptedServer(script, tls);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  /** Its port. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Base URL. */
  get url(): string {
    return `${this.#secure ? "https" : "http"}://127.0.0.1:${this.port}`;
  }

  /** How many connections were ever made. */
  get connections(): number {
    return this.#count;
  }

  /** Resolves when this many requests have come in. */
  async requests(count: number): Promise<void> {
    if (this.seen.length >= count) return;
    await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
  }

  /** Breaks all connections that are open. */
  cutAll(): void {
    for (const socket of this.#connections.keys()) socket.destroy();
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += chunk;
    const url = new URL(request.url ?? "/", "http://server");
    const seen: Seen = {
      method: request.method ?? "",
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body,
      connection: this.#connections.get(request.socket as Socket) ?? 0,
    };
    this.seen.push(seen);
    this.script(seen, new Reply(response));
    for (const { resolve } of this.#waiting.filter(({ count }) => count <= this.seen.length)) resolve();
    this.#waiting = this.#waiting.filter(({ count }) => count > this.seen.length);
  }

  /** Breaks what is open and ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.cutAll();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A kubeconfig's access to a scripted server. */
export function accessTo(server: { url: string }) {
  return { server: new URL(server.url), insecure: false, credentials: { impersonate: {} }, origin: "test" };
}
