/** Server-side apply (Kubernetes documentation, "Server-Side Apply"). */
import { apiVersionOf, type Kind } from "../kind.ts";
import type { ApiObject } from "../object.ts";
import { badRequest } from "../status_error.ts";

/** What is applied. */
export interface Apply {
  /** Of the object. */
  readonly kind: Kind;
  /** What is stored; absent: it is created. */
  readonly live: ApiObject | undefined;
  /** What the applier wants. */
  readonly config: ApiObject;
  /** Who applies. */
  readonly manager: string;
  /** Whether fields of others are taken over. */
  readonly force: boolean;
  /** Of the path. */
  readonly subresource: "" | "status";
  /** Now, `2026-11-23T08:00:00Z`. */
  readonly time: string;
}

/** thin: replaced below */
export function serverSideApply({ kind, live, config }: Apply): ApiObject {
  if (config.apiVersion !== apiVersionOf(kind)) throw badRequest("invalid object type");
  return live ?? config;
}
