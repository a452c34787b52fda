/** What each path and method of the HTTP port does (contract 7). */
import type { Cidr } from "../../base/address.ts";
import type { LogFields } from "../../base/log.ts";
import { MAX_BODY } from "../../machine/body_limits.ts";
import { type CloudInitEvent, readCloudInitEvent } from "../../machine/reports.ts";
import type { FileAnswer, FileResolver } from "../answer.ts";
import { clientIp } from "../client_ip.ts";
import { decodePercent, rawPath } from "../paths.ts";
import type { HttpRoute } from "./counts.ts";
import { type ByteSpan, contentType, planFile } from "./file_response.ts";
import { BadRequest } from "./head.ts";
import { type Handler, type HttpReply, type HttpRequest, type Pieces, textReply } from "./message.ts";

/** What came of /pxe/disable: nobody knows the client, or Machines are not read yet and nobody can. */
export type DisableAnswer = "taken" | "unknown" | "notYet";

/** What came of /attest. */
export interface AttestAnswer {
  readonly status: number;
  /** JSON with status 200, else a sentence. */
  readonly text: string;
  /** How long the client is asked to wait. */
  readonly retryAfterS?: number;
}

/** Everything the routes ask of the world. */
export interface RouteDoors {
  /** What a path means for a client. */
  readonly resolve: FileResolver;
  /** Takes an event, and resolves when it is taken; one of a client that nobody knows is dropped. */
  readonly cloudInit: (client: number, event: CloudInitEvent) => Promise<void>;
  /** Records the end of a repave. */
  readonly pxeDisable: (client: number) => Promise<DisableAnswer>;
  /** Decides about a token for a client, from the request's body; undefined: it is longer than is read. */
  readonly attest: (client: number, body: Uint8Array | undefined) => Promise<AttestAnswer>;
  /** Part of a file, or undefined when it is gone. */
  readonly open: (absolutePath: string, span: ByteSpan) => Pieces | Uint8Array | undefined;
  /** Who may say X-Forwarded-For. */
  readonly trustedProxies: readonly Cidr[];
  /** Something that an operator should read. */
  readonly problem: (message: string, fields: LogFields) => void;
}

type Method = (request: HttpRequest, path: string) => HttpReply | Promise<HttpReply>;
type Methods = Readonly<Record<string, Method>>;

/** What a request that could be read is about. */
type ServedRoute = Exclude<HttpRoute, "malformed">;

/** The paths that are not files. */
const ROUTES = {
  "/healthz": "healthz",
  "/cloudinit/log": "cloudinit_log",
  "/pxe/disable": "pxe_disable",
  "/attest": "attest",
} as const satisfies Readonly<Record<string, ServedRoute>>;

/** What a request is about. */
export function routeOf(target: string): ServedRoute {
  const path = rawPath(target);
  return Object.hasOwn(ROUTES, path) ? ROUTES[path as keyof typeof ROUTES] : "file";
}

/** How long a client is asked to wait for what will be there soon. */
const RETRY_AFTER = { "Retry-After": "5" };

const UNKNOWN_CLIENT = "no Machine has a lease with this address\n";

/** The routes over their doors. */
export function createRoutes(doors: RouteDoors): Handler {
  const healthz: Method = ({ method }) => textReply(method, 200, "ok");
  const disable: Method = (request) => pxeDisable(request, doors);
  const file: Method = (request, path) => serveFile(request, path, doors);
  const routes: Readonly<Record<ServedRoute, Methods>> = {
    healthz: { GET: healthz, HEAD: healthz },
    cloudinit_log: { POST: (request) => cloudInitLog(request, doors) },
    pxe_disable: { GET: disable, POST: disable },
    attest: { POST: (request) => attest(request, doors) },
    file: { GET: file, HEAD: file },
  };
  return async (request) => {
    const path = rawPath(request.target);
    const methods = routes[routeOf(request.target)];
    try {
      if (!Object.hasOwn(methods, request.method)) return notAllowed(request, methods);
      return await methods[request.method]!(request, path);
    } catch (error) {
      if (error instanceof BadRequest) throw error;
      doors.problem("request failed", { path: path.slice(0, 200), error });
      return textReply(request.method, 500, "internal error\n");
    }
  };
}

/** RFC 9110 section 15.5.6: the methods that a resource has are told. A GET is no leave for HEAD to act. */
function notAllowed({ method }: HttpRequest, methods: Methods): HttpReply {
  const allow = Object.keys(methods).join(", ");
  return textReply(method, 405, `use ${allow.replace(/, (\w+)$/, " or $1")}\n`, { Allow: allow });
}

function clientOf({ peer, headers }: HttpRequest, { trustedProxies }: RouteDoors): number | undefined {
  return clientIp(peer, headers.get("x-forwarded-for") ?? null, trustedProxies);
}

/** Contract 7: always 200, for junk and for too much of it as well. */
async function cloudInitLog(request: HttpRequest, doors: RouteDoors): Promise<HttpReply> {
  const client = clientOf(request, doors);
  const body = await request.readBody(MAX_BODY["/cloudinit/log"]);
  const event = body === undefined ? undefined : readCloudInitEvent(new TextDecoder().decode(body));
  if (client !== undefined && event !== undefined) await doors.cloudInit(client, event);
  return textReply(request.method, 200, "ok\n");
}

/** Contract 10. */
async function attest(request: HttpRequest, doors: RouteDoors): Promise<HttpReply> {
  const client = clientOf(request, doors);
  const { method } = request;
  if (client === undefined) return textReply(method, 404, UNKNOWN_CLIENT);
  const body = await request.readBody(MAX_BODY["/attest"]);
  const { status, text, retryAfterS } = await doors.attest(client, body);
  return textReply(method, status, text, {
    ...(status === 200 ? { "Content-Type": "application/json" } : {}),
    ...(retryAfterS === undefined ? {} : { "Retry-After": String(retryAfterS) }),
  });
}

async function pxeDisable(request: HttpRequest, doors: RouteDoors): Promise<HttpReply> {
  const client = clientOf(request, doors);
  switch (client === undefined ? "unknown" : await doors.pxeDisable(client)) {
    case "taken":
      return textReply(request.method, 200, "ok\n");
    case "notYet":
      return textReply(request.method, 503, "Machines are not known yet, try again\n", RETRY_AFTER);
    case "unknown":
      return textReply(request.method, 404, UNKNOWN_CLIENT);
  }
}

async function serveFile(request: HttpRequest, rawPath: string, doors: RouteDoors): Promise<HttpReply> {
  const { method } = request;
  const client = clientOf(request, doors);
  const path = decodePercent(rawPath);
  if (client === undefined || path === undefined) return textReply(method, 404, "not found\n");
  const answer = await doors.resolve(client, path);
  switch (answer.kind) {
    case "file":
    case "bytes":
      return send(request, path, answer, doors);
    case "notFound":
      return textReply(method, 404, "not found\n");
    case "notYet":
      return textReply(method, 503, "not here yet, try again\n", RETRY_AFTER);
    case "failed":
      return textReply(method, 500, `template failed: ${oneLine(answer.reason)}\n`);
  }
}

function oneLine(reason: string): string {
  return reason.replace(/\s+/g, " ").slice(0, 500).toWellFormed();
}

function send(
  { method, headers }: HttpRequest,
  path: string,
  answer: FileAnswer & { kind: "file" | "bytes" },
  { open }: RouteDoors,
): HttpReply {
  const size = answer.kind === "file" ? answer.size : answer.body.length;
  const representation = { size, etag: answer.etag, contentType: contentType(path) };
  const { status, fields, body: span } = planFile(method === "HEAD" ? "HEAD" : "GET", headers, representation);
  if (span === undefined) return { status, fields };
  if (answer.kind === "bytes") return { status, fields, body: answer.body.subarray(span.start, span.end) };
  const { absolutePath, offset } = answer;
  const body = open(absolutePath, { start: offset + span.start, end: offset + span.end });
  // The image was replaced between the answer and now: the next try finds the new one.
  return body === undefined
    ? textReply(method, 503, "not here yet, try again\n", RETRY_AFTER)
    : { status, fields, body };
}
