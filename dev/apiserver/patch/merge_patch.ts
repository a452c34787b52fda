/** JSON merge patch (RFC 7396). */
import { isJsonObject, type Json, type JsonObject } from "../object.ts";
import { badRequest } from "../status_error.ts";
import { checkDepth, define, goTypeName, own } from "./json_value.ts";

/**
 * The object with the patch merged into it; neither is changed.
 * @throws {StatusError} 400 when the patch is no object, or nested too deeply
 */
export function mergePatch(object: JsonObject, patch: Json): JsonObject {
  if (patch === null) throw badRequest("Invalid JSON Patch");
  if (!isJsonObject(patch)) {
    const type = goTypeName(patch);
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${type} into Go value of type map[string]interface {}`,
    );
  }
  checkDepth(patch);
  return merge(object, patch);
}

/** RFC 7396 section 2: MergePatch(Target, Patch) where Patch is an object. */
function merge(target: Json | undefined, patch: JsonObject): JsonObject {
  const merged: JsonObject = isJsonObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else define(merged, name, isJsonObject(value) ? merge(own(merged, name), value) : value);
  }
  return merged;
}
