import { deepEqual, equal, throws } from "node:assert/strict";
import { type Lock, sbom } from "./sbom.ts";

const integrity = `sha512-${new Uint8Array(64).fill(1).toBase64()}`;
const LOCK: Lock = {
  version: "5",
  npm: {
    "@a/one@1.0.0": { integrity, dependencies: ["two"] },
    "two@2.0.0": { integrity, dependencies: ["three@3.0.0"] },
    "three@3.0.0": { integrity },
    "three@4.0.0": { integrity },
    "only-in-tests@1.0.0": { integrity },
  },
};
const SUBJECT = {
  version: "v1.2.3",
  built: "2026-11-23T00:00:00Z",
  denoVersion: "2.9.6",
  imported: ["@a/one@1.0.0"],
};

Deno.test("sbom() has Deno, what is imported and what that needs, and nothing of the tests", () => {
  const { components } = sbom(SUBJECT, LOCK);
  deepEqual(components.map(({ purl }) => purl), [
    "pkg:github/denoland/deno@v2.9.6",
    "pkg:npm/%40a/one@1.0.0",
    "pkg:npm/three@3.0.0",
    "pkg:npm/two@2.0.0",
  ]);
  const { group, name, version, hashes } = components[1]!;
  deepEqual([group, name, version, hashes], ["@a", "one", "1.0.0", [{ alg: "SHA-512", content: "01".repeat(64) }]]);
});

Deno.test("sbom() says what needs what (CycloneDX 1.5, dependencies)", () => {
  const { dependencies, metadata, components } = sbom(SUBJECT, LOCK);
  deepEqual(dependencies, [
    { ref: "pkg:generic/metalman@v1.2.3", dependsOn: ["pkg:github/denoland/deno@v2.9.6", "pkg:npm/%40a/one@1.0.0"] },
    { ref: "pkg:npm/%40a/one@1.0.0", dependsOn: ["pkg:npm/two@2.0.0"] },
    { ref: "pkg:npm/three@3.0.0", dependsOn: [] },
    { ref: "pkg:npm/two@2.0.0", dependsOn: ["pkg:npm/three@3.0.0"] },
  ]);
  const refs = [metadata.component, ...components].map((component) => component["bom-ref"]);
  equal(new Set(refs).size, refs.length);
});

const npm = (changed: Lock["npm"]): Lock => ({ ...LOCK, npm: { ...LOCK.npm, ...changed } });
const refused: readonly [name: string, lock: Lock, imported: string[], wanted: RegExp][] = [
  ["another version of the lock", { ...LOCK, version: "6" }, [], /has version 6: only 5/],
  ["a package that is not locked", LOCK, ["four@1.0.0"], /four@1.0.0 is in it 0 times/],
  ["a dependency that could be two", LOCK, ["three"], /three is in it 2 times/],
  ["a hash that is none", npm({ "x@1": { integrity: "md5-AAAA" } }), ["x@1"], /not an integrity: md5-AAAA/],
];
for (const [name, lock, imported, wanted] of refused) {
  Deno.test(`sbom() refuses ${name}`, () => throws(() => sbom({ ...SUBJECT, imported }, lock), wanted));
}

Deno.test("sbom() understands our deno.lock", async () => {
  const lock = JSON.parse(await Deno.readTextFile(new URL("../../deno.lock", import.meta.url))) as Lock;
  equal(
    sbom({ ...SUBJECT, imported: Object.keys(lock.npm) }, lock).components.length,
    Object.keys(lock.npm).length + 1,
  );
});
