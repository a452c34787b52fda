/** What a list or a watch asks for (Kubernetes API concepts, "Resource versions", "Retrieving large results sets in chunks"). */
import { type ContinueToken, readContinue } from "./continue_token.ts";
import { forbidden, notSupported, quoted } from "../schema/field_error.ts";
import { type FieldMatch, parseFieldSelector } from "./field_selector.ts";
import { NumberError, parseInt64, parseUint64 } from "../schema/go_numbers.ts";
import type { Kind } from "../kind.ts";
import { type LabelMatch, parseLabelSelector } from "./label_selector.ts";
import { badRequest, type FieldError, invalid, StatusError } from "../status_error.ts";

/** A list or a watch. */
export interface ListRequest {
  /** Of which kind. */
  readonly kind: Kind;
  /** Of which namespace; absent: all. */
  readonly namespace?: string;
  /** As sent. */
  readonly query: URLSearchParams;
}

/** The query of a list or a watch, read and checked. */
export interface ListOptions {
  /** Objects on a page; absent: all. */
  readonly limit?: number;
  /** Where to go on. */
  readonly from?: ContinueToken;
  /** Absent: the latest. 0: any. */
  readonly resourceVersion?: number;
  /** Whether it must be exactly that revision, or any later one; absent: exact where there are pages. */
  readonly match?: "Exact" | "NotOlderThan";
  /** Whether an object's labels are wanted; absent: all. */
  readonly labels?: LabelMatch;
  /** Whether an object's fields are wanted; absent: all. */
  readonly fields?: FieldMatch;
  /** Whether a watch is told now and then how far it is. */
  readonly bookmarks: boolean;
  /** Whether a watch begins with all objects and a bookmark that ends them; absent: as resourceVersion says. */
  readonly initialEvents?: boolean;
  /** When a watch ends. */
  readonly timeoutSeconds?: number;
}

/** As Go's conversion of a query reads them: `foo` and an empty text are true. */
function flag(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name);
  return text === null ? undefined : !["false", "0"].includes(text.toLowerCase());
}

function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  try {
    return parseInt64(text);
  } catch (error) {
    throw error instanceof NumberError ? badRequest(error.message) : error;
  }
}

/** Whether a GET of a collection is a watch. */
export function isWatch(query: URLSearchParams): boolean {
  return flag(query, "watch") === true;
}

function listRules(query: URLSearchParams): FieldError[] {
  const match = query.get("resourceVersionMatch") ?? "";
  const version = query.get("resourceVersion") ?? "";
  const errors: FieldError[] = [];
  const no = (detail: string) => errors.push(forbidden("resourceVersionMatch", detail));
  if (flag(query, "sendInitialEvents") !== undefined) {
    errors.push(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  }
  if (match === "") return errors;
  if (version === "") no("resourceVersionMatch is forbidden unless resourceVersion is provided");
  if (query.get("continue")) no("resourceVersionMatch is forbidden when continue is provided");
  if (match !== "Exact" && match !== "NotOlderThan") {
    errors.push(notSupported("resourceVersionMatch", match, ["Exact", "NotOlderThan", ""]));
  }
  if (match === "Exact" && version === "0") {
    no('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  return errors;
}

function watchRules(query: URLSearchParams): FieldError[] {
  const match = query.get("resourceVersionMatch") ?? "";
  const initial = flag(query, "sendInitialEvents");
  const errors: FieldError[] = [];
  const no = (detail: string) => errors.push(forbidden("resourceVersionMatch", detail));
  if (match !== "" && initial === undefined) {
    no("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
  }
  if (match === "" && initial !== undefined) {
    no("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  }
  if (match !== "" && match !== "NotOlderThan") {
    errors.push(notSupported("resourceVersionMatch", match, ["NotOlderThan"]));
  }
  if (query.get("continue")) no("resourceVersionMatch is forbidden when continue is provided");
  return errors;
}

/**
 * The query's resourceVersion; undefined for any.
 * @throws {StatusError} 500, as Kubernetes does, though it is the client's fault
 */
export function readResourceVersion(query: URLSearchParams): number | undefined {
  const text = query.get("resourceVersion") ?? "";
  if (text === "") return undefined;
  try {
    return parseUint64(text);
  } catch (error) {
    if (!(error instanceof NumberError)) throw error;
    throw new StatusError(500, "", `resourceVersion: Invalid value: ${quoted(text)}: ${error.message}`);
  }
}

/** For a list the same mistake is a bad request. */
function listVersion(query: URLSearchParams): number | undefined {
  try {
    return readResourceVersion(query);
  } catch (error) {
    throw error instanceof StatusError ? badRequest(`invalid resource version: ${error.message}`) : error;
  }
}

/**
 * Reads the query of a list or a watch.
 * @throws {StatusError} 400 or 422 for what cannot be read or does not go together
 */
export function readListOptions({ kind, namespace, query }: ListRequest): ListOptions {
  const watch = isWatch(query);
  const limit = integer(query, "limit");
  const timeoutSeconds = integer(query, "timeoutSeconds");
  const labelSelector = query.get("labelSelector") ?? "";
  const labels = labelSelector === "" ? undefined : parseLabelSelector(labelSelector);
  const fieldSelector = query.get("fieldSelector") ?? "";
  const fields = fieldSelector === "" ? undefined : parseFieldSelector(kind, fieldSelector);
  const errors = watch ? watchRules(query) : listRules(query);
  if (errors.length > 0) throw invalid({ group: "meta.k8s.io", kind: "ListOptions" }, "", errors);
  const token = query.get("continue") ?? "";
  const from = token === "" ? undefined : readContinue(token, namespace);
  if (from !== undefined && !["", "0", null].includes(query.get("resourceVersion"))) {
    throw badRequest("specifying resource version is not allowed when using continue");
  }
  const resourceVersion = from !== undefined ? undefined : watch ? readResourceVersion(query) : listVersion(query);
  const match = query.get("resourceVersionMatch");
  const initialEvents = flag(query, "sendInitialEvents");
  return {
    ...(limit === undefined || limit <= 0 ? {} : { limit }),
    ...(from === undefined ? {} : { from }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(match === "Exact" || match === "NotOlderThan" ? { match } : {}),
    ...(labels === undefined ? {} : { labels }),
    ...(fields === undefined ? {} : { fields }),
    bookmarks: flag(query, "allowWatchBookmarks") === true,
    ...(initialEvents === undefined ? {} : { initialEvents }),
    ...(timeoutSeconds === undefined || timeoutSeconds <= 0 ? {} : { timeoutSeconds }),
  };
}
