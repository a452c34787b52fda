import assert from "node:assert/strict";
import { CacheFullError, LayerError, TlsError, TooLargeError } from "../../registry/errors.ts";
import { Peer, peerTest, run } from "./peer.ts";
import { pushFolder, pushTars, REGISTRY_PROGRAMS, startRegistry } from "./registry.ts";
import { hashFolder, hashImage, TestCache } from "./registry_cache.ts";
import { startFaultyRegistry } from "./registry_faults.ts";

const needs = { programs: REGISTRY_PROGRAMS };

async function folderOf(bytes: number): Promise<string> {
  const folder = await Deno.makeTempDir();
  const content = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 65536) crypto.getRandomValues(content.subarray(at, at + 65536));
  await Deno.writeFile(`${folder}/disk.img`, content);
  return folder;
}

/** A process of its own that pulls into the folder and says how it went. */
const PULL = `
import { ImageStore } from "ROOT/registry/store.ts";
import { ImagePuller } from "ROOT/registry/puller.ts";
const [folder, reference] = Deno.args;
const store = await ImageStore.open(folder);
const puller = new ImagePuller({ store });
const { digest } = await puller.ensure({ reference, key: reference, progress: ({ bytes }) => console.log("at", bytes) });
console.log("done", digest);
`;

peerTest("killed in the middle of a pull: nothing half-done is served, the next start pulls whole", needs, async () => {
  const root = new URL("../../", import.meta.url);
  const folder = await folderOf(3_000_000);
  await using registry = await startRegistry();
  const digest = await pushFolder(folder, `${registry.host}/a:1`);
  let config = "";
  const stall = startFaultyRegistry(registry.host, (request) => {
    if (request.method !== "GET" || !request.url.includes("/blobs/")) return;
    config ||= request.url;
    return request.url === config ? undefined : { kind: "stall", afterBytes: 1_500_000 };
  });
  const cacheFolder = await Deno.makeTempDir();
  const script = await Deno.makeTempFile({ dir: new URL("tests", root).pathname, prefix: ".pull-", suffix: ".ts" });
  try {
    await Deno.writeTextFile(script, PULL.replaceAll("ROOT", root.href.replace(/\/$/, "")));
    {
      await using child = new Peer(Deno.execPath(), [
        "run",
        "-A",
        "--no-check",
        script,
        cacheFolder,
        `${stall.host}/a:1`,
      ]);
      await child.waitFor(/at \d+/);
      await child.stop("SIGKILL");
    }
    assert.equal([...Deno.readDirSync(`${cacheFolder}/tmp`)].length, 1);
    assert.deepEqual([...Deno.readDirSync(`${cacheFolder}/images`)], []);
    await using cache = await TestCache.open({ folder: cacheFolder });
    assert.deepEqual(cache.entries(), []);
    const image = await cache.ensure(`${registry.host}/a:1`);
    assert.equal(image.digest, digest);
    const wanted = await hashFolder(folder);
    assert.deepEqual(await hashImage(image, wanted.keys()), wanted);
  } finally {
    await stall[Symbol.asyncDispose]();
    await Deno.remove(script);
    await Deno.remove(folder, { recursive: true });
  }
});

peerTest("a pull that is given up leaves nothing", needs, async () => {
  const folder = await folderOf(3_000_000);
  await using registry = await startRegistry();
  await pushFolder(folder, `${registry.host}/a:1`);
  let config = "";
  await using stall = startFaultyRegistry(registry.host, (request) => {
    if (request.method !== "GET" || !request.url.includes("/blobs/")) return;
    config ||= request.url;
    return request.url === config ? undefined : { kind: "stall", afterBytes: 1_500_000 };
  });
  await using cache = await TestCache.open();
  const stop = new AbortController();
  const pull = cache.ensure(`${stall.host}/a:1`, {
    signal: stop.signal,
    progress: () => stop.abort(new Error("no longer wanted")),
  });
  await assert.rejects(pull, /no longer wanted/);
  assert.deepEqual(cache.entries(), []);
  await Deno.remove(folder, { recursive: true });
});

peerTest("a full disk is said so, the image that was there stays", {
  programs: [...REGISTRY_PROGRAMS, "mount", "umount"],
  root: true,
}, async () => {
  const disk = await Deno.makeTempDir();
  await run("mount", ["-t", "tmpfs", "-o", "size=80m", "tmpfs", disk]);
  try {
    const [small, big] = [await folderOf(1000), await folderOf(30_000_000)];
    await using registry = await startRegistry();
    await using cache = await TestCache.open({ folder: `${disk}/cache` });
    await pushFolder(small, `${registry.host}/a:1`);
    const image = await cache.ensure(`${registry.host}/a:1`);
    await Deno.writeFile(`${disk}/ballast`, new Uint8Array(30_000_000));
    await pushFolder(big, `${registry.host}/a:1`);
    await assert.rejects(cache.ensure(`${registry.host}/a:1`), (error) => {
      assert.ok(error instanceof CacheFullError, `${error}`);
      assert.match(error.message, /the disk of cache folder .* --cache-dir/);
      return true;
    });
    assert.equal(cache.store.image(cache.store.binding(`${registry.host}/a:1`)!.image), image);
    assert.equal(cache.entries().length, 1);
    for (const folder of [small, big]) await Deno.remove(folder, { recursive: true });
  } finally {
    await run("umount", ["-l", disk]);
    await Deno.remove(disk);
  }
});

peerTest("a layer that unpacks to more than the limit is refused, whatever its packed size", needs, async () => {
  const folder = await Deno.makeTempDir();
  await using registry = await startRegistry();
  await using cache = await TestCache.open({ maxImageBytes: 50_000_000 });
  await Deno.writeFile(`${folder}/zeros`, new Uint8Array(60_000_000));
  for (const compression of ["gzip", "zstd"] as const) {
    await pushFolder(folder, `${registry.host}/bomb:${compression}`, { compression });
    await assert.rejects(cache.ensure(`${registry.host}/bomb:${compression}`), TooLargeError);
  }
  await Deno.remove(folder, { recursive: true });
});

peerTest("damaged layers with right digests: the pull fails, the process lives", needs, async () => {
  const folder = await Deno.makeTempDir();
  await using registry = await startRegistry();
  await using cache = await TestCache.open();
  const tarFile = `${folder}/layer`;
  await Deno.writeTextFile(tarFile, "x".repeat(200_000));
  // Pushed as they are: the registry does not look inside.
  await run("sh", ["-c", `zstd -q -f -o ${tarFile}.zst ${tarFile} && gzip -n -c ${tarFile} > ${tarFile}.gz`]);
  for (const suffix of ["", ".zst", ".gz"]) {
    const bytes = await Deno.readFile(tarFile + suffix);
    if (suffix !== "") bytes.fill(0xa5, bytes.length >> 1, (bytes.length >> 1) + 8);
    await Deno.writeFile(`${folder}/bad`, bytes);
    await pushTars([{ tarFile: `${folder}/bad`, compression: "none" }], `${registry.host}/bad:1`);
    await assert.rejects(cache.ensure(`${registry.host}/bad:1`), LayerError);
    assert.deepEqual(cache.entries(), []);
  }
  await Deno.remove(folder, { recursive: true });
});

peerTest("a registry with a private CA: refused without it, plain HTTP turns to TLS, pulled with it", {
  programs: [...REGISTRY_PROGRAMS, "openssl"],
}, async () => {
  const folder = await folderOf(1000);
  const [ca, key, cert] = ["ca.pem", "key.pem", "cert.pem"].map((name) => `${folder}/${name}`) as [
    string,
    string,
    string,
  ];
  const openssl = (...args: string[]) => run("openssl", args);
  await openssl(
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", `${folder}/ca.key`, "-out", ca],
    ...["-subj", "/CN=test CA", "-addext", "basicConstraints=critical,CA:TRUE"],
  );
  await openssl(
    "req",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-keyout",
    key,
    "-out",
    `${folder}/csr`,
    "-subj",
    "/CN=registry",
  );
  await Deno.writeTextFile(`${folder}/ext`, "subjectAltName=IP:127.0.0.1\n");
  await openssl(
    ...["x509", "-req", "-in", `${folder}/csr`, "-CA", ca, "-CAkey", `${folder}/ca.key`, "-CAcreateserial"],
    ...["-days", "2", "-extfile", `${folder}/ext`, "-out", cert],
  );
  await using registry = await startRegistry({ tls: { certFile: cert, keyFile: key } });
  const digest = await pushFolder(folder, `${registry.host}/a:1`);
  await using strange = await TestCache.open();
  await assert.rejects(strange.ensure(`${registry.host}/a:1`), (error) => {
    assert.ok(error instanceof TlsError, `${error}`);
    assert.match(error.message, /is not trusted .*--registry-ca/);
    return true;
  });
  await using cache = await TestCache.open({ caCerts: [await Deno.readTextFile(ca)] });
  assert.equal((await cache.ensure(`${registry.host}/a:1`)).digest, digest);
  await Deno.remove(folder, { recursive: true });
});
