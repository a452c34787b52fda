/** GET of an object or of a collection (Kubernetes API concepts, "Resource versions", "Retrieving large results sets in chunks"). */
import { writeContinue } from "./continue_token.ts";
import { apiVersionOf, type Kind } from "../kind.ts";
import { type ListOptions, readListOptions, readResourceVersion } from "./list_options.ts";
import { type ApiObject, isJsonObject, type JsonObject } from "../object.ts";
import { mustGet, scopeOf } from "../store/scope_of.ts";
import { expired, StatusError, tooLargeVersion } from "../status_error.ts";
import type { Scope, Store, StoredPage } from "../store/store_types.ts";
import type { VerbAnswer, VerbRequest } from "./verb_types.ts";

/** Whether the selectors of a list or a watch mean an object. */
export function isWanted(object: ApiObject, { labels, fields }: Pick<ListOptions, "labels" | "fields">): boolean {
  const { labels: has } = object.metadata;
  return (labels === undefined || labels(isJsonObject(has) ? has : {})) && (fields === undefined || fields(object));
}

/** GET of one object. */
export function getObject(store: Store, request: VerbRequest): VerbAnswer {
  mustBeReached(store, readResourceVersion(request.query));
  return { code: 200, body: mustGet(store, request), warnings: [] };
}

/** GET of a collection. */
export function listObjects(store: Store, request: VerbRequest): VerbAnswer {
  const { kind, namespace } = request;
  const scope = scopeOf(kind, namespace);
  const page = listPage(store, scope, readListOptions(request));
  return { code: 200, body: listBody(kind, scope, page), warnings: [] };
}

/** A page of the objects that the options ask for; at any revision (0) that is all of them, as Kubernetes answers from memory. */
export function listPage(store: Store, scope: Scope, options: ListOptions): StoredPage {
  const { from, resourceVersion = 0, match } = options;
  const limit = options.resourceVersion === 0 ? undefined : options.limit;
  mustBeReached(store, from?.revision ?? resourceVersion);
  const isExact = resourceVersion !== 0 && (match === "Exact" || match === undefined && limit !== undefined);
  const revision = from === undefined ? (isExact ? resourceVersion : store.revision) : from.revision ?? store.revision;
  try {
    return wantedPage(store, scope, { ...options, limit, revision });
  } catch (error) {
    if (from === undefined || !(error instanceof StatusError) || error.code !== 410) throw error;
    throw expired(
      "The provided continue parameter is too old to display a consistent list result. You can start a new list without " +
        "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. " +
        "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or " +
        "deleted between the time the first chunk was returned and now may show up in the list.",
      writeContinue({ after: from.after }, scope.namespace),
    );
  }
}

/** Pages of the store are read until as many objects are found as asked for. */
function wantedPage(store: Store, scope: Scope, options: ListOptions & { readonly revision: number }): StoredPage {
  const { revision, limit, from } = options;
  const read = (after: string | undefined) =>
    store.list(scope, {
      revision,
      ...(after === undefined ? {} : { after }),
      ...(limit === undefined ? {} : { limit }),
    });
  let page = read(from?.after);
  if (options.labels === undefined && options.fields === undefined) return page;
  const objects: ApiObject[] = [];
  for (;;) {
    for (const object of page.objects) {
      if (!isWanted(object, options)) continue;
      objects.push(object);
      if (objects.length === limit) {
        const isLast = object === page.objects.at(-1);
        const { namespace = "", name } = object.metadata;
        const next = isLast ? page.next : `${namespace}/${name}`;
        return { objects, revision, remaining: 0, ...(next === undefined ? {} : { next }) };
      }
    }
    if (page.next === undefined) return { objects, revision, remaining: 0 };
    page = read(page.next);
  }
}

function mustBeReached(store: Store, resourceVersion: number | undefined): void {
  if (resourceVersion !== undefined && resourceVersion > store.revision) {
    throw tooLargeVersion(resourceVersion, store.revision);
  }
}

/** The list as clients see it. */
export function listBody(kind: Kind, { namespace }: Scope, page: StoredPage): JsonObject {
  const { objects, revision, next, remaining } = page;
  const metadata: JsonObject = { resourceVersion: String(revision) };
  if (next !== undefined) {
    metadata["continue"] = writeContinue({ revision, after: next }, namespace);
    if (remaining > 0) metadata["remainingItemCount"] = remaining;
  } else if (!kind.builtIn) metadata["continue"] = "";
  return {
    kind: `${kind.kind}List`,
    apiVersion: apiVersionOf(kind),
    metadata,
    items: kind.builtIn ? objects.map(withoutType) : objects as ApiObject[],
  };
}

/** In lists of built-in kinds the list alone says what its items are. */
function withoutType({ apiVersion: _version, kind: _kind, ...rest }: ApiObject): JsonObject {
  return rest;
}
