/** Where the objects of a request are kept. */
import { type Kind, qualifiedPlural } from "../kind.ts";
import { notFound } from "../status_error.ts";
import type { ApiObject } from "../object.ts";
import type { Scope, Store } from "./store_types.ts";
import type { VerbRequest } from "../verbs/verb_types.ts";

/** The scope of a kind, in a namespace or in all of them. */
export function scopeOf(kind: Kind, namespace: string | undefined): Scope {
  return { resource: qualifiedPlural(kind), ...(namespace === undefined ? {} : { namespace }) };
}

/**
 * The object that a request names.
 * @throws {StatusError} 404
 */
export function mustGet(store: Store, { kind, namespace, name = "" }: VerbRequest): ApiObject {
  const found = store.get(scopeOf(kind, namespace), name);
  if (found === undefined) throw notFound(kind, name);
  return found;
}
