/** Request -> Response: what each path and method of the HTTP port does (contract 7). */
import { type Context, Hono } from "hono";
import type { Cidr } from "../../base/address.ts";
import type { LogFields } from "../../base/log.ts";
import { type CloudInitEvent, readCloudInitEvent } from "../../machine/reports.ts";
import type { FileAnswer, FileResolver } from "../answer.ts";
import { clientIp } from "../client_ip.ts";
import { decodePercent, rawPath } from "../paths.ts";
import type { BodyReading } from "./body.ts";
import { type ByteSpan, contentType, planFile } from "./file_response.ts";

/** What came of /pxe/disable: nobody knows the client, or Machines are not read yet and nobody can. */
export type DisableAnswer = "taken" | "unknown" | "notYet";

/** Everything the routes ask of the world. */
export interface RouteDoors {
  /** What a path means for a client. */
  readonly resolve: FileResolver;
  /** Takes an event; one of a client that nobody knows is dropped. */
  readonly cloudInit: (client: number, event: CloudInitEvent) => void;
  /** Records the end of a repave. */
  readonly pxeDisable: (client: number) => Promise<DisableAnswer>;
  /** Part of a file, or undefined when it is gone. */
  readonly open: (
    absolutePath: string,
    span: ByteSpan,
    size: number,
  ) => ReadableStream<Uint8Array> | Uint8Array | undefined;
  /** Reads a body within limits. */
  readonly readBody: (request: Request) => Promise<BodyReading>;
  /** Who may say X-Forwarded-For. */
  readonly trustedProxies: readonly Cidr[];
  /** Something that an operator should read. */
  readonly problem: (message: string, fields: LogFields) => void;
}

/** Answers a request; `peer` is the address at the socket's other end. */
export type Routes = (request: Request, peer: string) => Response | Promise<Response>;

type Env = { Bindings: { peer: string } };
type Method = (context: Context<Env>) => Response | Promise<Response>;

/** How long a client is asked to wait for what will be there soon. */
const RETRY_AFTER = { "retry-after": "5" };

/** The routes over their doors. */
export function createRoutes(doors: RouteDoors): Routes {
  const app = new Hono<Env>({ getPath: (request) => rawPath(request.url) });
  const healthz: Method = (c) => text(c, 200, "ok");
  const disable: Method = (c) => pxeDisable(c, doors);
  const file: Method = (c) => serveFile(c, doors);
  app.all("/healthz", byMethod({ GET: healthz, HEAD: healthz }));
  app.all("/cloudinit/log", byMethod({ POST: (c) => cloudInitLog(c, doors) }));
  app.all("/pxe/disable", byMethod({ GET: disable, POST: disable }));
  app.all("/attest", byMethod({ POST: (c) => text(c, 501, "attestation is not available on this server\n") }));
  app.all("*", byMethod({ GET: file, HEAD: file }));
  app.onError((error, c) => {
    doors.problem("request failed", { path: c.req.path, error });
    return text(c, 500, "internal error\n");
  });
  return (request, peer) => app.fetch(request, { peer });
}

/** RFC 9110 15.5.6: the methods that a resource has are told. Each is named: a GET is no leave for HEAD to act. */
function byMethod(methods: Readonly<Record<string, Method>>): Method {
  const allow = Object.keys(methods).join(", ");
  return (c) => {
    const method = c.req.raw.method;
    return Object.hasOwn(methods, method)
      ? methods[method]!(c)
      : text(c, 405, `use ${allow.replace(/, (\w+)$/, " or $1")}\n`, { allow });
  };
}

function text(
  c: Context<Env>,
  status: 200 | 404 | 405 | 408 | 500 | 501 | 503,
  body: string,
  headers: Record<string, string> = {},
): Response {
  const length = String(new TextEncoder().encode(body).length);
  const all = { "content-type": "text/plain; charset=utf-8", "content-length": length, ...headers };
  return new Response(c.req.raw.method === "HEAD" ? null : body, { status, headers: all });
}

function clientOf(c: Context<Env>, { trustedProxies }: RouteDoors): number | undefined {
  return clientIp(c.env.peer, c.req.header("x-forwarded-for") ?? null, trustedProxies);
}

async function cloudInitLog(c: Context<Env>, doors: RouteDoors): Promise<Response> {
  const client = clientOf(c, doors);
  const body = await doors.readBody(c.req.raw);
  // RFC 9110 15.5.9: this request never came to its end, so it is no junk to be accepted.
  if (body.kind === "tooSlow") return text(c, 408, "the body came too slowly\n", { connection: "close" });
  const event = body.kind === "text" ? readCloudInitEvent(body.text) : undefined;
  if (client !== undefined && event !== undefined) doors.cloudInit(client, event);
  return text(c, 200, "ok\n", body.kind === "tooLarge" ? { connection: "close" } : {});
}

async function pxeDisable(c: Context<Env>, doors: RouteDoors): Promise<Response> {
  const client = clientOf(c, doors);
  const answer = client === undefined ? "unknown" : await doors.pxeDisable(client);
  if (answer === "notYet") return text(c, 503, "not here yet, try again\n", RETRY_AFTER);
  return answer === "taken" ? text(c, 200, "ok\n") : text(c, 404, "no Machine has a lease with this address\n");
}

async function serveFile(c: Context<Env>, doors: RouteDoors): Promise<Response> {
  const client = clientOf(c, doors);
  const path = decodePercent(c.req.path);
  if (client === undefined || path === undefined) return text(c, 404, "not found\n");
  const answer = await doors.resolve(client, path);
  switch (answer.kind) {
    case "file":
    case "bytes":
      return send(c, path, answer, doors);
    case "notFound":
      return text(c, 404, "not found\n");
    case "notYet":
      return text(c, 503, "not here yet, try again\n", RETRY_AFTER);
    case "failed":
      return text(c, 500, `template failed: ${oneLine(answer.reason)}\n`);
  }
}

function oneLine(reason: string): string {
  return reason.replace(/\s+/g, " ").slice(0, 500).toWellFormed();
}

function send(
  c: Context<Env>,
  path: string,
  answer: FileAnswer & { kind: "file" | "bytes" },
  { open }: RouteDoors,
): Response {
  const size = answer.kind === "file" ? answer.size : answer.body.length;
  const method = c.req.raw.method === "HEAD" ? "HEAD" : "GET";
  const plan = planFile(method, c.req.raw.headers, { size, etag: answer.etag, contentType: contentType(path) });
  const init = { status: plan.status, headers: { ...plan.headers } };
  if (plan.body === undefined) return new Response(null, init);
  const { start, end } = plan.body;
  if (answer.kind === "bytes") return new Response(answer.body.subarray(start, end) as BodyInit, init);
  const body = open(answer.absolutePath, plan.body, size);
  // The image was replaced between the answer and now: the next try finds the new one.
  return body === undefined
    ? text(c, 503, "not here yet, try again\n", RETRY_AFTER)
    : new Response(body as BodyInit, init);
}
