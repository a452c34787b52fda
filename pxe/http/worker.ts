/// <reference lib="deno.worker" />
/**
 * A thread of the HTTP server: listens, parses, streams files. It may read the image cache and listen on its port, no
 * more; whose request it is and what a path means it asks the main thread.
 */
import type { Cidr } from "../../base/address.ts";
import type { LogFields } from "../../base/log.ts";
import { Asker, portResolver } from "../resolver_port.ts";
import { HttpCounter } from "./counts.ts";
import { FileStreams } from "./file_stream.ts";
import type { Handler } from "./message.ts";
import { type AttestAnswer, createRoutes, type DisableAnswer, routeOf } from "./routes.ts";
import { type HttpObserver, SocketServer } from "./socket_server.ts";

/** What the main thread tells a worker at its start. */
export interface WorkerStart {
  readonly address: string;
  readonly port: number;
  readonly trustedProxies: readonly Cidr[];
  /** The main thread answers questions at its other end. */
  readonly questions: MessagePort;
  /** What is done is counted here. */
  readonly counts: SharedArrayBuffer;
}

/** What a worker is told later: to stop accepting and to end what runs. */
export type WorkerOrder = "drain";

/** What a worker says: it accepts; it could not; all it had is sent; something to be logged: it has no logger. */
export type WorkerWord =
  | { readonly kind: "listening" }
  | { readonly kind: "failed"; readonly name: string; readonly message: string }
  | { readonly kind: "drained" }
  | { readonly kind: "problem"; readonly message: string; readonly fields: LogFields };

function say(word: WorkerWord): void {
  self.postMessage(word);
}

function problem(message: string, fields: LogFields): void {
  const told = Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? value.message : value]);
  say({ kind: "problem", message, fields: Object.fromEntries(told) });
}

function routesFor(start: WorkerStart): Handler {
  const asker = new Asker(start.questions);
  const streams = new FileStreams();
  return createRoutes({
    resolve: portResolver(asker),
    cloudInit: async (client, event) => {
      try {
        await asker.ask("cloudInit", client, event);
      } catch (error) {
        problem("cloud-init event lost", { error });
      }
    },
    pxeDisable: (client) => asker.ask("pxeDisable", client) as Promise<DisableAnswer>,
    attest: async (client, body) => {
      try {
        return await asker.ask("attest", client, body) as AttestAnswer;
      } catch (error) {
        problem("attestation failed", { error });
        return { status: 503, text: "this server is too busy, try again\n", retryAfterS: 5 };
      }
    },
    open: (path, span) => streams.open(path, span),
    trustedProxies: start.trustedProxies,
    problem,
  });
}

function counting(counts: SharedArrayBuffer): HttpObserver {
  const counter = new HttpCounter(counts);
  return {
    connections: (open) => counter.connections(open),
    request(target) {
      const startedMs = performance.now();
      const route = target === undefined ? "malformed" : routeOf(target);
      return (end) => counter.answered({ route, ...end, seconds: (performance.now() - startedMs) / 1000 });
    },
  };
}

function listen(start: WorkerStart): SocketServer | undefined {
  try {
    const listener = Deno.listen({ hostname: start.address, port: start.port, reusePort: true });
    const observe = counting(start.counts);
    const server = new SocketServer({ listener, handle: routesFor(start), observe });
    say({ kind: "listening" });
    return server;
  } catch (error) {
    const { name, message } = error as Error;
    say({ kind: "failed", name, message });
  }
}

let server: SocketServer | undefined;
self.onmessage = async ({ data }: MessageEvent<WorkerStart | WorkerOrder>) => {
  if (data !== "drain") {
    server = listen(data);
    return;
  }
  await server?.shutdown();
  say({ kind: "drained" });
};
