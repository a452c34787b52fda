import { deepEqual, equal } from "node:assert/strict";
import { builtInKinds } from "../kinds/built_in.ts";
import type { ApiObject, JsonObject } from "../object.ts";
import { trackUpdate } from "./track_update.ts";

const kind = builtInKinds().find(({ kind }) => kind === "ConfigMap")!;
const configMap = (data: JsonObject, metadata: JsonObject = {}): ApiObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", ...metadata },
  data,
});
const at = (second: number) => `2026-11-23T08:00:${String(second).padStart(2, "0")}Z`;

function write(before: ApiObject | undefined, manager: string, second: number, data: JsonObject): ApiObject {
  const owners = before?.metadata.managedFields;
  const metadata: JsonObject = owners === undefined ? {} : { managedFields: owners };
  const after = configMap(data, metadata);
  return trackUpdate({ kind, before, after, manager, subresource: "", time: at(second) });
}

function entries(object: ApiObject): string[] {
  return (object.metadata.managedFields as JsonObject[] ?? []).map(({ manager, time, fieldsV1 }) =>
    `${manager} ${time} ${JSON.stringify(fieldsV1)}`
  );
}

Deno.test("trackUpdate(): the time of an entry is that of the last write that changed something", () => {
  const made = write(undefined, "one", 1, { a: "1" });
  deepEqual(entries(made), [`one ${at(1)} {"f:data":{".":{},"f:a":{}}}`]);
  deepEqual(entries(write(made, "one", 2, { a: "1" })), entries(made));
  deepEqual(entries(write(made, "one", 2, { a: "2" })), [`one ${at(2)} {"f:data":{".":{},"f:a":{}}}`]);
  deepEqual(entries(write(made, "two", 2, { a: "1", b: "1" })), [
    `one ${at(1)} {"f:data":{".":{},"f:a":{}}}`,
    `two ${at(2)} {"f:data":{"f:b":{}}}`,
  ]);
});

Deno.test("trackUpdate(): who only removes owns nothing, and the owner's time stays", () => {
  const made = write(undefined, "one", 1, { a: "1", b: "2" });
  deepEqual(entries(write(made, "two", 2, { a: "1" })), [`one ${at(1)} {"f:data":{".":{},"f:a":{}}}`]);
});

Deno.test("trackUpdate(): entries are in the order of their times, then of their managers", () => {
  let object = write(undefined, "b", 5, { a: "1" });
  object = write(object, "d", 3, { a: "1", d: "1" });
  object = write(object, "c", 5, { a: "1", d: "1", c: "1" });
  deepEqual(entries(object).map((entry) => entry[0]), ["d", "b", "c"]);
});

Deno.test("trackUpdate(): the oldest of more than 10 managers become ancient-changes", () => {
  let data: JsonObject = { k0: "1" };
  // The first to write is the last to write again, and so not the oldest.
  let object = write(undefined, "m0", 0, data);
  for (let i = 1; i <= 11; i++) {
    data = { ...data, [`k${i}`]: "1" };
    object = write(object, `m${i}`, i, data);
    if (i === 9) object = write(object, "m0", i, data = { ...data, k0: "2" });
  }
  const names = entries(object).map((entry) => entry.split(" ")[0]);
  deepEqual(names, ["ancient-changes", "m4", "m5", "m6", "m7", "m8", "m0", "m9", "m10", "m11"]);
  equal(entries(object)[0], `ancient-changes ${at(3)} {"f:data":{"f:k1":{},"f:k2":{},"f:k3":{}}}`);
});

Deno.test("trackUpdate(): what came with the request is left as it was, and so is what was stored", () => {
  const before = write(undefined, "one", 1, { a: "1" });
  const after = configMap({ a: "2" }, { managedFields: before.metadata.managedFields! });
  const text = JSON.stringify([before, after]);
  trackUpdate({ kind, before, after, manager: "two", subresource: "", time: at(2) });
  equal(JSON.stringify([before, after]), text);
});

Deno.test("trackUpdate(): a field named __proto__ or constructor is one like any other", () => {
  const before = write(undefined, "one", 1, { a: "1" });
  const data = JSON.parse(`{"a":"1","__proto__":"x","constructor":"y"}`) as JsonObject;
  deepEqual(entries(write(before, "two", 2, data)), [
    `one ${at(1)} {"f:data":{".":{},"f:a":{}}}`,
    `two ${at(2)} {"f:data":{"f:__proto__":{},"f:constructor":{}}}`,
  ]);
});
