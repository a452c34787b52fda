/** A proxy before a registry that does to its answers what networks and broken registries do. */

import { systemClock } from "../../base/clock.ts";

/** What happens to one request; undefined lets it pass. */
export type Fault = (request: Request, count: number) => FaultAction | undefined;

/** The ways to spoil an answer. */
export type FaultAction =
  | { readonly kind: "answer"; readonly response: Response }
  /** Passes the first bytes on and then breaks the connection. */
  | { readonly kind: "cut"; readonly afterBytes: number }
  /** Changes the byte at this offset. */
  | { readonly kind: "flip"; readonly at: number }
  /** Ignores the Range header. */
  | { readonly kind: "whole" }
  /** Sends the head and some bytes, then nothing more. */
  | { readonly kind: "stall"; readonly afterBytes: number };

/** A running proxy. */
export interface FaultyRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Requests as `METHOD /path`, and the Range and Authorization headers that came with them. */
  readonly requests: { line: string; range: string | null; authorization: string | null }[];
}

/** The body as the fault makes it. It is held whole, so that a client that leaves leaves nothing open. */
function spoil(body: Uint8Array<ArrayBuffer>, action: FaultAction | undefined, signal: AbortSignal): BodyInit {
  if (action === undefined || action.kind === "answer" || action.kind === "whole") return body;
  if (action.kind === "flip") return body.map((byte, i) => i === action.at ? byte ^ 0xff : byte);
  let sent = false;
  return new ReadableStream({
    async pull(controller) {
      if (!sent && action.afterBytes > 0) {
        sent = true;
        return controller.enqueue(body.subarray(0, action.afterBytes));
      }
      // Bytes just passed on reach the client before the connection breaks.
      await systemClock.sleep(20, { signal }).catch(() => {});
      if (action.kind === "stall" && !signal.aborted) {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      }
      controller.error(new Error("cut"));
    },
  });
}

/** Starts a proxy before the registry at `host`. */
export function startFaultyRegistry(host: string, fault: Fault): FaultyRegistry {
  const ended = new AbortController();
  const requests: FaultyRegistry["requests"] = [];
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen() {},
    onError: () => new Response(null, { status: 500 }),
  }, async (request) => {
    const url = new URL(request.url);
    const count = requests.push({
      line: `${request.method} ${url.pathname}`,
      range: request.headers.get("range"),
      authorization: request.headers.get("authorization"),
    });
    const action = fault(request, count);
    if (action?.kind === "answer") return action.response;
    const headers = new Headers(request.headers);
    if (action?.kind === "whole") headers.delete("range");
    const answer = await fetch(`http://${host}${url.pathname}`, {
      method: request.method,
      headers,
      redirect: "manual",
    });
    const body = new Uint8Array(await answer.arrayBuffer());
    const noBody = request.method === "HEAD";
    return new Response(noBody ? null : spoil(body, action, ended.signal), {
      status: answer.status,
      headers: answer.headers,
    });
  });
  return {
    host: `127.0.0.1:${server.addr.port}`,
    requests,
    async [Symbol.asyncDispose]() {
      ended.abort();
      await server.shutdown();
    },
  };
}
