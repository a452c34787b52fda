import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { isJsonObject, type Json, type JsonObject } from "../object.ts";
import { mergePatch } from "./merge_patch.ts";

/** RFC 7396 Appendix A, as far as object and patch are objects; other patches are refused by kube-apiserver. */
const APPENDIX_A: readonly [object: string, patch: string, result: string][] = [
  [`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`],
  [`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`],
  [`{"a":"b"}`, `{"a":null}`, `{}`],
  [`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`],
  [`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`],
  [`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`],
  [`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`],
  [`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`],
  [`{"e":null}`, `{"a":1}`, `{"e":null,"a":1}`],
  [`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`],
  [`{"a":"foo"}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`],
];

for (const [object, patch, result] of APPENDIX_A) {
  Deno.test(`mergePatch() as RFC 7396 Appendix A: ${object} with ${patch}`, () => {
    deepEqual(mergePatch(JSON.parse(object), JSON.parse(patch)), JSON.parse(result));
  });
}

Deno.test("mergePatch() refuses what is no object, in the words of kube-apiserver", () => {
  const text = (type: string) =>
    `error decoding patch: json: cannot unmarshal ${type} into Go value of type map[string]interface {}`;
  throws(() => mergePatch({}, []), { code: 400, message: text("array") });
  throws(() => mergePatch({}, "a"), { code: 400, message: text("string") });
  throws(() => mergePatch({}, null), { code: 400, message: "Invalid JSON Patch" });
});

Deno.test("mergePatch() refuses what is nested so deeply that recursion would end the program", () => {
  const deep = JSON.parse(`${`{"a":`.repeat(5000)}1${"}".repeat(5000)}`);
  throws(() => mergePatch({}, deep), { code: 400, message: "exceeded max depth" });
});

Deno.test("mergePatch() takes __proto__ for a field like any other", () => {
  const result = mergePatch(
    { a: {} },
    JSON.parse(`{"__proto__":{"bad":1},"a":{"constructor":{"prototype":{"bad":1}}}}`),
  );
  equal(JSON.stringify(result), `{"a":{"constructor":{"prototype":{"bad":1}}},"__proto__":{"bad":1}}`);
  equal(({} as JsonObject)["bad"], undefined);
  equal(Object.getPrototypeOf(result), Object.prototype);
});

/** RFC 7396 section 2, word for word. */
function defined(target: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  const object: JsonObject = isJsonObject(target) ? structuredClone(target) : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete object[name];
    else object[name] = defined(object[name], value);
  }
  return object;
}

const key = fc.constantFrom("a", "b", "c");
const { value } = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<Json>(null, 1, "x"),
    fc.array(tie("value"), { maxLength: 2 }),
    tie("object"),
  ),
  object: fc.dictionary(key, tie("value"), { maxKeys: 3, noNullPrototype: true }) as fc.Arbitrary<JsonObject>,
}));
const object = fc.dictionary(key, value, { maxKeys: 3, noNullPrototype: true });

Deno.test("mergePatch() is what RFC 7396 section 2 defines, changes nothing it is given, and is the same twice", () => {
  fc.assert(fc.property(object, object, (target, patch) => {
    const before = JSON.stringify([target, patch]);
    const result = mergePatch(target, patch);
    deepEqual(result, defined(target, patch));
    equal(JSON.stringify([target, patch]), before);
    deepEqual(mergePatch(result, patch), result);
  }));
});
