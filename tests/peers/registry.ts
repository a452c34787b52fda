/** docker-registry as a peer, and images made with GNU tar and pushed with skopeo. */
import { createHash } from "node:crypto";
import { Peer, run } from "./peer.ts";

/** The programs that {@link startRegistry} and {@link pushFolder} need. */
export const REGISTRY_PROGRAMS: readonly string[] = ["docker-registry", "skopeo", "tar", "gzip", "zstd"];

/** How the registry is set up. */
export interface RegistryOptions {
  /** `basic`: only {@link REGISTRY_USER} may read and write (needs htpasswd). @default none */
  readonly auth?: "basic";
  /** PEM files: serve HTTPS. @default plain HTTP */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** A port to listen on again after a stop. @default a free one */
  readonly port?: number;
  /** Storage to serve again; it is then not removed at the end. @default a temporary folder */
  readonly storage?: string;
  /** Listen on the loopback address of this network namespace. @default the test's own */
  readonly netns?: string;
}

/** The one user of a registry with basic auth. */
export const REGISTRY_USER: { readonly username: string; readonly password: string } = {
  username: "puller",
  password: "s3cret:with:colons",
};

/** A running docker-registry. */
export class TestRegistry implements AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly #peer: Peer;
  readonly #folder: string;

  /** Made by {@link startRegistry}. */
  constructor(host: string, peer: Peer, folder: string) {
    this.host = host;
    this.#peer = peer;
    this.#folder = folder;
  }

  /** Everything it has logged, requests included. */
  get output(): string {
    return this.#peer.output;
  }

  /** Ends it; its storage stays until it is disposed. */
  async stop(): Promise<void> {
    await this.#peer.stop();
  }

  /** Ends it and removes its storage. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Starts docker-registry on a loopback port with storage of its own. */
export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const folder = await Deno.makeTempDir({ prefix: "metalman-registry-" });
  const storage = options.storage ?? `${folder}/storage`;
  const http: Record<string, unknown> = { addr: `127.0.0.1:${options.port ?? 0}`, secret: "test" };
  if (options.tls) http.tls = { certificate: options.tls.certFile, key: options.tls.keyFile };
  const config: Record<string, unknown> = {
    version: 0.1,
    log: { level: "info", formatter: "text" },
    storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
    http,
  };
  if (options.auth === "basic") {
    const { username, password } = REGISTRY_USER;
    await Deno.writeTextFile(`${folder}/htpasswd`, await run("htpasswd", ["-Bbn", "-C", "4", username, password]));
    config.auth = { htpasswd: { realm: "test", path: `${folder}/htpasswd` } };
  }
  // JSON is YAML.
  await Deno.writeTextFile(`${folder}/config.yml`, JSON.stringify(config));
  const where = options.netns === undefined ? {} : { netns: options.netns };
  const peer = new Peer("docker-registry", ["serve", `${folder}/config.yml`], where);
  const [, host] = await peer.waitFor(/listening on (127\.0\.0\.1:\d+)/);
  return new TestRegistry(host!, peer, folder);
}

/** How a layer is stored. */
export type LayerCompression = "gzip" | "zstd" | "none";

/** An archive that becomes a layer. */
export interface LayerSource {
  /** An uncompressed tar archive. */
  readonly tarFile: string;
  /** How it is stored. @default "gzip" */
  readonly compression?: LayerCompression;
}

/** How an image is pushed. */
export interface PushOptions {
  /** How it is stored. @default "gzip" */
  readonly compression?: LayerCompression;
  /** Of the image's configuration. @default "amd64" */
  readonly architecture?: string;
  /** Give {@link REGISTRY_USER}'s credentials. @default false */
  readonly login?: boolean;
  /** Push from this network namespace. @default the test's own */
  readonly netns?: string;
}

const SUFFIX: Readonly<Record<LayerCompression, string>> = { gzip: "+gzip", zstd: "+zstd", none: "" };

async function digestOf(path: string): Promise<{ digest: string; size: number }> {
  using file = await Deno.open(path);
  const hash = createHash("sha256");
  const chunk = new Uint8Array(1 << 20);
  let size = 0;
  for (let n = await file.read(chunk); n !== null; n = await file.read(chunk)) {
    hash.update(chunk.subarray(0, n));
    size += n;
  }
  return { digest: `sha256:${hash.digest("hex")}`, size };
}

async function addBlob(layout: string, path: string): Promise<{ digest: string; size: number }> {
  const blob = await digestOf(path);
  await Deno.rename(path, `${layout}/blobs/sha256/${blob.digest.slice("sha256:".length)}`);
  return blob;
}

async function addJson(layout: string, value: unknown): Promise<{ digest: string; size: number }> {
  await Deno.writeTextFile(`${layout}/new.json`, JSON.stringify(value));
  return addBlob(layout, `${layout}/new.json`);
}

async function addLayer(layout: string, { tarFile, compression = "gzip" }: LayerSource) {
  const { digest: diffId } = await digestOf(tarFile);
  const out = `${layout}/layer`;
  if (compression === "none") await Deno.copyFile(tarFile, out);
  else if (compression === "zstd") await run("zstd", ["-q", "-1", "-f", "-o", out, tarFile]);
  else await run("sh", ["-c", 'gzip -1 -n -c "$0" > "$1"', tarFile, out]);
  const mediaType = `application/vnd.oci.image.layer.v1.tar${SUFFIX[compression]}`;
  return { diffId, descriptor: { mediaType, ...await addBlob(layout, out) } };
}

/**
 * Pushes an OCI image made of these archives, lowest layer first, with skopeo.
 * @param reference `HOST/name:tag`
 * @returns the manifest's digest
 */
export async function pushTars(
  sources: readonly LayerSource[],
  reference: string,
  { architecture = "amd64", login = false, netns }: PushOptions = {},
): Promise<string> {
  const layout = await Deno.makeTempDir({ prefix: "metalman-layout-" });
  try {
    await Deno.mkdir(`${layout}/blobs/sha256`, { recursive: true });
    await Deno.writeTextFile(`${layout}/oci-layout`, JSON.stringify({ imageLayoutVersion: "1.0.0" }));
    const layers = [];
    for (const source of sources) layers.push(await addLayer(layout, source));
    const config = await addJson(layout, {
      architecture,
      os: "linux",
      config: {},
      rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.diffId) },
    });
    const manifest = await addJson(layout, {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config },
      layers: layers.map((layer) => layer.descriptor),
    });
    const entry = {
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      ...manifest,
      annotations: { "org.opencontainers.image.ref.name": "image" },
    };
    await Deno.writeTextFile(`${layout}/index.json`, JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
    const credentials = login ? ["--dest-creds", `${REGISTRY_USER.username}:${REGISTRY_USER.password}`] : [];
    await run("skopeo", [
      "--insecure-policy",
      "copy",
      "-q",
      "--preserve-digests",
      "--dest-tls-verify=false",
      ...credentials,
      `oci:${layout}:image`,
      `docker://${reference}`,
    ], netns === undefined ? {} : { netns });
    return manifest.digest;
  } finally {
    await Deno.remove(layout, { recursive: true });
  }
}

/**
 * Pushes an OCI image whose only layer has the folder's content below /disk.
 * @param reference `HOST/name:tag`
 * @returns the manifest's digest
 */
export async function pushFolder(folder: string, reference: string, options: PushOptions = {}): Promise<string> {
  const tarFile = await Deno.makeTempFile({ prefix: "metalman-layer-", suffix: ".tar" });
  try {
    // Names and hard-link targets get the prefix, symbolic links (flag S) stay as they are.
    await run("tar", ["-cf", tarFile, "--sort=name", "--transform=s,^\\.,disk,S", "-C", folder, "."]);
    return await pushTars([{ tarFile, compression: options.compression ?? "gzip" }], reference, options);
  } finally {
    await Deno.remove(tarFile);
  }
}
