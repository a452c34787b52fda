/** Requests to answers: who asks, for what, in which form. Knows HTTP's words and no sockets. */
import type { Clock } from "../../../base/clock.ts";
import { type Answer, isPretty, jsonAnswer, streamAnswer, type Style, textAnswer, type WholeAnswer } from "./answer.ts";
import { ANONYMOUS, type Authenticator, type User } from "../auth/authenticator.ts";
import { AGGREGATED, Discovery, versionInfo } from "./discovery.ts";
import type { Kind } from "../kind.ts";
import { negotiate, type Representation } from "./media_type.ts";
import type { ApiObject, JsonObject } from "../object.ts";
import { openApiV2 } from "../openapi/openapi_v2.ts";
import { openApiDocument, openApiPaths } from "../openapi/openapi.ts";
import { notAcceptable } from "./refusals.ts";
import { readDeleteOptions, readObject, readPatch } from "./request_body.ts";
import { goTime, mustBeGrantable, REVIEW_KINDS, reviewed, TOKEN_REQUEST, tokenTerms } from "../auth/reviews.ts";
import { type ResourceRoute, type Route, Router } from "./router.ts";
import { checkSentObject } from "./sent_object.ts";
import type { TokenIssuer } from "../auth/service_account_token.ts";
import { badRequest, StatusError } from "../status_error.ts";
import { transformed, transformedEvent } from "./transformed.ts";
import type { VerbAnswer, VerbRequest, WatchEvent } from "../verbs/verb_types.ts";
import type { Verbs } from "../verbs/verbs.ts";

/** A request as the API sees it. */
export interface ApiRequest {
  readonly method: string;
  /** Path as sent, with its percent signs. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Of the request. */
  readonly headers: { get(name: string): string | null };
  /**
   * The whole body.
   * @throws {StatusError} when it is too large or does not come
   */
  readonly body: () => Promise<Uint8Array>;
  /** Ends a watch. */
  readonly signal: AbortSignal;
}

/** What the API is made of. */
export interface ApiOptions {
  /** All that are served. */
  readonly kinds: readonly Kind[];
  readonly verbs: Verbs;
  readonly authenticator: Authenticator;
  readonly issuer: TokenIssuer;
  readonly clock: Clock;
  readonly newUid: () => string;
  /** Host and port, as clients reach it. */
  readonly serverAddress: () => string;
}

/** Paths that need no token: they say nothing about objects. */
const PUBLIC = /^\/(healthz|livez|readyz|version)(\/|$)/;

const NO_PODS: JsonObject = { kind: "PodList", apiVersion: "v1", metadata: { resourceVersion: "1" }, items: [] };

/** Answers requests. */
export class Api {
  readonly #options: ApiOptions;
  readonly #router: Router;
  readonly #discovery: Discovery;
  readonly #documents = new Map<string, string>();

  /** Of these parts. */
  constructor(options: ApiOptions) {
    this.#options = options;
    this.#router = new Router(options.kinds);
    this.#discovery = new Discovery(options.kinds);
  }

  /** Answers; refusals too, which are answers. Throws only what is a fault of the server. */
  async answer(request: ApiRequest): Promise<Answer> {
    try {
      return await this.#answer(request);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return refused(error, request);
    }
  }

  async #answer(request: ApiRequest): Promise<Answer> {
    const authorization = request.headers.get("authorization");
    const path = decodedPath(request.path);
    const isPublic = authorization === null && PUBLIC.test(path);
    const user = isPublic ? ANONYMOUS : await this.#options.authenticator.user(authorization);
    const route = this.#router.route(request.method, path);
    switch (route.to) {
      case "resource":
        return await this.#resource(route, request);
      case "token":
        return await this.#token(route, request);
      case "review":
        return await this.#review(route, user, request);
      default:
        return this.#plain(route, request);
    }
  }

  async #resource(route: ResourceRoute, request: ApiRequest): Promise<Answer> {
    const { verbs } = this.#options;
    const { verb, kind, namespace, name, status } = route;
    const { query, headers } = request;
    const common: VerbRequest = {
      kind,
      query,
      status,
      userAgent: (headers.get("user-agent") ?? "").split("/")[0]!,
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
    };
    if (verb === "list" && isWatch(query)) return this.#watch(common, request);
    const form = this.#form(request);
    const raw = async () => ({ bytes: await request.body(), contentType: headers.get("content-type") });
    const sent = async () => {
      const read = readObject(kind.kind, await raw());
      const { text } = read;
      return { body: checkSentObject(route, read, this.#options.kinds), ...(text === undefined ? {} : { text }) };
    };
    const answer = async (): Promise<VerbAnswer> => {
      switch (verb) {
        case "get":
        case "list":
          return verbs[verb](common);
        case "create":
        case "update":
          return verbs[verb]({ ...common, ...await sent() });
        case "patch": {
          const { patch, contentType } = readPatch(kind, await raw());
          return verbs.patch({ ...common, body: patch, contentType });
        }
        case "delete":
        case "deleteCollection": {
          const body = readDeleteOptions(await raw());
          return verbs[verb]({ ...common, ...(body === undefined ? {} : { body }) });
        }
      }
    };
    const { code, body, warnings } = await answer();
    return jsonAnswer(code, this.#transformed(body, form, route, query), style(request, form), warnings);
  }

  #form({ headers }: ApiRequest): Representation {
    const form = negotiate(headers.get("accept"));
    if (form === undefined) throw notAcceptable(["application/json", "application/yaml"]);
    return form;
  }

  #transformed(body: JsonObject, { as }: Representation, { kind }: ResourceRoute, query: URLSearchParams): JsonObject {
    if (as === undefined) return body;
    return transformed(body, { kind, as, query, nowMs: this.#options.clock.now() });
  }

  #watch(request: VerbRequest, { headers, query, signal }: ApiRequest): Answer {
    const form = negotiate(headers.get("accept"));
    if (form?.format !== "json") throw notAcceptable(["application/json;stream=watch"]);
    // With a Table nobody could show, the watch is refused and does not fail later.
    const events = this.#options.verbs.watch(request, signal);
    const { as } = form;
    const { clock } = this.#options;
    return streamAnswer(watchLines(events, (event, first) => {
      if (as === undefined) return event.object;
      return transformedEvent(event, { kind: request.kind, as, query, nowMs: clock.now() }, first);
    }));
  }

  async #review(
    { review }: Extract<Route, { to: "review" }>,
    user: User,
    request: ApiRequest,
  ): Promise<Answer> {
    const object = await this.#virtual(REVIEW_KINDS[review], request);
    const body = reviewed(review, object, user, this.#options.clock.now());
    return jsonAnswer(201, body, style(request));
  }

  /** An object that is not kept. */
  async #virtual(kind: typeof TOKEN_REQUEST, { body, headers }: ApiRequest): Promise<ApiObject> {
    const sent = readObject(kind.kind, { bytes: await body(), contentType: headers.get("content-type") });
    return checkSentObject({ kind }, sent, this.#options.kinds);
  }

  async #token({ namespace, name }: Extract<Route, { to: "token" }>, request: ApiRequest): Promise<Answer> {
    const { kinds, verbs, issuer, clock, newUid } = this.#options;
    const object = await this.#virtual(TOKEN_REQUEST, request);
    const terms = tokenTerms(object, name);
    const kind = kinds.find((one) => one.builtIn && one.kind === "ServiceAccount")!;
    const account = verbs.get({ kind, namespace, name, query: new URLSearchParams(), userAgent: "" }).body;
    const { uid } = account.metadata as { uid: string };
    mustBeGrantable(terms);
    const { seconds, audiences } = terms;
    const nowMs = clock.now();
    const token = await issuer.issue({ subject: { namespace, name, uid }, audiences, seconds, id: newUid(), nowMs });
    const { apiVersion } = object;
    return jsonAnswer(201, {
      kind: "TokenRequest",
      apiVersion,
      metadata: { name, namespace, uid, creationTimestamp: goTime(nowMs) },
      spec: { audiences: [...audiences], expirationSeconds: seconds, boundObjectRef: null },
      status: { token, expirationTimestamp: goTime(nowMs + seconds * 1000) },
    }, style(request));
  }

  #plain(route: Exclude<Route, { to: "resource" | "token" | "review" }>, request: ApiRequest): Answer {
    const { kinds, serverAddress } = this.#options;
    switch (route.to) {
      case "health":
        return textAnswer(200, "ok");
      case "nowhere":
        return textAnswer(404, "404 page not found\n");
      case "version":
        return jsonAnswer(200, versionInfo(), { pretty: true });
      case "coreVersions":
        return this.#discovered(request, () => this.#discovery.coreVersions(serverAddress()), true);
      case "groups":
        return this.#discovered(request, () => this.#discovery.groups(), false);
      case "group":
        return jsonAnswer(200, this.#discovery.group(route.group), style(request));
      case "resources":
        return jsonAnswer(200, this.#discovery.resources(route.group, route.version), style(request));
      case "openapiIndex":
        return jsonAnswer(200, openApiPaths(kinds), style(request));
      case "openapi":
        return this.#document(route.group, route.version);
      case "openapiV2":
        return openApiV2(request.headers.get("accept"));
      case "noPods":
        return jsonAnswer(200, NO_PODS, style(request));
    }
  }

  #discovered(request: ApiRequest, plain: () => JsonObject, core: boolean): Answer {
    const form = negotiate(request.headers.get("accept"), { discovery: true });
    if (form === undefined) throw notAcceptable(["application/json", "application/yaml"]);
    if (form.as === undefined) return jsonAnswer(200, plain(), style(request, form));
    const answer = jsonAnswer(200, this.#discovery.aggregated(core), style(request, form));
    return { ...answer, headers: [["content-type", AGGREGATED], ["vary", "Accept"]] };
  }

  /** The documents are large and never change. */
  #document(group: string, version: string): Answer {
    const key = `${group}/${version}`;
    const text = this.#documents.get(key) ?? JSON.stringify(openApiDocument({ group, version }, this.#options.kinds));
    this.#documents.set(key, text);
    return { ...jsonAnswer(200, {}), body: text };
  }
}

/**
 * The path as the router takes it.
 * @throws {StatusError} 400 when its percent signs mean nothing
 */
function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (error instanceof URIError) throw badRequest("the path is not percent-encoded UTF-8");
    throw error;
  }
}

/** Go's reading of a boolean in a query: whatever is not a no is a yes. */
function isWatch(query: URLSearchParams): boolean {
  const value = query.get("watch");
  return value !== null && value.toLowerCase() !== "false" && value !== "0";
}

function style(
  { query, headers }: Pick<ApiRequest, "query" | "headers">,
  form?: Pick<Representation, "format">,
): Style {
  const { format } = form ?? negotiate(headers.get("accept")) ?? { format: "json" };
  return { format, pretty: isPretty(query, headers.get("user-agent") ?? "") };
}

/** A refusal as an answer. */
export function refused(error: StatusError, request: Pick<ApiRequest, "query" | "headers">): WholeAnswer {
  const answer = jsonAnswer(error.code, error.status, style(request));
  const soon = error.code === 429 || error.code === 504;
  return soon ? { ...answer, headers: [...answer.headers, ["retry-after", "1"]] } : answer;
}

async function* watchLines(
  events: AsyncIterable<WatchEvent>,
  show: (event: WatchEvent, first: boolean) => JsonObject,
): AsyncGenerator<string> {
  let first = true;
  for await (const event of events) {
    yield `${JSON.stringify({ type: event.type, object: show(event, first) })}\n`;
    first = false;
  }
}
