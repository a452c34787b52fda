/** Whether a write would change nothing but times in managedFields. */
import { type ApiObject, isJsonObject, type Json } from "../object.ts";
import { equal } from "../patch/json_value.ts";

/** True when only times in managedFields differ: then nothing is written, as in kube-apiserver. */
export function sameButTimes(a: ApiObject, b: ApiObject): boolean {
  return equal(withoutTimes(a), withoutTimes(b));
}

function withoutTimes(object: ApiObject): Json {
  const { managedFields } = object.metadata;
  if (!Array.isArray(managedFields)) return object;
  const entries = managedFields.map((entry) => {
    if (!isJsonObject(entry)) return entry;
    const { time: _, ...rest } = entry;
    return rest;
  });
  return { ...object, metadata: { ...object.metadata, managedFields: entries } };
}
