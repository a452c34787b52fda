import assert from "node:assert/strict";
import { ManifestError, PullError, TooLargeError, UnsupportedError } from "./errors.ts";
import { choosePlatform, type ImageIndex, parseDiffIds, parseManifest } from "./manifest.ts";

const OCI = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
const DOCKER = "application/vnd.docker.distribution.manifest.v2+json";
const digest = (c: string) => `sha256:${c.repeat(64)}`;
const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest: digest("c"), size: 10 };
const layer = { mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: digest("d"), size: 20 };
const bytes = (value: unknown) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

const READ: readonly (readonly [name: string, value: object, contentType: string, kind: string])[] = [
  ["OCI", { mediaType: OCI, config, layers: [layer] }, OCI, "image"],
  ["OCI without mediaType", { config, layers: [layer] }, `${OCI}; charset=utf-8`, "image"],
  ["OCI without any type", { config, layers: [layer] }, "application/json", "image"],
  [
    "Docker schema 2",
    {
      mediaType: DOCKER,
      config: { ...config, mediaType: "application/vnd.docker.container.image.v1+json" },
      layers: [{ ...layer, mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip" }],
    },
    DOCKER,
    "image",
  ],
  ["OCI index", { manifests: [] }, OCI_INDEX, "index"],
  [
    "Docker list",
    { mediaType: "application/vnd.docker.distribution.manifest.list.v2+json", manifests: [] },
    "",
    "index",
  ],
];
for (const [name, value, contentType, kind] of READ) {
  Deno.test(`parseManifest() reads ${name} (contract 9)`, () => {
    assert.equal(parseManifest(bytes(value), contentType).kind, kind);
  });
}

const REFUSED:
  readonly (readonly [name: string, value: unknown, type: new (...a: never[]) => PullError, message: RegExp])[] = [
    ["no JSON", "{", ManifestError, /not JSON/],
    ["null", "null", UnsupportedError, /of type "application\/x"/],
    [
      "schema 1",
      { schemaVersion: 1, mediaType: "application/vnd.docker.distribution.manifest.v1+json" },
      UnsupportedError,
      /manifest.v1\+json/,
    ],
    [
      "a Helm chart",
      { mediaType: OCI, config: { ...config, mediaType: "application/vnd.cncf.helm.config.v1+json" }, layers: [layer] },
      UnsupportedError,
      /helm.config/,
    ],
    [
      "a layer of xz",
      { mediaType: OCI, config, layers: [{ ...layer, mediaType: `${layer.mediaType.replace("gzip", "xz")}` }] },
      UnsupportedError,
      /tar\+xz/,
    ],
    ["no layers", { mediaType: OCI, config, layers: [] }, ManifestError, /wrong at layers/],
    [
      "a bad digest",
      { mediaType: OCI, config, layers: [{ ...layer, digest: "sha256:../../x" }] },
      ManifestError,
      /layers.0.digest: is not a sha256/,
    ],
    ["a negative size", { mediaType: OCI, config, layers: [{ ...layer, size: -1 }] }, ManifestError, /layers.0.size/],
    ["too many layers", { mediaType: OCI, config, layers: Array(600).fill(layer) }, ManifestError, /wrong at layers/],
    ["too many bytes", " ".repeat(5 * 2 ** 20), TooLargeError, /at most 4194304/],
  ];
for (const [name, value, type, message] of REFUSED) {
  Deno.test(`parseManifest() refuses ${name}`, () => {
    assert.throws(
      () => parseManifest(bytes(value), "application/x"),
      (error) => error instanceof type && message.test(error.message),
    );
  });
}

function indexOf(...platforms: (string | undefined)[]): ImageIndex {
  return {
    kind: "index",
    manifests: platforms.map((text, i) => {
      const [os = "", architecture = "", variant] = text?.split("/") ?? [];
      return {
        mediaType: OCI,
        digest: digest(String(i)),
        size: 1,
        ...(text === undefined ? {} : { platform: { os, architecture, ...(variant ? { variant } : {}) } }),
      };
    }),
  };
}
const PLATFORMS: readonly (readonly [has: readonly (string | undefined)[], wanted: string, index: number])[] = [
  [["linux/arm64/v8", "linux/amd64"], "linux/amd64", 1],
  [["unknown/unknown", "linux/amd64"], "linux/amd64", 1],
  [["windows/amd64", "linux/amd64"], "linux/amd64", 1],
  [["linux/arm/v6", "linux/arm/v7"], "linux/arm/v7", 1],
  [["linux/arm/v6", "linux/arm/v7"], "linux/arm", 0],
  [["linux/arm64"], "linux/arm64/v8", 0],
  [[undefined], "linux/amd64", 0],
  [["linux/arm64"], "linux/amd64", -1],
  [[undefined, undefined], "linux/amd64", -1],
  [[], "linux/amd64", -1],
];
for (const [has, wanted, index] of PLATFORMS) {
  Deno.test(`choosePlatform() of [${has.join(" ")}] for ${wanted}`, () => {
    const [os = "", architecture = "", variant] = wanted.split("/");
    const choose = () => choosePlatform(indexOf(...has), { os, architecture, ...(variant ? { variant } : {}) });
    if (index >= 0) assert.equal(choose().digest, digest(String(index)));
    else assert.throws(choose, ManifestError);
  });
}

Deno.test("choosePlatform() never takes an attestation that claims a platform", () => {
  const index = indexOf("linux/amd64", "linux/amd64");
  const first = { ...index.manifests[0]!, annotations: { "vnd.docker.reference.type": "attestation-manifest" } };
  const chosen = choosePlatform({ ...index, manifests: [first, index.manifests[1]!] }, {
    os: "linux",
    architecture: "amd64",
  });
  assert.equal(chosen.digest, digest("1"));
});

Deno.test("parseDiffIds() wants one digest a layer", () => {
  const conf = (ids: unknown) => bytes({ rootfs: { type: "layers", diff_ids: ids } });
  assert.deepEqual(parseDiffIds(conf([digest("a")]), 1), [digest("a")]);
  assert.throws(() => parseDiffIds(conf([digest("a")]), 2), /names 1 layers, the manifest 2/);
  assert.throws(() => parseDiffIds(conf(["x"]), 1), ManifestError);
  assert.throws(() => parseDiffIds(bytes({}), 0), ManifestError);
});

Deno.test("200,000 damaged manifests: an error of ours or a manifest", () => {
  const bases = [
    bytes({ schemaVersion: 2, mediaType: OCI, config, layers: [layer] }),
    bytes({
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: [{ mediaType: OCI, digest: digest("e"), size: 3, platform: { os: "linux", architecture: "amd64" } }],
    }),
  ];
  let seed = 7;
  const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
  let read = 0;
  for (let i = 0; i < 200_000; i++) {
    const copy = bases[i % 2]!.slice();
    for (let changes = random(3); changes >= 0; changes--) copy[random(copy.length)] = random(256);
    try {
      const manifest = parseManifest(copy, "");
      if (manifest.kind === "index") choosePlatform(manifest, { os: "linux", architecture: "amd64" });
      read++;
    } catch (error) {
      if (!(error instanceof PullError)) throw error;
    }
  }
  assert.ok(read > 1000 && read < 199_000, `${read}`);
});
