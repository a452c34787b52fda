import assert from "node:assert/strict";
import { MemoryLogger } from "../../base/log.ts";
import { buildImage } from "../../dev/image/build.ts";
import { sampleImage } from "../../dev/image/sample_store.ts";
import { tarPieces } from "../../dev/image/tar_writer.ts";
import { type DevRegistry, startDevRegistry } from "../../dev/registry/server.ts";
import { peerTest, run } from "./peer.ts";
import { pushFolder, REGISTRY_PROGRAMS } from "./registry.ts";
import { hashFolder, hashImage, TestCache } from "./registry_cache.ts";

const SKOPEO = { programs: ["skopeo"] };
const UMOCI = { programs: ["skopeo", "umoci", "find"] };

const skopeo = (...args: string[]) => run("skopeo", ["--insecure-policy", ...args]);
const COPY_TO = ["copy", "-q", "--dest-tls-verify=false"];
const COPY_FROM = ["copy", "-q", "--src-tls-verify=false"];

/** Runs with a registry in a folder, beside which there is room. */
async function withRegistry(
  use: (at: { registry: DevRegistry; images: string; folder: string }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "metalman-dev-registry-" });
  const log = new MemoryLogger();
  try {
    await using registry = await startDevRegistry({ folder: `${folder}/images`, log });
    await use({ registry, images: `${folder}/images`, folder });
    assert.deepEqual(log.lines.filter(({ level }) => level === "error"), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What a folder made of an image's files holds below disk. */
async function writeFiles(folder: string): Promise<void> {
  for (const [path, content] of sampleImage()) {
    await Deno.mkdir(`${folder}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeFile(`${folder}/${path}`, content);
  }
}

peerTest(
  "skopeo: copy in and out, inspect, list-tags, delete",
  SKOPEO,
  () =>
    withRegistry(async ({ registry: { host, store }, folder }) => {
      await store.putImage("metalman/sample", "v1", await buildImage(sampleImage()));
      const inspect = async (reference: string) =>
        JSON.parse(await skopeo("inspect", "--tls-verify=false", `docker://${host}/${reference}`));
      const first = await inspect("metalman/sample:v1");
      assert.deepEqual([first.Architecture, first.Os, first.RepoTags], ["amd64", "linux", ["v1"]]);

      await skopeo(...COPY_FROM, `docker://${host}/metalman/sample:v1`, `oci:${folder}/out:x`);
      await skopeo(...COPY_TO, `oci:${folder}/out:x`, `docker://${host}/copied:v2`);
      assert.equal((await inspect("copied:v2")).Digest, first.Digest);
      await skopeo(...COPY_FROM, ...COPY_TO.slice(2), `docker://${host}/copied:v2`, `docker://${host}/copied:v3`);
      await skopeo(...COPY_TO, "--format=v2s2", `oci:${folder}/out:x`, `docker://${host}/copied:docker`);
      const list = JSON.parse(await skopeo("list-tags", "--tls-verify=false", `docker://${host}/copied`));
      assert.deepEqual(list.Tags, ["docker", "v2", "v3"]);
      const raw = await skopeo("inspect", "--raw", "--tls-verify=false", `docker://${host}/copied:docker`);
      assert.equal(JSON.parse(raw).mediaType, "application/vnd.docker.distribution.manifest.v2+json");

      await skopeo("delete", "--tls-verify=false", `docker://${host}/copied:v2`);
      await assert.rejects(inspect("copied:v2"), /manifest unknown|v2/);
      await assert.rejects(inspect("copied:v3"), /manifest unknown|v3/);
      assert.equal((await inspect("metalman/sample:v1")).Digest, first.Digest);
    }),
);

peerTest(
  "skopeo: an index with all its images goes in and out",
  SKOPEO,
  () =>
    withRegistry(async ({ registry: { host, store }, folder }) => {
      for (const architecture of ["amd64", "arm64"]) {
        await store.putImage(
          "multi",
          architecture,
          await buildImage(new Map([["a", new Uint8Array(3)]]), { architecture }),
        );
      }
      const entries = await Promise.all(["amd64", "arm64"].map(async (architecture) => ({
        ...(await store.manifest("multi", { tag: architecture })),
        annotations: undefined,
        platform: { os: "linux", architecture },
      })));
      const type = "application/vnd.oci.image.index.v1+json";
      const body = JSON.stringify({ schemaVersion: 2, mediaType: type, manifests: entries });
      const put = await fetch(`http://${host}/v2/multi/manifests/all`, {
        method: "PUT",
        body,
        headers: { "Content-Type": type },
      });
      assert.equal(put.status, 201, await put.text());
      await skopeo(...COPY_FROM, "--all", `docker://${host}/multi:all`, `oci:${folder}/out:all`);
      await skopeo(...COPY_TO, "--all", `oci:${folder}/out:all`, `docker://${host}/again:all`);
      await using cache = await TestCache.open({ platform: { os: "linux", architecture: "arm64" } });
      assert.equal((await cache.ensure(`${host}/again:all`)).digest, entries[1]!.digest);
    }),
);

peerTest(
  "skopeo and umoci work on the folder itself, while the registry serves it",
  UMOCI,
  () =>
    withRegistry(async ({ registry: { host, store }, images, folder }) => {
      const files = sampleImage();
      const built = await buildImage(files);
      await store.putImage("sample", "v1", built);
      await run("umoci", ["unpack", "--rootless", "--image", `${images}/sample:v1`, `${folder}/unpacked`]);
      const unpacked = `${folder}/unpacked/rootfs/disk`;
      await writeFiles(`${folder}/wanted`);
      assert.deepEqual(await hashFolder(unpacked), await hashFolder(`${folder}/wanted`));

      // A user's own change: another grub.cfg, under another tag.
      await Deno.writeTextFile(`${unpacked}/grub/grub.cfg.tmpl`, "set timeout=5\n");
      await run("umoci", ["repack", "--image", `${images}/sample:v2`, `${folder}/unpacked`]);
      await run("umoci", ["gc", "--layout", `${images}/sample`]);
      await using cache = await TestCache.open();
      assert.equal((await cache.ensure(`${host}/sample:v1`)).digest, built.manifest.digest);
      const changed = await cache.ensure(`${host}/sample:v2`);
      const wanted = await hashFolder(unpacked);
      assert.deepEqual(await hashImage(changed, wanted.keys()), wanted);

      await skopeo("copy", "-q", `oci:${images}/sample:v2`, `oci:${images}/by-skopeo:v3`);
      assert.equal((await cache.ensure(`${host}/by-skopeo:v3`)).digest, changed.digest);
      const catalog = await (await fetch(`http://${host}/v2/_catalog`)).json();
      assert.deepEqual(catalog.repositories, ["by-skopeo", "sample"]);
    }),
);

for (const compression of ["gzip", "zstd", "none"] as const) {
  peerTest(`an image pushed by skopeo is pulled as it was, ${compression} (contract 9)`, {
    programs: [...REGISTRY_PROGRAMS, "find"],
  }, () =>
    withRegistry(async ({ registry: { host }, folder }) => {
      await writeFiles(`${folder}/disk`);
      const digest = await pushFolder(`${folder}/disk`, `${host}/a/b:1`, { compression });
      await using cache = await TestCache.open();
      const image = await cache.ensure(`${host}/a/b:1`);
      assert.equal(image.digest, digest);
      const wanted = await hashFolder(`${folder}/disk`);
      assert.deepEqual(await hashImage(image, wanted.keys()), wanted);
    }));
}

peerTest("GNU tar lists and unpacks what tarPieces() writes", { programs: ["tar", "find"] }, async () => {
  const folder = await Deno.makeTempDir({ prefix: "metalman-tar-" });
  const names = [
    "disk/a",
    `disk/${"n".repeat(120)}`,
    `${"disk/"}${"d".repeat(150)}/${"e".repeat(99)}`,
    "disk/größe",
    "disk/empty",
  ];
  const content = (i: number) => new TextEncoder().encode("x".repeat(i * 300));
  const pieces = tarPieces([
    { type: "directory", path: "disk" },
    ...names.map((path, i) => ({ type: "file", path, content: content(4 - i) } as const)),
  ], 1_700_000_000);
  await Deno.writeFile(`${folder}/x.tar`, ReadableStream.from(pieces));
  await Deno.mkdir(`${folder}/out`);
  const said = await run("tar", ["-xvvf", `${folder}/x.tar`, "-C", `${folder}/out`], {
    env: { TZ: "UTC", LC_ALL: "C.UTF-8" },
  });
  assert.match(said, /^drwxr-xr-x 0\/0 +0 2023-11-14 22:13 disk\/\n-rw-r--r-- 0\/0 +1200 2023-11-14 22:13 disk\/a\n/);
  assert.doesNotMatch(said, /tar: /);
  for (const [i, name] of names.entries()) {
    assert.deepEqual(await Deno.readFile(`${folder}/out/${name}`), content(4 - i));
  }
  assert.equal((await hashFolder(`${folder}/out`)).size, names.length);
  await Deno.remove(folder, { recursive: true });
});
