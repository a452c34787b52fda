import assert from "node:assert/strict";
import fc from "fast-check";
import { readContinue, writeContinue } from "./continue_token.ts";
import type { Kind } from "../kind.ts";
import { isWatch, readListOptions, readResourceVersion } from "./list_options.ts";
import { StatusError } from "../status_error.ts";

const KIND: Kind = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  singular: "configmap",
  shortNames: [],
  categories: [],
  namespaced: true,
  status: false,
  builtIn: true,
  schema: {},
  columns: [],
};

const read = (query: string) => readListOptions({ kind: KIND, namespace: "a", query: new URLSearchParams(query) });
const TOKEN = writeContinue({ revision: 7, after: "a/x" }, "a");

const READ: [query: string, wanted: Record<string, unknown>][] = [
  ["", { bookmarks: false }],
  ["limit=5", { bookmarks: false, limit: 5 }],
  ["limit=0", { bookmarks: false }],
  ["limit=-1", { bookmarks: false }],
  ["resourceVersion=0", { bookmarks: false, resourceVersion: 0 }],
  ["resourceVersion=5&resourceVersionMatch=Exact", { bookmarks: false, resourceVersion: 5, match: "Exact" }],
  ["resourceVersion=5&resourceVersionMatch=NotOlderThan", {
    bookmarks: false,
    resourceVersion: 5,
    match: "NotOlderThan",
  }],
  [`continue=${TOKEN}&limit=2`, { bookmarks: false, limit: 2, from: { revision: 7, after: "a/x" } }],
  [`continue=${TOKEN}&resourceVersion=0`, { bookmarks: false, from: { revision: 7, after: "a/x" } }],
  ["watch=1&allowWatchBookmarks=true&timeoutSeconds=9", { bookmarks: true, timeoutSeconds: 9 }],
  ["watch=1&timeoutSeconds=0", { bookmarks: false }],
  ["watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan", {
    bookmarks: false,
    initialEvents: true,
    match: "NotOlderThan",
  }],
  ["watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan", {
    bookmarks: false,
    initialEvents: false,
    match: "NotOlderThan",
  }],
];

for (const [query, wanted] of READ) {
  Deno.test(`readListOptions() reads ${JSON.stringify(query)} (Kubernetes API concepts)`, () => {
    assert.deepEqual(read(query), wanted);
  });
}

const INVALID = 'ListOptions.meta.k8s.io "" is invalid: ';
const WITHOUT = "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided";
const WITH_CONTINUE = "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided";
const UNKNOWN = 'resourceVersionMatch: Unsupported value: "Foo": supported values: "Exact", "NotOlderThan", ""';

/** As kube-apiserver 1.35 was seen to answer. */
const REFUSED: [query: string, code: number, message: string][] = [
  ["limit=x", 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
  ["limit=99999999999999999999", 400, 'strconv.ParseInt: parsing "99999999999999999999": value out of range'],
  ["timeoutSeconds=x", 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
  [
    "resourceVersion=x",
    400,
    'invalid resource version: resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax',
  ],
  [
    "watch=1&resourceVersion=-1",
    500,
    'resourceVersion: Invalid value: "-1": strconv.ParseUint: parsing "-1": invalid syntax',
  ],
  ["labelSelector=,", 400, "found ',', expected: !, identifier, or 'end of string'"],
  ["fieldSelector=foo", 400, "invalid selector: 'foo'; can't understand 'foo'"],
  ["resourceVersionMatch=Exact", 422, INVALID + WITHOUT],
  ["resourceVersionMatch=Foo", 422, `${INVALID}[${WITHOUT}, ${UNKNOWN}]`],
  ["resourceVersionMatch=Foo&resourceVersion=1", 422, INVALID + UNKNOWN],
  [
    "resourceVersionMatch=Exact&resourceVersion=0",
    422,
    `${INVALID}resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"`,
  ],
  [`continue=${TOKEN}&resourceVersionMatch=Exact`, 422, `${INVALID}[${WITHOUT}, ${WITH_CONTINUE}]`],
  [
    "sendInitialEvents=true",
    422,
    `${INVALID}sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list`,
  ],
  [
    "watch=1&resourceVersionMatch=Exact",
    422,
    `${INVALID}[resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided, ` +
    'resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"]',
  ],
  [
    "watch=1&sendInitialEvents=true",
    422,
    `${INVALID}resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan`,
  ],
  [
    `continue=${TOKEN}&resourceVersion=5`,
    400,
    "specifying resource version is not allowed when using continue",
  ],
  [`watch=1&continue=${TOKEN}`, 422, INVALID + WITH_CONTINUE],
];

for (const [query, code, message] of REFUSED) {
  Deno.test(`readListOptions() refuses ${JSON.stringify(query)} in the words of kube-apiserver`, () => {
    assert.throws(() => read(query), (error) => {
      assert.ok(error instanceof StatusError);
      assert.deepEqual([error.code, error.message], [code, message]);
      return true;
    });
  });
}

for (
  const [query, watch] of [["", false], ["watch=0", false], ["watch=false", false], ["watch=1", true], [
    "watch=foo",
    true,
  ]] as const
) {
  Deno.test(`isWatch() says ${watch} to ${JSON.stringify(query)}`, () => {
    assert.equal(isWatch(new URLSearchParams(query)), watch);
  });
}

Deno.test("readResourceVersion() reads that of a GET", () => {
  assert.equal(readResourceVersion(new URLSearchParams("")), undefined);
  assert.equal(readResourceVersion(new URLSearchParams("resourceVersion=18")), 18);
});

const token = (value: unknown) => btoa(JSON.stringify(value)).replaceAll("=", "");
const NOT_EMPTY = "encoded start key empty (version meta.k8s.io/v1)";
const FORGED: [name: string, token: string, why: string][] = [
  ["no base64", "*", "it is not base64url"],
  ["a part of base64", "abcde", "illegal base64 data at input byte 5"],
  ["no JSON", "abc", "invalid character 'i' looking for beginning of value"],
  ["nothing", token(null), "server does not recognize this encoded version "],
  ["another version", token({ v: "v9", rv: 5, start: "a" }), "server does not recognize this encoded version v9"],
  [
    "no revision",
    token({ v: "meta.k8s.io/v1", start: "x" }),
    "incorrect encoded start resourceVersion (version meta.k8s.io/v1)",
  ],
  [
    "half a revision",
    token({ v: "meta.k8s.io/v1", rv: 1.5, start: "x" }),
    "incorrect encoded start resourceVersion (version meta.k8s.io/v1)",
  ],
  [
    "a revision below zero",
    token({ v: "meta.k8s.io/v1", rv: -7, start: "x" }),
    "incorrect encoded start resourceVersion (version meta.k8s.io/v1)",
  ],
  ["no key", token({ v: "meta.k8s.io/v1", rv: 1 }), NOT_EMPTY],
  ["an empty key", token({ v: "meta.k8s.io/v1", rv: 1, start: "" }), NOT_EMPTY],
  ["a key that is none", token({ v: "meta.k8s.io/v1", rv: 5, start: "../../etc" }), '"../../etc" is no key'],
  ["more than any token has", token({ v: "meta.k8s.io/v1", rv: 5, start: "x".repeat(2000) }), "it is not base64url"],
];

for (const [name, text, why] of FORGED) {
  Deno.test(`readContinue() refuses a token with ${name}`, () => {
    assert.throws(() => readContinue(text, "a"), (error) => {
      assert.ok(error instanceof StatusError && error.code === 400);
      assert.equal(error.message, `invalid continue token: continue key is not valid: ${why}`);
      return true;
    });
  });
}

Deno.test("property: readContinue() reads what writeContinue() wrote, and nothing in it needs an escape in a URL", () => {
  const name = fc.string({ unit: fc.constantFrom(..."abz019-."), minLength: 1, maxLength: 253 });
  const namespace = fc.string({ unit: fc.constantFrom(..."abz019-"), maxLength: 63 });
  fc.assert(
    fc.property(
      namespace,
      name,
      fc.option(fc.integer({ min: 1 }), { nil: undefined }),
      fc.boolean(),
      (of, name, revision, all) => {
        const token = { ...(revision === undefined ? {} : { revision }), after: `${of}/${name}` };
        const scope = all || of === "" ? undefined : of;
        const text = writeContinue(token, scope);
        assert.match(text, /^[A-Za-z0-9_-]+$/);
        assert.deepEqual(readContinue(text, scope), token);
      },
    ),
  );
});
