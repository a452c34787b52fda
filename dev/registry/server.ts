/** The OCI distribution API (distribution-spec 1.1, pull and push) over a folder of image layouts, on loopback only. */
import { systemClock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import { bindError } from "../../pxe/bind_error.ts";
import * as answers from "./answers.ts";
import type { BodyTimes } from "./body_stream.ts";
import { LayoutStore } from "./layout_store.ts";
import { Refusal } from "./refusal.ts";
import { type Action, type ActionOf, refuseWebPages, route } from "./routes.ts";
import { answerUpload } from "./upload_answers.ts";
import { UploadStore } from "./upload_store.ts";

/** How the registry is started. */
export interface DevRegistryOptions {
  /** Of the layouts; made where it is missing. */
  readonly folder: string;
  /** Of 127.0.0.1. @default a free one */
  readonly port?: number;
  /** Told of pushes, and of what goes wrong. */
  readonly log: Logger;
  /** For the bodies of requests. @default 30 s without a byte, an hour in all */
  readonly bodyTimes?: Pick<BodyTimes, "idleMs" | "totalMs">;
}

/** A running registry. */
export interface DevRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`, as image references begin. */
  readonly host: string;
  /** Where it listens. */
  readonly port: number;
  /** What it serves, for whoever puts images in without HTTP. */
  readonly store: LayoutStore;
}

const ADDRESS = "127.0.0.1";

/**
 * Starts the registry.
 * @throws {PortInUse} of pxe/bind_error.ts
 * @throws {RegistryFolderError}
 */
export async function startDevRegistry(options: DevRegistryOptions): Promise<DevRegistry> {
  const { folder, port = 0, log, bodyTimes } = options;
  const store = await LayoutStore.open(folder);
  const ending = new AbortController();
  const { signal } = ending;
  const api = new Api(store, log, { ...bodyTimes, signal });
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = Deno.serve({ hostname: ADDRESS, port, signal, onListen: () => {} }, (request) => api.answer(request));
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw bindError(error, {
      what: "the image registry",
      protocol: "TCP",
      address: ADDRESS,
      port,
      flag: "registry port",
    });
  }
  return {
    host: `${ADDRESS}:${server.addr.port}`,
    port: server.addr.port,
    store,
    async [Symbol.asyncDispose]() {
      // A shutdown would wait for clients that stopped in the middle.
      ending.abort();
      await server.finished;
      await api.idle();
      await store[Symbol.asyncDispose]();
    },
  };
}

class Api {
  readonly #store: LayoutStore;
  readonly #uploads: UploadStore;
  readonly #log: Logger;
  readonly #times: BodyTimes;
  readonly #answering = new Set<Promise<Response>>();

  constructor(store: LayoutStore, log: Logger, times: BodyTimes) {
    this.#store = store;
    this.#uploads = new UploadStore(store, systemClock.now);
    this.#log = log;
    this.#times = times;
  }

  async answer(request: Request): Promise<Response> {
    const answering = this.#tryTo(request);
    this.#answering.add(answering);
    const response = await answering;
    this.#answering.delete(answering);
    response.headers.set("Docker-Distribution-API-Version", "registry/2.0");
    return response;
  }

  /** Resolves when no request is being answered. */
  async idle(): Promise<void> {
    while (this.#answering.size > 0) await Promise.all(this.#answering);
  }

  async #tryTo(request: Request): Promise<Response> {
    try {
      refuseWebPages(request.headers);
      const url = URL.parse(request.url);
      if (url === null) throw new Refusal(400, "NAME_INVALID", "the request's target and Host make no URL");
      return await this.#act(route(request.method, url.pathname, url.searchParams), request);
    } catch (error) {
      const refusal = this.#refusal(request, error);
      const headers = { "Content-Type": "application/json", ...refusal.headers };
      return new Response(request.method === "HEAD" ? null : refusal.body, { status: refusal.status, headers });
    }
  }

  #refusal({ method, url }: Request, error: unknown): Refusal {
    if (error instanceof Refusal) return error;
    const explained = this.#store.explain(error);
    this.#log.error("the image registry failed", { method, url, error: explained });
    return new Refusal(500, "UNKNOWN", explained instanceof Error ? explained.message : String(explained));
  }

  #act(action: Action, request: Request): Promise<Response> {
    const store = this.#store;
    switch (action.kind) {
      case "version":
        return Promise.resolve(answers.json({}));
      case "catalog":
        return answers.listRepositories(store, action);
      case "tags":
        return answers.listTags(store, action);
      case "referrers":
        return answers.listReferrers(store, action);
      case "readBlob":
        return answers.readBlob(store, action, request);
      case "readManifest":
        return answers.readManifest(store, action, request);
      case "writeManifest":
        return this.#push(action, request);
      case "deleteManifest":
      case "deleteBlob":
        return answers.deleteFrom(store, action);
      default:
        return answerUpload(store, this.#uploads, action, request, this.#times);
    }
  }

  async #push(action: ActionOf<"writeManifest">, request: Request): Promise<Response> {
    const response = await answers.writeManifest(this.#store, action, request, this.#times);
    const digest = response.headers.get("docker-content-digest");
    this.#log.info("image pushed", { repository: action.name, ...action.reference, digest });
    return response;
  }
}
