import assert from "node:assert/strict";
import { accepts, readManifestDocument } from "./manifest_document.ts";

const OCI = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";
const DOCKER = "application/vnd.docker.distribution.manifest.v2+json";
const blob = (digit: string, more = {}) => ({
  mediaType: "x/y",
  digest: `sha256:${digit.repeat(64)}`,
  size: 1,
  ...more,
});
const bytes = (value: unknown) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
const image = { schemaVersion: 2, config: blob("1"), layers: [blob("2"), blob("3")] };

Deno.test("readManifestDocument() reads what a registry must know (image-spec 1.1)", () => {
  const needs = [blob("1"), blob("2"), blob("3")];
  assert.deepEqual(readManifestDocument(bytes({ ...image, mediaType: OCI }), OCI), {
    mediaType: OCI,
    needs,
    artifactType: "x/y",
  });
  assert.equal(readManifestDocument(bytes(image), `${DOCKER}; charset=utf-8`).mediaType, DOCKER);
  assert.equal(readManifestDocument(bytes(image)).mediaType, OCI);
  assert.equal(readManifestDocument(bytes({ schemaVersion: 2, manifests: [] })).mediaType, INDEX);
  const artifact = { ...image, artifactType: "a/b", subject: blob("9"), annotations: { k: "v" } };
  const { subject, artifactType, annotations } = readManifestDocument(bytes(artifact), OCI);
  assert.deepEqual([subject, artifactType, annotations], [blob("9").digest, "a/b", { k: "v" }]);
  const index = readManifestDocument(bytes({ schemaVersion: 2, manifests: [blob("4")], subject: null }), INDEX);
  assert.deepEqual([index.needs, index.subject, index.artifactType], [[blob("4")], undefined, undefined]);
});

Deno.test("readManifestDocument(): layers that are kept elsewhere need not be here (image-spec, descriptor.md urls)", () => {
  const away = { ...image, layers: [blob("2", { urls: ["https://x"] }), blob("3", { urls: [] })] };
  assert.deepEqual(readManifestDocument(bytes(away)).needs.map(({ digest }) => digest[7]), ["1", "3"]);
});

Deno.test("readManifestDocument() refuses what it cannot keep, and says why", () => {
  const cases: readonly (readonly [value: unknown, type: string | undefined, why: RegExp])[] = [
    ["", OCI, /not JSON/],
    ["\xff", OCI, /wrong|not JSON/],
    ["null", OCI, /wrong at its top/],
    ["[]", OCI, /wrong/],
    [{ ...image, schemaVersion: 1 }, OCI, /wrong at schemaVersion/],
    [{ ...image, config: undefined }, OCI, /wrong at config/],
    [{ ...image, layers: [blob("g")] }, OCI, /layers.0.digest: is not a sha256/],
    [{ ...image, layers: Array(1001).fill(blob("1")) }, OCI, /wrong at layers/],
    [{ ...image, mediaType: DOCKER }, OCI, /says it is .*docker.*, its Content-Type .*oci/],
    [image, "text/plain", /of type text\/plain are not kept/],
    [{ ...image, mediaType: 5 }, undefined, /of type 5 are not kept/],
    [image, INDEX, /wrong at manifests/],
  ];
  for (const [value, type, why] of cases) {
    assert.throws(() => readManifestDocument(bytes(value), type), (error) => {
      assert.match((error as Error).message, why);
      assert.equal((error as { code?: string }).code, "MANIFEST_INVALID");
      return true;
    });
  }
});

Deno.test("accepts() reads Accept as far as registry clients use it (RFC 9110 12.5.1)", () => {
  for (const header of [null, "", "*/*", "application/*", OCI, `a/b, ${OCI.toUpperCase()};q=0.5`, "a/b,*/*;q=0.1"]) {
    assert.equal(accepts(header, OCI), true, String(header));
  }
  for (const header of [DOCKER, "text/*", `${OCI}x`]) assert.equal(accepts(header, OCI), false, header);
});
