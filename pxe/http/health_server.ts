/** The health port: /healthz is this process alive, /readyz may it get traffic (contract 7), /metrics what it counts. */
import { METRICS_CONTENT_TYPE } from "../../base/metrics.ts";
import { bindError } from "../bind_error.ts";

/** Settings of the health server. */
export interface HealthServerOptions {
  readonly bindAddress: string;
  readonly port: number;
  /** What keeps this instance from being ready, in words; nothing when it is. */
  readonly missing: () => readonly string[];
  /** The text of /metrics. */
  readonly metrics: () => string;
}

/** The answer to one request. */
export function healthResponse(
  { method, path }: { readonly method: string; readonly path: string },
  { missing, metrics }: Pick<HealthServerOptions, "missing" | "metrics">,
): Response {
  switch (path) {
    case "/healthz":
      return new Response("ok");
    case "/readyz":
      return readiness(missing());
    case "/metrics":
      if (method !== "GET" && method !== "HEAD") {
        return new Response("method not allowed\n", { status: 405, headers: { Allow: "GET, HEAD" } });
      }
      return new Response(metrics(), { headers: { "Content-Type": METRICS_CONTENT_TYPE } });
    default:
      return new Response("not found\n", { status: 404 });
  }
}

function readiness(missing: readonly string[]): Response {
  if (missing.length === 0) return new Response("ok");
  return new Response(missing.map((what) => `not ready: ${what}\n`).join(""), { status: 503 });
}

/**
 * Starts to listen.
 * @throws {BindError} when the port cannot be had
 */
export function startHealthServer(options: HealthServerOptions): Deno.HttpServer {
  const { bindAddress, port } = options;
  try {
    return Deno.serve(
      { hostname: bindAddress, port, onListen: () => {} },
      ({ method, url }) => healthResponse({ method, path: new URL(url).pathname }, options),
    );
  } catch (error) {
    throw bindError(error, {
      what: "the health checks",
      protocol: "TCP",
      address: bindAddress,
      port,
      flag: "--health-port",
    });
  }
}
