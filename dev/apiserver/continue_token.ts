/** Where the next page of a list begins, as clients carry it: opaque to them, checked when it comes back. */
import { isJsonObject, type Json } from "./object.ts";
import { badRequest } from "./status_error.ts";

/** What a token holds. */
export interface ContinueToken {
  /** The revision of all pages; absent: the latest one, after the first one was forgotten. */
  readonly revision?: number;
  /** The key of the last object of the page before. */
  readonly after: string;
}

/** Longer ones cannot be ours: two names of 253 characters and a number. */
const MAX_LENGTH = 1024;
const KEY = /^[a-z0-9-]{0,63}\/[A-Za-z0-9.:@_-]{1,253}$/;

/** The token of the next page. */
export function writeContinue({ revision, after }: ContinueToken): string {
  return btoa(JSON.stringify({ v: "metalman/v1", rv: revision ?? -1, after }))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function decode(text: string): Json {
  try {
    return JSON.parse(atob(text.replaceAll("-", "+").replaceAll("_", "/")));
  } catch {
    return null;
  }
}

/**
 * Reads a token.
 * @throws {StatusError} 400 for one that this server never gave out
 */
export function readContinue(text: string): ContinueToken {
  const value = text.length > MAX_LENGTH ? null : decode(text);
  if (isJsonObject(value) && value["v"] === "metalman/v1") {
    const { rv, after } = value;
    if (typeof after === "string" && KEY.test(after)) {
      if (rv === -1) return { after };
      if (typeof rv === "number" && Number.isSafeInteger(rv) && rv > 0) return { revision: rv, after };
    }
  }
  throw badRequest("invalid continue token: continue key is not valid: it is not one that this server gave out");
}
