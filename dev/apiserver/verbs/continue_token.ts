/** Where the next page of a list begins, as clients carry it: opaque to them, checked when it comes back. */
import { jsonProblem } from "../http/go_json.ts";
import { isJsonObject, type Json } from "../object.ts";
import { badRequest, type StatusError } from "../status_error.ts";

/** What a token holds. */
export interface ContinueToken {
  /** The revision of all pages; absent: the latest one, after the first one was forgotten. */
  readonly revision?: number;
  /** The key of the last object of the page before. */
  readonly after: string;
}

/** Longer ones cannot be ours: two names of 253 characters and a number. */
const MAX_LENGTH = 1024;
/** Of the token's form, which is that of Kubernetes: a resourceVersion and where to start, behind the last object's key. */
const VERSION = "meta.k8s.io/v1";
const KEY = /^[a-z0-9-]{0,63}\/[A-Za-z0-9.:@_-]{1,253}$/;

/** The token of the next page; in a list of one namespace its key is the name alone. */
export function writeContinue({ revision, after }: ContinueToken, namespace: string | undefined): string {
  const key = namespace === undefined ? after : after.slice(namespace.length + 1);
  return btoa(JSON.stringify({ v: VERSION, rv: revision ?? -1, start: `${key}\0` }))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function notValid(why: string): StatusError {
  return badRequest(`invalid continue token: continue key is not valid: ${why}`);
}

function decode(text: string): Json {
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
  const problem = jsonProblem(bytes);
  if (problem !== undefined) throw notValid(problem);
  return JSON.parse(new TextDecoder().decode(bytes));
}

/**
 * Reads a token, given out for a list of the same scope.
 * @throws {StatusError} 400 for one that this server cannot have given out
 */
export function readContinue(text: string, namespace: string | undefined): ContinueToken {
  if (text.length > MAX_LENGTH || !/^[A-Za-z0-9_-]*$/.test(text)) throw notValid("it is not base64url");
  if (text.length % 4 === 1) throw notValid(`illegal base64 data at input byte ${text.length}`);
  const value = decode(text);
  const { v, rv, start } = isJsonObject(value) ? value : {};
  if (v !== VERSION) throw notValid(`server does not recognize this encoded version ${v ?? ""}`);
  if (typeof rv !== "number" || !Number.isSafeInteger(rv) || rv === 0 || rv < -1) {
    throw notValid(`incorrect encoded start resourceVersion (version ${VERSION})`);
  }
  if (typeof start !== "string" || start === "") throw notValid(`encoded start key empty (version ${VERSION})`);
  const key = start.replace(/\0$/, "");
  const after = namespace !== undefined ? `${namespace}/${key}` : key.includes("/") ? key : `/${key}`;
  if (!KEY.test(after)) throw notValid(`${JSON.stringify(start)} is no key`);
  return { ...(rv === -1 ? {} : { revision: rv }), after };
}
