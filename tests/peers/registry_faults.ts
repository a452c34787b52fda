/** A proxy before a registry that does to its answers what networks and broken registries do. */

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

function spoil(body: ReadableStream<Uint8Array>, action: FaultAction, signal: AbortSignal): ReadableStream<Uint8Array> {
  let at = 0;
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      async transform(chunk, controller) {
        const start = at;
        at += chunk.length;
        if (action.kind === "flip") {
          const copy = chunk.slice();
          if (action.at >= start && action.at < at) copy[action.at - start]! ^= 0xff;
          return controller.enqueue(copy);
        }
        if (action.kind === "answer" || action.kind === "whole" || at <= action.afterBytes) {
          return controller.enqueue(chunk);
        }
        if (start < action.afterBytes) controller.enqueue(chunk.subarray(0, action.afterBytes - start));
        // Bytes just passed on reach the client before the connection breaks.
        await new Promise((resolve) => setTimeout(resolve, 20));
        if (action.kind === "stall") await new Promise((resolve) => signal.addEventListener("abort", resolve));
        controller.error(new Error("cut"));
      },
    }),
  );
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
    if (action === undefined || answer.body === null) return answer;
    return new Response(spoil(answer.body, action, ended.signal), { status: answer.status, headers: answer.headers });
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
