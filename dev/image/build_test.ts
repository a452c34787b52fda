import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { parseDiffIds, parseManifest } from "../../registry/manifest.ts";
import { buildImage } from "./build.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const FILES = new Map([["b/c", bytes("1")], ["metadata.yaml", bytes("2")], ["a", bytes("3")]]);

Deno.test("buildImage(): the manifest leads to config and layer (image-spec 1.1)", async () => {
  const { manifest, blobs, diffId } = await buildImage(FILES, { architecture: "arm64", created: new Date(86_400_000) });
  for (const [digest, content] of blobs) assert.equal(digest, `sha256:${hash("sha256", content, "hex")}`);
  const parsed = parseManifest(blobs.get(manifest.digest)!, manifest.mediaType);
  assert.ok(parsed.kind === "image");
  const configBytes = blobs.get(parsed.config.digest)!;
  assert.deepEqual(parseDiffIds(configBytes, 1), [diffId]);
  const config = JSON.parse(new TextDecoder().decode(configBytes));
  assert.deepEqual([config.architecture, config.os, config.created], ["arm64", "linux", "1970-01-02T00:00:00.000Z"]);
  const layer = blobs.get(parsed.layers[0]!.digest)!;
  assert.deepEqual([...blobs.keys()].at(-1), manifest.digest);
  const tar = await new Response(new Blob([layer]).stream().pipeThrough(new DecompressionStream("gzip"))).bytes();
  assert.equal(`sha256:${hash("sha256", tar, "hex")}`, diffId);
});

Deno.test("buildImage(): the order of files does not count, content, date and architecture do", async () => {
  const digest = async (...args: Parameters<typeof buildImage>) => (await buildImage(...args)).manifest.digest;
  const first = await digest(FILES);
  assert.equal(await digest(new Map([...FILES].reverse())), first);
  const others = [
    await digest(new Map([...FILES, ["a", bytes("4")]])),
    await digest(FILES, { created: new Date(1000) }),
    await digest(FILES, { architecture: "arm64" }),
  ];
  assert.equal(new Set([first, ...others]).size, 4);
});

Deno.test("buildImage() refuses paths that no image can hold", async () => {
  for (const path of ["", "/a", "a/", "a//b", "../a", "a/./b", "a/..", "a\0"]) {
    await assert.rejects(buildImage(new Map([[path, bytes("")]])), RangeError, path);
  }
  await assert.rejects(buildImage(new Map([["a", bytes("")], ["a/b", bytes("")]])), /"disk\/a" is a file and a folder/);
  await assert.rejects(
    buildImage(new Map([["a/b", bytes("")], ["a", bytes("")], ["a-", bytes("")]])),
    /file and a folder/,
  );
});
