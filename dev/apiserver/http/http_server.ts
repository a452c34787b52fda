/**
 * HTTPS in front of the API: what bounds requests before anything is understood of them.
 * By node:https: over TLS Deno.serve sends head and body in two writes with Nagle's algorithm on, so that every answer
 * over HTTP/1.1 waits 40 ms for the client's acknowledgement.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Logger } from "../../../base/log.ts";
import { TaskGroup } from "../../../base/tasks.ts";
import { bindError } from "../../../pxe/bind_error.ts";
import type { Answer } from "./answer.ts";
import { type Api, type ApiRequest, refused } from "./api.ts";
import { BodyReader, passOver } from "./body_stream.ts";
import type { ServerCertificate } from "../../certificate/certificate.ts";
import { headTooLong, internalError, tooManyRequests } from "./refusals.ts";
import type { StatusError } from "../status_error.ts";
import { sendWatch } from "./watch_stream.ts";

/** Where it listens, and for whom. */
export interface HttpServerOptions {
  /** A loopback address. */
  readonly hostname: string;
  /** 0 takes any free one. */
  readonly port: number;
  readonly certificate: ServerCertificate;
  readonly api: Pick<Api, "answer">;
  readonly log: Logger;
}

/** As many as kube-apiserver takes at a time: 400 that read and 200 that write. */
const MAX_IN_FLIGHT = 600;
const MAX_WATCHES = 1000;
const MAX_CONNECTIONS = 2000;
const MAX_URI_LENGTH = 8192;
const MAX_HEADERS_LENGTH = 32 * 1024;
/** Between requests, for a head, and for all of a request and its answer: looked at every second. */
const IDLE_MS = 75_000;
const EXCHANGE_MS = 90_000;
const TICK_MS = 1000;

/** A listening server; disposing it ends every connection. */
export class HttpServer implements AsyncDisposable {
  readonly #options: HttpServerOptions;
  readonly #server: Server;
  readonly #bodies = new BodyReader();
  readonly #tasks: TaskGroup;
  /** When the time of each connection is over, on a clock that only counts ticks. */
  readonly #deadlines = new Map<Socket, number>();
  readonly #watches = new Set<AbortController>();
  readonly #tick: ReturnType<typeof setInterval>;
  /** Where it listens. */
  port = 0;
  #ticks = 0;
  #inFlight = 0;

  private constructor(options: HttpServerOptions) {
    const { certPem: cert, keyPem: key } = options.certificate;
    this.#options = options;
    this.#tasks = new TaskGroup(options.log);
    this.#server = createServer({ cert, key, maxHeaderSize: MAX_HEADERS_LENGTH });
    this.#server.keepAliveTimeout = IDLE_MS;
    this.#server.on("connection", (socket: Socket) => this.#accept(socket));
    this.#server.on("clientError", refuseHead);
    this.#server.on("request", (request, response) => {
      this.#tasks.start("answer", () => this.#respond(request, response));
    });
    this.#tick = setInterval(() => this.#look(), TICK_MS);
  }

  /**
   * Starts to listen.
   * @throws {BindError} when the port cannot be had
   */
  static async listen(options: HttpServerOptions): Promise<HttpServer> {
    const { hostname, port } = options;
    const http = new HttpServer(options);
    const listening = Promise.withResolvers<void>();
    http.#server.once("error", listening.reject);
    http.#server.listen(port, hostname, listening.resolve);
    try {
      await listening.promise;
      http.port = (http.#server.address() as AddressInfo).port;
      return http;
    } catch (error) {
      clearInterval(http.#tick);
      const where = { protocol: "TCP", address: hostname, port, flag: "--api-port" } as const;
      throw bindError(error, { what: "the development API", ...where });
    }
  }

  #accept(socket: Socket): void {
    if (this.#deadlines.size >= MAX_CONNECTIONS) return void socket.destroy();
    this.#allow(socket, IDLE_MS);
    socket.on("close", () => this.#deadlines.delete(socket));
  }

  #allow(socket: Socket, ms: number): void {
    this.#deadlines.set(socket, this.#ticks + ms / TICK_MS);
  }

  #look(): void {
    this.#ticks++;
    for (const [socket, deadline] of this.#deadlines) if (deadline < this.#ticks) socket.destroy();
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "", headers } = request;
    // The TCP connection, which TLS wraps.
    const socket = (request.socket as Socket & { _parent?: Socket })._parent ?? request.socket;
    const [path = "", search] = url.split(/\?(.*)/s, 2);
    const ended = new AbortController();
    const asked: ApiRequest = {
      method,
      path,
      query: new URLSearchParams(search),
      headers: { get: (name) => headerValue(headers[name]) },
      body: () => this.#bodies.read(request),
      signal: ended.signal,
    };
    this.#inFlight++;
    this.#allow(socket, EXCHANGE_MS);
    response.on("close", () => this.#deadlines.has(socket) && this.#allow(socket, IDLE_MS));
    const answer = await this.#answer(asked, url);
    this.#inFlight--;
    passOver(request, () => socket.destroy());
    if (typeof answer.body === "string" || answer.body instanceof Uint8Array) {
      return send(response, answer, answer.body);
    }
    if (this.#watches.size >= MAX_WATCHES) {
      ended.abort();
      const refusal = refused(tooManyRequests(), asked);
      return send(response, refusal, refusal.body);
    }
    this.#allow(socket, Infinity);
    await this.#watch(response, answer, { lines: answer.body, ended });
  }

  async #answer(asked: ApiRequest, url: string): Promise<Answer> {
    try {
      const refusal = this.#refusal(url);
      return refusal === undefined ? await this.#options.api.answer(asked) : refused(refusal, asked);
    } catch (error) {
      const { method, path } = asked;
      this.#options.log.error("request failed in the development API server", { method, path, error });
      return refused(internalError(), asked);
    }
  }

  /** What is wrong before anything is read. */
  #refusal(url: string): StatusError | undefined {
    if (this.#inFlight > MAX_IN_FLIGHT) return tooManyRequests();
    return url.length > MAX_URI_LENGTH ? headTooLong() : undefined;
  }

  async #watch(
    response: ServerResponse,
    { status, headers }: Answer,
    watch: { readonly lines: AsyncIterable<string>; readonly ended: AbortController },
  ): Promise<void> {
    this.#watches.add(watch.ended);
    response.writeHead(status, headers.flat());
    // A client waits for the head, and the first event may be far away.
    response.flushHeaders();
    await sendWatch(response, watch, this.#options.log);
    this.#watches.delete(watch.ended);
  }

  /** Ends every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#tick);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const ended of this.#watches) ended.abort();
    for (const socket of this.#deadlines.keys()) socket.destroy();
    await this.#tasks.idle();
    await closed;
  }
}

/** What is no HTTP at all, or has more headers than fit. */
function refuseHead({ code }: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable) return void socket.destroy();
  const status = code === "HPE_HEADER_OVERFLOW" ? "431 Request Header Fields Too Large" : "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
}

function headerValue(value: string | string[] | undefined): string | null {
  return Array.isArray(value) ? value.join(", ") : value ?? null;
}

/** Head and body in one write. */
function send(response: ServerResponse, { status, headers }: Answer, body: string | Uint8Array): void {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  if (!response.writable) return;
  response.writeHead(status, [...headers.flat(), "content-length", String(bytes.length)]);
  response.end(bytes);
}
