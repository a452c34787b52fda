/** What a method and a path mean (Kubernetes API concepts, "Resource URIs"). */
import { apiVersionOf, type Kind, qualifiedPlural } from "../kind.ts";
import { methodNotAllowed } from "./refusals.ts";
import { noSuchPath, notFound, StatusError } from "../status_error.ts";

/** What is done with objects of a kind. */
export type ResourceVerb = "get" | "list" | "create" | "update" | "patch" | "delete" | "deleteCollection";

/** A review: an object that is only created, and answers something. */
export type Review = "SelfSubjectReview" | "SelfSubjectAccessReview" | "SelfSubjectRulesReview";

/** One request to one resource. */
export interface ResourceRoute {
  readonly to: "resource";
  readonly verb: ResourceVerb;
  readonly kind: Kind;
  readonly namespace?: string;
  readonly name?: string;
  /** Whether the path ends in /status. */
  readonly status: boolean;
}

/** Where a request goes. */
export type Route =
  | ResourceRoute
  | { readonly to: "token"; readonly namespace: string; readonly name: string }
  | { readonly to: "review"; readonly review: Review }
  | { readonly to: "health" | "version" | "coreVersions" | "groups" | "openapiIndex" | "openapiV2" }
  | { readonly to: "group"; readonly group: string }
  | { readonly to: "resources"; readonly group: string; readonly version: string }
  | { readonly to: "openapi"; readonly group: string; readonly version: string }
  /** The list of Pods, which is empty: nothing runs any here, and `kubectl describe node` asks for them. */
  | { readonly to: "noPods" }
  /** `404 page not found` in plain text, as Go's mux says it. */
  | { readonly to: "nowhere" };

/** Resources that keep nothing, by group and plural. */
export const REVIEWS: readonly { readonly group: string; readonly plural: string; readonly review: Review }[] = [
  { group: "authentication.k8s.io", plural: "selfsubjectreviews", review: "SelfSubjectReview" },
  { group: "authorization.k8s.io", plural: "selfsubjectaccessreviews", review: "SelfSubjectAccessReview" },
  { group: "authorization.k8s.io", plural: "selfsubjectrulesreviews", review: "SelfSubjectRulesReview" },
];

const NOWHERE: Route = { to: "nowhere" };
const PODS = /^\/api\/v1\/(namespaces\/[^/]+\/)?pods$/;
const HEALTH = /^\/(healthz|livez|readyz)(\/(ping|log|etcd))?$/;
const PLAIN: Readonly<Record<string, Route>> = {
  "/version": { to: "version" },
  "/api": { to: "coreVersions" },
  "/apis": { to: "groups" },
  "/openapi/v2": { to: "openapiV2" },
  "/openapi/v3": { to: "openapiIndex" },
};

/** Finds what a request is for. */
export class Router {
  readonly #kinds = new Map<string, Kind>();
  /** Group and version, of built-in kinds or of custom resources. */
  readonly #builtIn = new Map<string, boolean>();

  /** @param kinds all that are served */
  constructor(kinds: readonly Kind[]) {
    for (const { group } of REVIEWS) this.#builtIn.set(`${group}/v1`, true);
    for (const kind of kinds) {
      this.#kinds.set(`${apiVersionOf(kind)}/${kind.plural}`, kind);
      this.#builtIn.set(apiVersionOf(kind), kind.builtIn);
    }
  }

  /**
   * The route of `path`, which is percent-decoded and without query.
   * @throws {StatusError} 404 for a resource there is not, 405 for a method it does not have
   */
  route(method: string, path: string): Route {
    const trimmed = path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
    const plain = PLAIN[trimmed];
    if (plain !== undefined) return readOnly(method, plain);
    if (HEALTH.test(trimmed)) return { to: "health" };
    if (method === "GET" && PODS.test(trimmed)) return { to: "noPods" };
    const segments = trimmed.slice(1).split("/");
    if (segments.includes("")) return NOWHERE;
    const isOpenApi = segments[0] === "openapi" && segments[1] === "v3";
    const [root, ...rest] = isOpenApi ? segments.slice(2) : segments;
    const [group, version, ...resource] = root === "api" ? ["", ...rest] : root === "apis" ? rest : [];
    if (group === undefined) return NOWHERE;
    if (version === undefined) return this.#hasGroup(group) && !isOpenApi ? { to: "group", group } : NOWHERE;
    const builtIn = this.#builtIn.get(apiVersionOf({ group, version }));
    if (builtIn === undefined) {
      if (group === "") throw noSuchPath();
      return NOWHERE;
    }
    if (isOpenApi) return resource.length === 0 ? readOnly(method, { to: "openapi", group, version }) : NOWHERE;
    if (resource.length === 0) return readOnly(method, { to: "resources", group, version });
    return this.#resource(method, group, version, resource) ?? missing(builtIn);
  }

  #hasGroup(group: string): boolean {
    return group !== "" && [...this.#builtIn.keys()].some((key) => key.startsWith(`${group}/`));
  }

  /** Undefined when there is no such resource, in this place. */
  #resource(method: string, group: string, version: string, segments: readonly string[]): Route | undefined {
    const review = REVIEWS.find((known) => known.group === group && known.plural === segments[0]);
    if (review !== undefined && version === "v1") {
      if (segments.length > 1) return undefined;
      if (method !== "POST") throw methodNotAllowed();
      return { to: "review", review: review.review };
    }
    const find = (plural = "") => this.#kinds.get(`${apiVersionOf({ group, version })}/${plural}`);
    const [first, namespace, plural, ...tail] = segments;
    if (first === "namespaces" && namespace !== undefined && plural !== undefined && find(plural)?.namespaced) {
      return object(method, find(plural)!, tail, namespace);
    }
    const kind = find(first);
    if (kind === undefined || kind.namespaced && segments.length > 1) return undefined;
    return object(method, kind, segments.slice(1), undefined);
  }
}

/** Paths under a group of custom resources are answered by another part of the real server, in other words. */
function missing(builtIn: boolean): Route {
  if (builtIn) throw noSuchPath();
  return NOWHERE;
}

function readOnly(method: string, route: Route): Route {
  if (method !== "GET" && method !== "HEAD") throw methodNotAllowed();
  return route;
}

const COLLECTION: Readonly<Record<string, ResourceVerb>> = {
  GET: "list",
  POST: "create",
  DELETE: "deleteCollection",
};
const OBJECT: Readonly<Record<string, ResourceVerb>> = {
  GET: "get",
  HEAD: "get",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};
const STATUS: Readonly<Record<string, ResourceVerb>> = { GET: "get", HEAD: "get", PUT: "update", PATCH: "patch" };
/** What a method that a custom resource does not have is called. */
const ASKED: Readonly<Record<string, string>> = { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" };

function object(
  method: string,
  kind: Kind,
  [name, subresource, ...more]: readonly string[],
  namespace: string | undefined,
): Route | undefined {
  const isToken = kind.builtIn && kind.kind === "ServiceAccount" && subresource === "token" && more.length === 0;
  if (isToken && namespace !== undefined && name !== undefined) {
    if (method !== "POST") throw methodNotAllowed();
    return { to: "token", namespace, name };
  }
  const status = subresource === "status" && kind.status && more.length === 0;
  if (subresource !== undefined && !status) {
    // The real server looks for the object first.
    if (!kind.builtIn && name !== undefined) throw notFound(kind, name);
    return undefined;
  }
  const verbs = status ? STATUS : name === undefined ? COLLECTION : OBJECT;
  // The real server's two parts differ: HEAD of a list is only there for custom resources.
  const asked = method === "HEAD" && name === undefined && !kind.builtIn ? "GET" : method;
  const verb = Object.hasOwn(verbs, asked) ? verbs[asked] : undefined;
  if (verb === undefined || !isOffered(verb, kind, namespace)) throw refusal(method, kind);
  return {
    to: "resource",
    verb,
    kind,
    status,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  };
}

/** Of all namespaces together there is only the list, and namespaces are deleted one by one. */
function isOffered(verb: ResourceVerb, kind: Kind, namespace: string | undefined): boolean {
  if (kind.namespaced && namespace === undefined) return verb === "list";
  return verb !== "deleteCollection" || !isNamespace(kind);
}

/** Whether the kind is Namespace, which cannot be deleted as a collection. */
export function isNamespace({ group, plural }: Pick<Kind, "group" | "plural">): boolean {
  return group === "" && plural === "namespaces";
}

function refusal(method: string, kind: Kind): StatusError {
  if (kind.builtIn) return methodNotAllowed();
  const message = `${Object.hasOwn(ASKED, method) ? ASKED[method] : ""} is not supported on resources of kind "${
    qualifiedPlural(kind)
  }"`;
  return new StatusError(405, "MethodNotAllowed", message, { group: kind.group, kind: kind.plural });
}
