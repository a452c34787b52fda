import assert from "node:assert/strict";
import { peerTest, run } from "./peer.ts";
import { type LayerSource, pushTars, REGISTRY_PROGRAMS, startRegistry } from "./registry.ts";
import { hashFolder, hashImage, TestCache } from "./registry_cache.ts";

const needs = { programs: REGISTRY_PROGRAMS };

/** Pulls an image of these archives and compares it with the folder, path by path. */
async function comparePull(sources: readonly LayerSource[], folder: string): Promise<void> {
  await using registry = await startRegistry();
  await using cache = await TestCache.open();
  await pushTars(sources, `${registry.host}/t:1`);
  const image = await cache.ensure(`${registry.host}/t:1`);
  const wanted = await hashFolder(folder);
  assert.ok(wanted.size > 0);
  assert.deepEqual(await hashImage(image, wanted.keys()), wanted);
  assert.equal(image.fileCount <= wanted.size, true, "no file more than GNU tar or umoci unpacks");
}

async function oddFolder(root: string): Promise<string> {
  const disk = `${root}/disk`;
  const long = `${"directory-with-a-long-name/".repeat(12)}`;
  await Deno.mkdir(`${disk}/${long}`, { recursive: true });
  await Deno.writeTextFile(`${disk}/${long}${"f".repeat(200)}`, "long");
  await Deno.link(`${disk}/${long}${"f".repeat(200)}`, `${disk}/${"h".repeat(150)}`);
  await Deno.symlink(`${long}${"f".repeat(200)}`, `${disk}/${"s".repeat(120)}`);
  await Deno.writeTextFile(`${disk}/ümläut 文`, "names");
  await Deno.writeTextFile(`${disk}/empty`, "");
  await Deno.writeTextFile(`${disk}/exactly-one-block`, "x".repeat(512));
  for (const [name, parts] of [["few", 3], ["many", 60]] as const) {
    using file = await Deno.open(`${disk}/sparse-${name}`, { write: true, create: true });
    for (let i = 0; i < parts; i++) {
      await file.seek(i * 300_000 + 4096, Deno.SeekMode.Start);
      await file.write(crypto.getRandomValues(new Uint8Array(5000)));
    }
    await file.truncate(parts * 300_000 + 100_000);
  }
  await (await Deno.open(`${disk}/sparse-empty`, { write: true, create: true })).close();
  await Deno.truncate(`${disk}/sparse-empty`, 1_000_000);
  return disk;
}

const FORMATS: readonly (readonly [name: string, args: readonly string[]])[] = [
  ["gnu", ["--format=gnu"]],
  ["gnu --sparse", ["--format=gnu", "--sparse"]],
  ["pax", ["--format=posix"]],
  ["pax --sparse 0.0", ["--format=posix", "--sparse", "--sparse-version=0.0"]],
  ["pax --sparse 0.1", ["--format=posix", "--sparse", "--sparse-version=0.1"]],
  ["pax --sparse 1.0", ["--format=posix", "--sparse", "--sparse-version=1.0"]],
  ["oldgnu --sparse", ["--format=oldgnu", "--sparse"]],
];
for (const [name, args] of FORMATS) {
  peerTest(`GNU tar ${name}: long names, links and sparse files are as GNU tar unpacks them`, needs, async () => {
    const root = await Deno.makeTempDir();
    const disk = await oddFolder(root);
    await run("tar", ["-cf", `${root}/l.tar`, ...args, "-C", root, "disk"]);
    await comparePull([{ tarFile: `${root}/l.tar` }], disk);
    await Deno.remove(root, { recursive: true });
  });
}

peerTest("GNU tar v7 and ustar, and an archive that was appended to", needs, async () => {
  for (const format of ["v7", "ustar"]) {
    const root = await Deno.makeTempDir();
    await Deno.mkdir(`${root}/disk/${"p".repeat(format === "v7" ? 20 : 80)}`, { recursive: true });
    await Deno.writeTextFile(`${root}/disk/${"p".repeat(format === "v7" ? 20 : 80)}/${"n".repeat(60)}`, "prefix");
    await Deno.writeTextFile(`${root}/disk/again`, "one");
    await run("tar", ["-cf", `${root}/l.tar`, `--format=${format}`, "-C", root, "disk"]);
    await Deno.writeTextFile(`${root}/disk/again`, "two");
    await run("tar", ["-rf", `${root}/l.tar`, `--format=${format}`, "-C", root, "disk/again"]);
    await comparePull([{ tarFile: `${root}/l.tar` }], `${root}/disk`);
    await Deno.remove(root, { recursive: true });
  }
});

/** Layers as the files, links and marks that they hold; `@` makes a symbolic link. */
const LAYERS: readonly (readonly string[])[] = [
  ["disk/a/one", "disk/a/two", "disk/b/x/deep", "disk/c", "disk/keep", "disk/link@a", "other/secret"],
  ["disk/a/.wh.one", "disk/a/three", "disk/b/.wh..wh..opq", "disk/b/new", "disk/.wh.c"],
  ["disk/link/through-link", "disk/c/now-a-directory", "disk/.wh.keep", "disk/b/x/again", "disk/abs@/disk/a/two"],
];

async function buildLayers(root: string): Promise<string[]> {
  const tars = [];
  for (const [i, entries] of LAYERS.entries()) {
    const layer = `${root}/layer${i}`;
    const names = [];
    for (const entry of entries) {
      const [path, target] = entry.split("@") as [string, string?];
      await Deno.mkdir(`${layer}/${path}`.replace(/\/[^/]+$/, ""), { recursive: true });
      if (target !== undefined) await Deno.symlink(target, `${layer}/${path}`);
      else await Deno.writeTextFile(`${layer}/${path}`, `${i} ${path}`);
      names.push(path);
    }
    await run("tar", ["-cf", `${root}/${i}.tar`, "-C", layer, ...names]);
    tars.push(`${root}/${i}.tar`);
  }
  return tars;
}

peerTest("whiteouts, opaque directories and links across layers are as umoci unpacks them (image-spec layer.md)", {
  programs: [...REGISTRY_PROGRAMS, "umoci"],
  root: true,
}, async () => {
  const root = await Deno.makeTempDir();
  const sources = (await buildLayers(root)).map((tarFile, i) => ({
    tarFile,
    compression: (["gzip", "zstd", "none"] as const)[i]!,
  }));
  await using registry = await startRegistry();
  // umoci 0.4.7 reads no zstd.
  await pushTars(sources.map(({ tarFile }) => ({ tarFile })), `${registry.host}/ref:1`);
  await run("skopeo", [
    ...["--insecure-policy", "copy", "-q", "--src-tls-verify=false"],
    ...[`docker://${registry.host}/ref:1`, `oci:${root}/layout:1`],
  ]);
  await run("umoci", ["unpack", "--image", `${root}/layout:1`, `${root}/bundle`]);
  const reference = `${root}/bundle/rootfs/disk`;
  await Deno.remove(`${reference}/abs`);
  await Deno.symlink("a/two", `${reference}/abs`);
  await comparePull(sources, reference);
  await Deno.remove(root, { recursive: true });
});
