import { deepEqual, equal, throws } from "node:assert/strict";
import { load } from "js-yaml";
import { type KrewManifest, krewManifest, krewYaml, readChecksums } from "./krew.ts";
import { archiveName, TARGETS } from "./targets.ts";
import { releasedBy } from "../release.ts";

const VERSION = "v1.2.3";
const CHECKSUMS = new Map(TARGETS.map((target, i) => [archiveName(target, VERSION), String(i).repeat(64)]));
const RELEASE = {
  version: VERSION,
  homepage: "https://github.com/o/n",
  downloads: "https://github.com/o/n/releases/download/v1.2.3",
  checksums: CHECKSUMS,
};

/** What krew's validation and its guide for plugin developers refuse. */
const RULES: readonly [rule: string, holds: (manifest: KrewManifest) => boolean][] = [
  ["apiVersion", (m) => m.apiVersion === "krew.googlecontainertools.github.com/v1alpha2"],
  ["kind", (m) => m.kind === "Plugin"],
  ["a safe name, without kubectl-", (m) => /^[\w-]+$/.test(m.metadata.name) && !/^kube/.test(m.metadata.name)],
  ["a semantic version with v", (m) => /^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[\w.-]+)?$/.test(m.spec.version)],
  ["a short description of one line, at most 50 characters", (m) => /^\S.{0,49}$/.test(m.spec.shortDescription)],
  ["a platform", (m) => m.spec.platforms.length > 0],
  ["an archive by HTTPS", (m) => m.spec.platforms.every(({ uri }) => /^https:\/\/\S+\.(tar\.gz|zip)$/.test(uri))],
  ["a checksum in lower case", (m) => m.spec.platforms.every(({ sha256 }) => /^[0-9a-f]{64}$/.test(sha256))],
  ["an executable", (m) => m.spec.platforms.every(({ bin }) => /^[\w.-]+$/.test(bin))],
  ["a selector of one platform each", (m) => {
    const known = /^(linux|darwin|windows)\/(amd64|arm64)$/;
    const selected = m.spec.platforms.map(({ selector: { matchLabels: { os, arch } } }) => `${os}/${arch}`);
    return selected.every((platform) => known.test(platform)) && new Set(selected).size === selected.length;
  }],
  [
    "an executable named .exe on Windows only",
    (m) =>
      m.spec.platforms.every(({ bin, selector }) => bin.endsWith(".exe") === (selector.matchLabels.os === "windows")),
  ],
];
for (const [rule, holds] of RULES) {
  Deno.test(`krewManifest() keeps krew's rule: ${rule}`, () => {
    const read = load(krewYaml(krewManifest(RELEASE))) as KrewManifest;
    equal(holds(read), true, JSON.stringify(read));
  });
}

Deno.test("krewManifest() has the checksum of each platform's own archive", () => {
  const { platforms } = krewManifest(RELEASE).spec;
  deepEqual(platforms.map(({ uri, sha256 }) => [uri, sha256]), [
    [`${RELEASE.downloads}/kubectl-unbounded_v1.2.3_linux_amd64.tar.gz`, "0".repeat(64)],
    [`${RELEASE.downloads}/kubectl-unbounded_v1.2.3_linux_arm64.tar.gz`, "1".repeat(64)],
    [`${RELEASE.downloads}/kubectl-unbounded_v1.2.3_darwin_amd64.tar.gz`, "2".repeat(64)],
    [`${RELEASE.downloads}/kubectl-unbounded_v1.2.3_darwin_arm64.tar.gz`, "3".repeat(64)],
    [`${RELEASE.downloads}/kubectl-unbounded_v1.2.3_windows_amd64.zip`, "4".repeat(64)],
  ]);
  throws(
    () => krewManifest({ ...RELEASE, checksums: new Map() }),
    /no checksum of kubectl-unbounded_v1\.2\.3_linux_amd64/,
  );
});

Deno.test("readChecksums() reads what sha256sum writes", () => {
  deepEqual([...readChecksums(`${"a".repeat(64)}  x.zip\n${"b".repeat(64)} *y\n`)], [
    ["x.zip", "a".repeat(64)],
    ["y", "b".repeat(64)],
  ]);
  throws(() => readChecksums("a  x.zip\n"), /not a line of sha256sum/);
});

Deno.test("releasedBy() refuses a tag that is not the version's", () => {
  const by = (env: Record<string, string>) => releasedBy((name) => env[name], VERSION);
  const repository = { GITHUB_REPOSITORY: "o/n" };
  equal(by(repository), "o/n");
  equal(by({ ...repository, GITHUB_REF_TYPE: "tag", GITHUB_REF_NAME: VERSION }), "o/n");
  equal(by({ ...repository, GITHUB_REF_TYPE: "branch", GITHUB_REF_NAME: "main" }), "o/n");
  throws(
    () => by({ ...repository, GITHUB_REF_TYPE: "tag", GITHUB_REF_NAME: "v9" }),
    /the tag is v9 and deno.json has v1.2.3/,
  );
  throws(() => by({}), /set GITHUB_REPOSITORY/);
  throws(() => by({ GITHUB_REPOSITORY: "o/n/x" }), /set GITHUB_REPOSITORY/);
});
