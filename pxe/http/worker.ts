/// <reference lib="deno.worker" />
/**
 * A thread of the HTTP server: listens, parses, streams files. It may read the image cache and listen on its port, no
 * more; whose request it is and what a path means it asks the main thread.
 */
import type { Cidr } from "../../base/address.ts";
import { systemClock } from "../../base/clock.ts";
import type { LogFields } from "../../base/log.ts";
import { Asker, portResolver } from "../resolver_port.ts";
import { readBody } from "./body.ts";
import { FileStreams } from "./file_stream.ts";
import { createRoutes, type DisableAnswer, type Routes } from "./routes.ts";

/** What the main thread tells a worker at its start. */
export interface WorkerStart {
  readonly address: string;
  readonly port: number;
  readonly trustedProxies: readonly Cidr[];
  /** The main thread answers questions at its other end. */
  readonly questions: MessagePort;
}

/** What a worker is told later: to stop accepting and to end what runs. */
export type WorkerOrder = "drain";

/** What a worker says: it accepts; it could not; all it had is sent; something to be logged: it has no logger. */
export type WorkerWord =
  | { readonly kind: "listening" }
  | { readonly kind: "failed"; readonly name: string; readonly message: string }
  | { readonly kind: "drained" }
  | { readonly kind: "problem"; readonly message: string; readonly fields: LogFields };

/** Longest body of a request. */
const MAX_BODY = 1 << 20;
/** For a whole body. */
const BODY_TIMEOUT_MS = 10_000;

function say(word: WorkerWord): void {
  self.postMessage(word);
}

function problem(message: string, fields: LogFields): void {
  const told = Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? value.message : value]);
  say({ kind: "problem", message, fields: Object.fromEntries(told) });
}

function routesFor(start: WorkerStart): Routes {
  const asker = new Asker(start.questions);
  const streams = new FileStreams();
  return createRoutes({
    resolve: portResolver(asker),
    cloudInit: (client, event) => {
      asker.ask("cloudInit", client, event).catch((error) => problem("cloud-init event lost", { error }));
    },
    pxeDisable: (client) => asker.ask("pxeDisable", client) as Promise<DisableAnswer>,
    open: (path, span, size) => streams.open(path, span, size),
    readBody: (request) => readBody(request, { maxBytes: MAX_BODY, timeoutMs: BODY_TIMEOUT_MS, clock: systemClock }),
    trustedProxies: start.trustedProxies,
    problem,
  });
}

function listen(start: WorkerStart): Deno.HttpServer | undefined {
  const routes = routesFor(start);
  try {
    return Deno.serve({
      hostname: start.address,
      port: start.port,
      reusePort: true,
      onListen: () => say({ kind: "listening" }),
      onError: () => new Response("internal error\n", { status: 500 }),
    }, (request, { remoteAddr }) => routes(request, remoteAddr.hostname));
  } catch (error) {
    const { name, message } = error as Error;
    say({ kind: "failed", name, message });
  }
}

let server: Deno.HttpServer | undefined;
self.onmessage = async ({ data }: MessageEvent<WorkerStart | WorkerOrder>) => {
  if (data !== "drain") {
    server = listen(data);
    return;
  }
  await server?.shutdown();
  say({ kind: "drained" });
};
