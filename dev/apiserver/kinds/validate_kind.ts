/** Rules of built-in kinds beyond their schemas, in the words of the real server. */
import type { Kind } from "../kind.ts";
import type { ApiObject } from "../object.ts";
import type { FieldError } from "../status_error.ts";

/** What is wrong with an object, and with the change when there was one before. */
export function validateKind(_kind: Kind, _object: ApiObject, _before?: ApiObject): FieldError[] {
  return [];
}
