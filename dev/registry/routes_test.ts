import assert from "node:assert/strict";
import { Refusal } from "./refusal.ts";
import { type Action, MAX_PAGE, refuseWebPages, route } from "./routes.ts";

const SHA256 = `sha256:${"a".repeat(64)}`;
const SHA512 = `sha512:${"0".repeat(128)}`;
const ID = "6f1c3a52-52a4-4a0e-9a0b-0d8e8a1f2b3c";
const page = { n: MAX_PAGE };

function ask(line: string): Action {
  const [method, target] = line.split(" ");
  const { pathname, searchParams } = new URL(`http://127.0.0.1${target}`);
  return route(method!, pathname, searchParams);
}

const ACTIONS: Readonly<Record<string, Action>> = {
  // end-1
  "GET /v2/": { kind: "version" },
  "HEAD /v2": { kind: "version" },
  // end-2, end-10
  [`GET /v2/a/blobs/${SHA256}`]: { kind: "readBlob", name: "a", digest: SHA256 },
  [`HEAD /v2/a/b/c/blobs/${SHA512}`]: { kind: "readBlob", name: "a/b/c", digest: SHA512 },
  [`GET /v2/a/blobs/${encodeURIComponent(SHA256)}`]: { kind: "readBlob", name: "a", digest: SHA256 },
  [`DELETE /v2/a/blobs/${SHA256}`]: { kind: "deleteBlob", name: "a", digest: SHA256 },
  // end-3, end-7, end-9
  "GET /v2/a/manifests/v1.2_3-x": { kind: "readManifest", name: "a", reference: { tag: "v1.2_3-x" } },
  [`PUT /v2/a/manifests/${SHA256}`]: { kind: "writeManifest", name: "a", reference: { digest: SHA256 } },
  "DELETE /v2/a/manifests/latest": { kind: "deleteManifest", name: "a", reference: { tag: "latest" } },
  // end-4a, end-4b, end-11
  "POST /v2/a/blobs/uploads/": { kind: "startUpload", name: "a" },
  "POST /v2/a/blobs/uploads": { kind: "startUpload", name: "a" },
  [`POST /v2/a/blobs/uploads/?digest=${SHA256}`]: { kind: "startUpload", name: "a", digest: SHA256 },
  [`POST /v2/a/blobs/uploads/?mount=${SHA256}&from=x/y`]: {
    kind: "startUpload",
    name: "a",
    mount: { digest: SHA256, from: "x/y" },
  },
  [`POST /v2/a/blobs/uploads/?mount=${SHA256}`]: { kind: "startUpload", name: "a" },
  // end-5, end-6, end-13, end-14
  [`PATCH /v2/a/blobs/uploads/${ID}`]: { kind: "appendUpload", name: "a", upload: ID },
  [`PUT /v2/a/blobs/uploads/${ID}?digest=${SHA256}`]: { kind: "finishUpload", name: "a", upload: ID, digest: SHA256 },
  [`GET /v2/a/blobs/uploads/${ID}`]: { kind: "uploadStatus", name: "a", upload: ID },
  [`DELETE /v2/a/blobs/uploads/${ID}`]: { kind: "cancelUpload", name: "a", upload: ID },
  // end-8a, end-8b
  "GET /v2/a/tags/list": { kind: "tags", name: "a", page },
  "GET /v2/a/tags/list?n=2&last=v1": { kind: "tags", name: "a", page: { n: 2, last: "v1" } },
  "GET /v2/a/tags/list?n=999999999": { kind: "tags", name: "a", page },
  "GET /v2/_catalog?n=0": { kind: "catalog", page: { n: 0 } },
  // end-12a, end-12b
  [`GET /v2/a/referrers/${SHA256}`]: { kind: "referrers", name: "a", digest: SHA256 },
  [`GET /v2/a/referrers/${SHA256}?artifactType=x/y`]: {
    kind: "referrers",
    name: "a",
    digest: SHA256,
    artifactType: "x/y",
  },
  // Names may hold the words that paths are made of.
  "GET /v2/tags/list/manifests/tags/list": { kind: "tags", name: "tags/list/manifests", page },
  "GET /v2/manifests/manifests/manifests": { kind: "readManifest", name: "manifests", reference: { tag: "manifests" } },
};

const REFUSALS: Readonly<Record<string, readonly [status: number, code: string]>> = {
  "GET /": [404, "UNSUPPORTED"],
  "GET /v1/": [404, "UNSUPPORTED"],
  "GET /v2/a": [404, "UNSUPPORTED"],
  "GET /v2//manifests/x": [404, "UNSUPPORTED"],
  "POST /v2/": [405, "UNSUPPORTED"],
  "POST /v2/a/manifests/x": [405, "UNSUPPORTED"],
  "constructor /v2/": [405, "UNSUPPORTED"],
  "GET /v2/a/blobs/uploads/": [405, "UNSUPPORTED"],
  "GET /v2/A/tags/list": [400, "NAME_INVALID"],
  "GET /v2/a//b/tags/list": [400, "NAME_INVALID"],
  "GET /v2/a..b/tags/list": [400, "NAME_INVALID"],
  "GET /v2/.metalman/tags/list": [400, "NAME_INVALID"],
  "GET /v2/a%2f..%2fb/tags/list": [400, "NAME_INVALID"],
  "GET /v2/a%00/tags/list": [400, "NAME_INVALID"],
  "GET /v2/%zz/tags/list": [400, "NAME_INVALID"],
  [`GET /v2/${"a".repeat(256)}/tags/list`]: [400, "NAME_INVALID"],
  "PUT /v2/a/blobs/manifests/x": [400, "NAME_INVALID"],
  "PUT /v2/a/index.json/manifests/x": [400, "NAME_INVALID"],
  "PUT /v2/a/oci-layout/b/manifests/x": [400, "NAME_INVALID"],
  [`POST /v2/a/blobs/uploads/?mount=${SHA256}&from=../b`]: [400, "NAME_INVALID"],
  "GET /v2/a/blobs/sha256:abc": [400, "DIGEST_INVALID"],
  [`GET /v2/a/blobs/sha256:${"A".repeat(64)}`]: [400, "DIGEST_INVALID"],
  [`GET /v2/a/blobs/md5:${"a".repeat(32)}`]: [400, "DIGEST_INVALID"],
  "GET /v2/a/manifests/sha256:..%20": [400, "DIGEST_INVALID"],
  "POST /v2/a/blobs/uploads/?digest=x": [400, "DIGEST_INVALID"],
  [`PUT /v2/a/blobs/uploads/${ID}`]: [400, "DIGEST_INVALID"],
  "GET /v2/a/referrers/x": [400, "DIGEST_INVALID"],
  // Nothing that is no tag can be there, and nothing such may come there.
  "GET /v2/a/manifests/.bad": [404, "MANIFEST_UNKNOWN"],
  "DELETE /v2/a/manifests/.bad": [404, "MANIFEST_UNKNOWN"],
  "PUT /v2/a/manifests/.bad": [400, "MANIFEST_INVALID"],
  [`PUT /v2/a/manifests/${"a".repeat(129)}`]: [400, "MANIFEST_INVALID"],
  "PATCH /v2/a/blobs/uploads/1": [404, "BLOB_UPLOAD_UNKNOWN"],
  "GET /v2/a/tags/list?n=-1": [400, "UNSUPPORTED"],
  "GET /v2/_catalog?n=x": [400, "UNSUPPORTED"],
};

Deno.test("route() knows the end points of OCI distribution-spec 1.1", () => {
  for (const [line, action] of Object.entries(ACTIONS)) assert.deepEqual(ask(line), action, line);
});

Deno.test("route() refuses with the codes of OCI distribution-spec 1.1, Error Codes", () => {
  for (const [line, wanted] of Object.entries(REFUSALS)) {
    assert.throws(() => ask(line), (error) => {
      assert.ok(error instanceof Refusal, String(error));
      assert.deepEqual([error.status, error.code], wanted, line);
      return true;
    }, line);
  }
});

Deno.test("route() says which methods a path takes (RFC 9110 15.5.6)", () => {
  assert.throws(() => ask("POST /v2/a/manifests/x"), { headers: { Allow: "GET, PUT, DELETE, HEAD" } });
  assert.throws(() => ask("GET /v2/a/blobs/uploads/"), { headers: { Allow: "POST" } });
});

Deno.test("refuseWebPages() takes requests for this host by address or as localhost, and none of a page's", () => {
  const fields = (host: string, more = {}) => new Headers({ host, ...more });
  for (const host of ["127.0.0.1:5000", "localhost:5000", "localhost", "[::1]:5000", ""]) refuseWebPages(fields(host));
  for (const host of ["evil.example:5000", "a b", "127.0.0.1.evil.example", "localhost.evil.example"]) {
    assert.throws(() => refuseWebPages(fields(host)), { status: 403, code: "DENIED" }, host);
  }
  assert.throws(() => refuseWebPages(fields("localhost", { origin: "http://localhost" })), { status: 403 });
});
