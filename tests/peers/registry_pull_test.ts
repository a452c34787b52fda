import assert from "node:assert/strict";
import { parseDockerConfig } from "../../registry/credentials.ts";
import { ContentError, ManifestError, NotFoundError, UnauthorizedError } from "../../registry/errors.ts";
import { peerTest, run } from "./peer.ts";
import {
  type LayerCompression,
  pushFolder,
  pushTars,
  REGISTRY_PROGRAMS,
  REGISTRY_USER,
  startRegistry,
} from "./registry.ts";
import { hashFolder, hashImage, TestCache } from "./registry_cache.ts";

const needs = { programs: REGISTRY_PROGRAMS };

async function sampleFolder(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "metalman-sample-" });
  await Deno.mkdir(`${folder}/boot/grub`, { recursive: true });
  await Deno.writeTextFile(
    `${folder}/metadata.yaml`,
    "dhcpBootImageName: boot/shim.efi\nbootFiles:\n  x64-http: a.efi\n",
  );
  await Deno.writeFile(`${folder}/boot/shim.efi`, new Uint8Array(3_000_000).map((_, i) => i * i >> 5));
  await Deno.writeTextFile(`${folder}/boot/grub/grub.cfg.tmpl`, "set {{ .Machine.Name }}\n");
  await Deno.writeTextFile(`${folder}/empty`, "");
  await Deno.symlink("boot", `${folder}/efi`);
  await Deno.symlink("../boot/shim.efi", `${folder}/boot/link.efi`);
  await Deno.link(`${folder}/boot/shim.efi`, `${folder}/hard.efi`);
  return folder;
}

for (const compression of ["gzip", "zstd", "none"] satisfies LayerCompression[]) {
  peerTest(`an image pushed by skopeo is pulled as it was, ${compression} (contract 9)`, needs, async () => {
    const folder = await sampleFolder();
    await using registry = await startRegistry();
    await using cache = await TestCache.open();
    const digest = await pushFolder(folder, `${registry.host}/a/b:1`, { compression });
    const progress: number[] = [];
    const image = await cache.ensure(`${registry.host}/a/b:1`, { progress: ({ bytes }) => progress.push(bytes) });
    assert.equal(image.digest, digest);
    assert.equal(image.dhcpBootImageName, "boot/shim.efi");
    assert.deepEqual(image.bootFiles, { "x64-http": "a.efi" });
    const wanted = await hashFolder(folder);
    assert.deepEqual(await hashImage(image, wanted.keys()), wanted);
    assert.equal(wanted.has("efi/grub/grub.cfg.tmpl"), true);
    assert.equal(image.file("boot"), undefined);
    assert.equal(image.file("efi/../../../etc/passwd"), undefined);
    assert.ok(progress.length > 0);
    assert.deepEqual(cache.entries(), [`images/${digest.replace(":", "-")}`]);
    await Deno.remove(folder, { recursive: true });
  });
}

peerTest("a reference by digest is pulled once and then needs no registry (contract 11.13)", needs, async () => {
  const folder = await sampleFolder();
  await using cache = await TestCache.open();
  let reference = "";
  {
    await using registry = await startRegistry();
    const digest = await pushFolder(folder, `${registry.host}/a/b:1`);
    reference = `${registry.host}/a/b@${digest}`;
    assert.equal((await cache.ensure(reference)).digest, digest);
  }
  assert.ok((await cache.ensure(reference)).file("boot/shim.efi"));
  await Deno.remove(folder, { recursive: true });
});

peerTest("a moved tag brings the new image, an unmoved one costs one HEAD", needs, async () => {
  const folder = await sampleFolder();
  await using registry = await startRegistry();
  await using cache = await TestCache.open();
  const reference = `${registry.host}/a/b:1`;
  await pushFolder(folder, reference);
  const first = await cache.ensure(reference);
  const before = registry.output.split("http.request.method=GET").length;
  assert.equal(await cache.ensure(reference), first);
  assert.equal(registry.output.split("http.request.method=GET").length, before);
  await Deno.writeTextFile(`${folder}/new`, "new");
  const digest = await pushFolder(folder, reference);
  const second = await cache.ensure(reference);
  assert.equal(second.digest, digest);
  assert.ok(second.file("new"));
  assert.equal(first.file("new"), undefined);
  await Deno.remove(folder, { recursive: true });
});

peerTest("basic auth: without, with wrong and with right credentials", {
  programs: [...REGISTRY_PROGRAMS, "htpasswd"],
}, async () => {
  const folder = await sampleFolder();
  await using registry = await startRegistry({ auth: "basic" });
  await using cache = await TestCache.open();
  const reference = `${registry.host}/a/b:1`;
  await pushFolder(folder, reference, { login: true });
  const secretOf = (entry: object) => parseDockerConfig(JSON.stringify({ auths: { [registry.host]: entry } }), "test");
  await assert.rejects(cache.ensure(reference), (error) => {
    assert.ok(error instanceof UnauthorizedError);
    assert.match(error.message, /a\/b may not be read without credentials/);
    return true;
  });
  await assert.rejects(
    cache.ensure(reference, { secret: secretOf({ username: "puller", password: "wrong" }) }),
    (error) => {
      assert.ok(error instanceof UnauthorizedError);
      assert.match(error.message, /with the credentials given/);
      assert.doesNotMatch(error.message, /wrong/);
      return true;
    },
  );
  const auth = btoa(`${REGISTRY_USER.username}:${REGISTRY_USER.password}`);
  const image = await cache.ensure(reference, { key: "with secret", secret: secretOf({ auth }) });
  assert.ok(image.file("metadata.yaml"));
  // What one secret could pull is in the cache, and still nothing for who has none.
  await assert.rejects(cache.ensure(reference), UnauthorizedError);
  await Deno.remove(folder, { recursive: true });
});

peerTest("credentials come from a credential helper of config.json", {
  programs: [...REGISTRY_PROGRAMS, "htpasswd"],
}, async () => {
  const folder = await sampleFolder();
  await using registry = await startRegistry({ auth: "basic" });
  const reference = `${registry.host}/a/b:1`;
  await pushFolder(folder, reference, { login: true });
  const bin = await Deno.makeTempDir();
  const answer = JSON.stringify({ Username: REGISTRY_USER.username, Secret: REGISTRY_USER.password });
  await Deno.writeTextFile(
    `${bin}/docker-credential-testing`,
    `#!/bin/sh\nread server\n[ "$1 $server" = "get ${registry.host}" ] || exit 1\necho '${answer}'\n`,
    { mode: 0o755 },
  );
  const path = Deno.env.get("PATH")!;
  Deno.env.set("PATH", `${bin}:${path}`);
  try {
    const dockerConfig = parseDockerConfig(JSON.stringify({ credHelpers: { [registry.host]: "testing" } }), "test");
    await using cache = await TestCache.open({ dockerConfig });
    assert.ok((await cache.ensure(reference)).file("metadata.yaml"));
    // A Machine's secret may not name a program to run.
    await using strict = await TestCache.open();
    await assert.rejects(strict.ensure(reference, { secret: dockerConfig }), UnauthorizedError);
  } finally {
    Deno.env.set("PATH", path);
    await Deno.remove(bin, { recursive: true });
    await Deno.remove(folder, { recursive: true });
  }
});

peerTest("what is not there or holds no /disk is said so", needs, async () => {
  await using registry = await startRegistry();
  await using cache = await TestCache.open();
  await assert.rejects(cache.ensure(`${registry.host}/none:1`), (error) => {
    assert.ok(error instanceof NotFoundError);
    assert.match(error.message, /none has no such image/);
    return true;
  });
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/file`, "x");
  const tarFile = `${folder}/l.tar`;
  await run("tar", ["-cf", tarFile, "-C", folder, "file"]);
  await pushTars([{ tarFile }], `${registry.host}/nodisk:1`);
  await assert.rejects(cache.ensure(`${registry.host}/nodisk:1`), (error) => {
    assert.ok(error instanceof ContentError);
    assert.match(error.message, /no files below \/disk/);
    return true;
  });
  await Deno.writeTextFile(`${folder}/metadata.yaml`, "dhcpBootImageName: [1]\n");
  await pushFolder(folder, `${registry.host}/badmeta:1`);
  await assert.rejects(cache.ensure(`${registry.host}/badmeta:1`), (error) => {
    assert.ok(error instanceof ContentError);
    assert.match(error.message, /metadata.yaml is wrong at dhcpBootImageName/);
    return true;
  });
  assert.deepEqual(cache.entries(), []);
  await Deno.remove(folder, { recursive: true });
});

peerTest("an index leads to the image of the platform, past attestations", {
  programs: [...REGISTRY_PROGRAMS, "curl"],
}, async () => {
  await using registry = await startRegistry();
  const folder = await sampleFolder();
  const digests: Record<string, string> = {};
  for (const architecture of ["amd64", "arm64"]) {
    await Deno.writeTextFile(`${folder}/arch`, architecture);
    digests[architecture] = await pushFolder(folder, `${registry.host}/multi:${architecture}`, { architecture });
  }
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const size = async (digest: string) =>
    Number(
      /content-length: (\d+)/i.exec(
        await run("curl", [
          "-sSI",
          "-H",
          `Accept: ${mediaType}`,
          `http://${registry.host}/v2/multi/manifests/${digest}`,
        ]),
      )![1],
    );
  const entry = async (digest: string, platform: object, annotations?: object) => ({
    mediaType,
    digest,
    size: await size(digest),
    platform,
    annotations,
  });
  const index = JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [
      await entry(digests.arm64!, { os: "unknown", architecture: "unknown" }, {
        "vnd.docker.reference.type": "attestation-manifest",
      }),
      await entry(digests.arm64!, { os: "linux", architecture: "arm64", variant: "v8" }),
      await entry(digests.amd64!, { os: "linux", architecture: "amd64" }),
    ],
  });
  await run("curl", [
    ...["-sSf", "-X", "PUT", "-H", "Content-Type: application/vnd.oci.image.index.v1+json"],
    ...["--data-binary", index, `http://${registry.host}/v2/multi/manifests/all`],
  ]);
  await using amd = await TestCache.open();
  await using arm = await TestCache.open({ platform: { os: "linux", architecture: "arm64" } });
  await using riscv = await TestCache.open({ platform: { os: "linux", architecture: "riscv64" } });
  assert.equal((await amd.ensure(`${registry.host}/multi:all`)).digest, digests.amd64);
  assert.equal((await amd.ensure(`${registry.host}/multi:all`)).digest, digests.amd64);
  assert.equal((await arm.ensure(`${registry.host}/multi:all`)).digest, digests.arm64);
  await assert.rejects(riscv.ensure(`${registry.host}/multi:all`), (error) => {
    assert.ok(error instanceof ManifestError);
    assert.match(error.message, /no image for linux\/riscv64; it has linux\/arm64\/v8, linux\/amd64/);
    return true;
  });
  await Deno.remove(folder, { recursive: true });
});
