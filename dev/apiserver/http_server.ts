/** HTTPS in front of the API: what bounds requests before anything is understood of them. */
import type { Logger } from "../../base/log.ts";
import { bindError } from "../../pxe/bind_error.ts";
import type { Answer } from "./answer.ts";
import { type Api, type ApiRequest, refused } from "./api.ts";
import { BodyReader } from "./body_stream.ts";
import type { ServerCertificate } from "./certificate.ts";
import { headTooLong, internalError, tooManyRequests } from "./refusals.ts";
import type { StatusError } from "./status_error.ts";
import { WatchStreams } from "./watch_stream.ts";

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
const MAX_URI_LENGTH = 8192;
const MAX_HEADERS_LENGTH = 32 * 1024;

/** A listening server; disposing it ends every connection. */
export class HttpServer implements AsyncDisposable {
  readonly #api: Pick<Api, "answer">;
  readonly #log: Logger;
  readonly #bodies = new BodyReader();
  readonly #watches: WatchStreams;
  readonly #ending = new AbortController();
  readonly #http: Deno.HttpServer<Deno.NetAddr>;
  #inFlight = 0;

  /**
   * Starts to listen.
   * @throws {BindError} when the port cannot be had
   */
  constructor({ hostname, port, certificate, api, log }: HttpServerOptions) {
    this.#api = api;
    this.#log = log;
    this.#watches = new WatchStreams(log);
    const { certPem: cert, keyPem: key } = certificate;
    try {
      this.#http = Deno.serve(
        { hostname, port, cert, key, signal: this.#ending.signal, onListen: () => {} },
        (request) => this.#respond(request),
      );
    } catch (error) {
      const where = { protocol: "TCP", address: hostname, port, flag: "--api-port" } as const;
      throw bindError(error, { what: "the development API", ...where });
    }
  }

  /** Where it listens. */
  get port(): number {
    return this.#http.addr.port;
  }

  async #respond(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const { method, headers } = request;
    const ended = new AbortController();
    const body = () => this.#bodies.read(request);
    const asked: ApiRequest = { method, path: pathname, query: searchParams, headers, body, signal: ended.signal };
    this.#inFlight++;
    try {
      const refusal = this.#refusal(request);
      if (refusal !== undefined) return refusalResponse(refusal, asked);
      const answer = await this.#api.answer(asked);
      if (typeof answer.body === "string" || answer.body instanceof Uint8Array) return response(answer, answer.body);
      if (this.#watches.size >= MAX_WATCHES) {
        ended.abort();
        return refusalResponse(tooManyRequests(), asked);
      }
      return response(answer, this.#watches.body({ lines: answer.body, ended }));
    } catch (error) {
      this.#log.error("request failed in the development API server", { method, path: pathname, error });
      return refusalResponse(internalError(), asked);
    } finally {
      this.#inFlight--;
    }
  }

  /** What is wrong before anything is read. */
  #refusal({ url, headers }: Request): StatusError | undefined {
    if (this.#inFlight > MAX_IN_FLIGHT) return tooManyRequests();
    if (url.length > MAX_URI_LENGTH) return headTooLong("URI");
    let length = 0;
    for (const [name, value] of headers) length += name.length + value.length;
    return length > MAX_HEADERS_LENGTH ? headTooLong("header") : undefined;
  }

  /** Ends every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watches[Symbol.asyncDispose]();
    this.#ending.abort();
    await this.#http.finished;
  }
}

function response({ status, headers }: Answer, body: BodyInit): Response {
  return new Response(body, { status, headers: headers.map(([name, value]) => [name, value]) });
}

function refusalResponse(refusal: StatusError, request: ApiRequest): Response {
  const answer = refused(refusal, request);
  return response(answer, answer.body);
}
