/** Actions on what the registry has: OCI distribution-spec 1.1, Pull, Content Discovery and Content Management. */
import { hash } from "node:crypto";
import { planFile } from "../../pxe/http/file_response.ts";
import { type Descriptor, INDEX_TYPES, MAX_MANIFEST_BYTES } from "../../registry/media_types.ts";
import { type BodyTimes, fileStream, wholeBody } from "./body_stream.ts";
import { manifestsOf, tagsOf } from "./layout_index.ts";
import type { LayoutStore } from "./layout_store.ts";
import { accepts, readManifestDocument } from "./manifest_document.ts";
import { pageOf } from "./page.ts";
import { blobUnknown, manifestUnknown, Refusal } from "./refusal.ts";
import type { ActionOf, ManifestReference } from "./routes.ts";

/** A response with a JSON body. */
export function json(value: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(value), { headers: { "Content-Type": "application/json", ...headers } });
}

const link = (value: string | undefined): Record<string, string> => value === undefined ? {} : { Link: value };

/** Names of repositories, which only Docker's API lists. */
export async function listRepositories(store: LayoutStore, { page }: ActionOf<"catalog">): Promise<Response> {
  const { entries, link: next } = pageOf(await store.repositories(), page, "/v2/_catalog");
  return json({ repositories: entries }, link(next));
}

/** end-8a, end-8b */
export async function listTags(store: LayoutStore, { name, page }: ActionOf<"tags">): Promise<Response> {
  const { entries, link: next } = pageOf(tagsOf(await store.index(name)), page, `/v2/${name}/tags/list`);
  return json({ name, tags: entries }, link(next));
}

/** end-2 */
export async function readBlob(
  store: LayoutStore,
  { name, digest }: ActionOf<"readBlob">,
  { method, headers }: Request,
): Promise<Response> {
  const blob = await store.blob(name, digest);
  if (blob === undefined) throw await absent(store, name, blobUnknown(name, digest));
  const { status, fields, body } = planFile(method === "HEAD" ? "HEAD" : "GET", new Map(headers), {
    size: blob.size,
    etag: `"${digest}"`,
    contentType: "application/octet-stream",
  });
  const stream = body === undefined ? null : await fileStream(blob.path, body);
  return new Response(stream, { status, headers: { ...fields, "Docker-Content-Digest": digest } });
}

/** Says that there is no such repository where that is why. */
async function absent(store: LayoutStore, name: string, otherwise: Refusal): Promise<Refusal> {
  await store.index(name);
  return otherwise;
}

/** A manifest and its bytes. Children of an index that came with a copied layout are in no index.json. */
async function findManifest(
  store: LayoutStore,
  name: string,
  reference: ManifestReference,
): Promise<{ readonly manifest: Descriptor; readonly bytes: Uint8Array }> {
  const unknown = () => manifestUnknown(name, "tag" in reference ? reference.tag : reference.digest);
  const listed = await store.manifest(name, reference);
  const digest = listed?.digest ?? ("digest" in reference ? reference.digest : undefined);
  const bytes = digest === undefined ? undefined : await store.smallBlob(name, digest, MAX_MANIFEST_BYTES);
  if (digest === undefined || bytes === undefined) throw unknown();
  if (listed !== undefined) return { manifest: listed, bytes };
  try {
    return { manifest: { mediaType: readManifestDocument(bytes).mediaType, digest, size: bytes.length }, bytes };
  } catch {
    throw unknown();
  }
}

/** end-3 */
export async function readManifest(
  store: LayoutStore,
  { name, reference }: ActionOf<"readManifest">,
  { method, headers }: Request,
): Promise<Response> {
  const { manifest: { mediaType, digest }, bytes } = await findManifest(store, name, reference);
  if (!accepts(headers.get("accept"), mediaType)) {
    throw new Refusal(404, "MANIFEST_UNKNOWN", `the manifest is of type ${mediaType}, which Accept does not name`);
  }
  const fields = {
    "Content-Type": mediaType,
    "Content-Length": String(bytes.length),
    "Docker-Content-Digest": digest,
    ETag: `"${digest}"`,
  };
  return new Response(method === "HEAD" ? null : bytes as Uint8Array<ArrayBuffer>, { headers: fields });
}

/** end-7 */
export async function writeManifest(
  store: LayoutStore,
  { name, reference }: ActionOf<"writeManifest">,
  { body, headers }: Request,
  times: BodyTimes,
): Promise<Response> {
  const bytes = await wholeBody(body, MAX_MANIFEST_BYTES, times);
  const { mediaType, needs, subject } = readManifestDocument(bytes, headers.get("content-type") ?? undefined);
  const algorithm = "digest" in reference && reference.digest.startsWith("sha512:") ? "sha512" : "sha256";
  const digest = `${algorithm}:${hash(algorithm, bytes, "hex")}`;
  if ("digest" in reference && reference.digest !== digest) {
    throw new Refusal(400, "DIGEST_INVALID", `the manifest has the digest ${digest}, not ${reference.digest}`);
  }
  for (const need of needs) await checkThere(store, name, need, INDEX_TYPES.includes(mediaType));
  const tag = "tag" in reference ? reference.tag : undefined;
  await store.putManifest(name, { mediaType, digest, size: bytes.length }, bytes, tag);
  const fields = {
    Location: `/v2/${name}/manifests/${digest}`,
    "Docker-Content-Digest": digest,
    ...(subject === undefined ? {} : { "OCI-Subject": subject }),
  };
  return new Response(null, { status: 201, headers: fields });
}

async function checkThere(store: LayoutStore, name: string, need: Descriptor, isManifest: boolean): Promise<void> {
  const { digest, size } = need;
  const blob = await store.blob(name, digest);
  const what = isManifest ? "manifest" : "blob";
  if (blob === undefined) {
    throw new Refusal(404, "MANIFEST_BLOB_UNKNOWN", `push ${what} ${digest} to ${name} first: the manifest names it`);
  }
  if (blob.size === size) return;
  throw new Refusal(400, "MANIFEST_INVALID", `${what} ${digest} has ${blob.size} bytes, the manifest says ${size}`);
}

/** end-12a, end-12b: an index of the manifests that name this one as their subject. */
export async function listReferrers(store: LayoutStore, action: ActionOf<"referrers">): Promise<Response> {
  const { name, digest: subject, artifactType: wanted } = action;
  const found: unknown[] = [];
  for (const { mediaType, digest, size } of manifestsOf(await store.index(name))) {
    const bytes = await store.smallBlob(name, digest, MAX_MANIFEST_BYTES);
    const document = bytes === undefined ? undefined : readable(bytes, mediaType);
    if (document?.subject !== subject || wanted !== undefined && document.artifactType !== wanted) continue;
    const { artifactType, annotations } = document;
    found.push({ mediaType, digest, size, artifactType, annotations });
  }
  const index = { schemaVersion: 2, mediaType: INDEX_TYPES[0], manifests: found };
  return json(index, {
    "Content-Type": INDEX_TYPES[0]!,
    ...(wanted === undefined ? {} : { "OCI-Filters-Applied": "artifactType" }),
  });
}

/** What other programs have put into a layout need not be a manifest of a kind that is known here. */
function readable(bytes: Uint8Array, mediaType: string) {
  try {
    return readManifestDocument(bytes, mediaType);
  } catch {
    return undefined;
  }
}

/** end-9, end-10 */
export async function deleteFrom(
  store: LayoutStore,
  action: ActionOf<"deleteManifest" | "deleteBlob">,
): Promise<Response> {
  const { name } = action;
  if (action.kind === "deleteManifest") {
    await findManifest(store, name, action.reference);
    await store.deleteManifest(name, action.reference);
  } else if (!await store.deleteBlob(name, action.digest)) {
    throw await absent(store, name, blobUnknown(name, action.digest));
  }
  return new Response(null, { status: 202 });
}
