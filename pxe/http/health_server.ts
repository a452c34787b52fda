/** The health port: /healthz is this process alive, /readyz may it get traffic (contract 7). */
import { bindError } from "../bind_error.ts";

/** Settings of the health server. */
export interface HealthServerOptions {
  readonly bindAddress: string;
  readonly port: number;
  /** What keeps this instance from being ready, in words; nothing when it is. */
  readonly missing: () => readonly string[];
}

/** The answer to one request. */
export function healthResponse(path: string, missing: readonly string[]): Response {
  if (path === "/healthz") return new Response("ok");
  if (path !== "/readyz") return new Response("not found\n", { status: 404 });
  if (missing.length === 0) return new Response("ok");
  return new Response(missing.map((what) => `not ready: ${what}\n`).join(""), { status: 503 });
}

/**
 * Starts to listen.
 * @throws {BindError} when the port cannot be had
 */
export function startHealthServer({ bindAddress, port, missing }: HealthServerOptions): Deno.HttpServer {
  try {
    return Deno.serve(
      { hostname: bindAddress, port, onListen: () => {} },
      (request) => healthResponse(new URL(request.url).pathname, missing()),
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
