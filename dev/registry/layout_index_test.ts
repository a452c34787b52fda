import assert from "node:assert/strict";
import fc from "fast-check";
import {
  byDigest,
  byTag,
  EMPTY_INDEX,
  type LayoutIndex,
  manifestsOf,
  parseLayoutIndex,
  tagsOf,
  withManifest,
  withoutDigest,
  withoutTag,
} from "./layout_index.ts";

const manifest = (digit: string, mediaType = "application/vnd.oci.image.manifest.v1+json") => ({
  mediaType,
  digest: `sha256:${digit.repeat(64)}`,
  size: 7,
});
const [one, two] = [manifest("1"), manifest("2")];

Deno.test("withManifest(): a tag moves, and what it led to stays without it (image-spec, image-layout.md)", () => {
  const index = withManifest(withManifest(EMPTY_INDEX, one, "v1"), two, "v1");
  assert.deepEqual(byTag(index, "v1")?.digest, two.digest);
  assert.deepEqual(byDigest(index, one.digest), one);
  assert.deepEqual(tagsOf(index), ["v1"]);
});

Deno.test("withManifest(): one manifest may have many tags, and is there once", () => {
  const index = withManifest(withManifest(withManifest(withManifest(EMPTY_INDEX, one), one, "a"), one, "b"), one);
  assert.deepEqual(tagsOf(index), ["a", "b"]);
  assert.equal(index.manifests.length, 2);
  assert.equal(manifestsOf(index).length, 1);
  const rest = withoutTag(index, "a");
  assert.deepEqual([tagsOf(rest), rest.manifests.length], [["b"], 1]);
  assert.deepEqual(withoutTag(rest, "b").manifests, [one]);
  assert.deepEqual(withoutDigest(index, one.digest).manifests, []);
});

Deno.test("withManifest(): the type of the last push counts for all tags of a digest", () => {
  const index = withManifest(withManifest(EMPTY_INDEX, one, "a"), manifest("1", "x/y"), "b");
  assert.equal(byTag(index, "a")?.mediaType, "x/y");
});

Deno.test("a layout of another program keeps what is not known here", () => {
  const text = JSON.stringify({
    schemaVersion: 2,
    other: 1,
    manifests: [{
      ...one,
      platform: { os: "linux" },
      annotations: { "org.opencontainers.image.ref.name": "docker.io/library/debian:12", "x": "y" },
    }, { ...two, annotations: { "org.opencontainers.image.ref.name": "t", "x": "y" } }],
  });
  const index = parseLayoutIndex(text)!;
  assert.deepEqual(tagsOf(index), ["t"]);
  const changed = JSON.parse(JSON.stringify(withManifest(index, manifest("3"), "t"))) as LayoutIndex & {
    other: number;
  };
  assert.equal(changed.other, 1);
  assert.deepEqual(changed.manifests[0], JSON.parse(text).manifests[0]);
  assert.deepEqual(changed.manifests[1], { ...two, annotations: { x: "y" } });
});

Deno.test("parseLayoutIndex() knows what is no index", () => {
  const bad = [
    "",
    "[]",
    "null",
    "{}",
    '{"manifests":{}}',
    '{"manifests":[{"mediaType":"x","digest":"../x","size":1}]}',
  ];
  for (const text of bad) assert.equal(parseLayoutIndex(text), undefined, text);
});

Deno.test("after any pushes and deletions each tag leads to what was pushed last under it", () => {
  const step = fc.record({
    tag: fc.constantFrom("a", "b", undefined),
    digit: fc.constantFrom("1", "2", "3"),
    act: fc.nat(2),
  });
  fc.assert(fc.property(fc.array(step), (steps) => {
    let index = EMPTY_INDEX;
    const tags = new Map<string, string>();
    const digests = new Set<string>();
    for (const { tag, digit, act } of steps) {
      const { digest } = manifest(digit);
      if (act < 2) {
        index = withManifest(index, manifest(digit), tag);
        digests.add(digest);
        if (tag !== undefined) tags.set(tag, digest);
      } else if (tag !== undefined) {
        index = withoutTag(index, tag);
        tags.delete(tag);
      } else {
        index = withoutDigest(index, digest);
        digests.delete(digest);
        for (const [name, of] of tags) if (of === digest) tags.delete(name);
      }
    }
    assert.deepEqual(new Map(tagsOf(index).map((tag) => [tag, byTag(index, tag)!.digest])), tags);
    assert.deepEqual(new Set(manifestsOf(index).map(({ digest }) => digest)), digests);
  }));
});
