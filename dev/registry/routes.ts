/**
 * What a request asks for (OCI distribution-spec 1.1, Endpoints, and Docker's `_catalog`): method, path and query to an action.
 * Names, tags and digests that pass here are safe as parts of a file's path.
 */
import { isDigest, isRepository, isTag } from "../../registry/reference.ts";
import { manifestUnknown, Refusal } from "./refusal.ts";

/** What a manifest is asked by. */
export type ManifestReference = { readonly tag: string } | { readonly digest: string };

/** A part of a list. */
export interface PageRequest {
  /** At most so many entries. */
  readonly n: number;
  /** Entries after this one. */
  readonly last?: string;
}

/** In a repository. */
export interface Within {
  /** The repository's. */
  readonly name: string;
}

/** What is to be done. */
export type Action =
  | { readonly kind: "version" }
  | { readonly kind: "catalog"; readonly page: PageRequest }
  | Within & { readonly kind: "tags"; readonly page: PageRequest }
  | Within & { readonly kind: "referrers"; readonly digest: string; readonly artifactType?: string }
  | Within & { readonly kind: "readManifest"; readonly reference: ManifestReference }
  | Within & { readonly kind: "writeManifest"; readonly reference: ManifestReference }
  | Within & { readonly kind: "deleteManifest"; readonly reference: ManifestReference }
  | Within & { readonly kind: "readBlob"; readonly digest: string }
  | Within & { readonly kind: "deleteBlob"; readonly digest: string }
  | Within & {
    readonly kind: "startUpload";
    /** The body is the whole blob, and this its digest. */
    readonly digest?: string;
    /** Another repository may have the blob already. */
    readonly mount?: { readonly digest: string; readonly from: string };
  }
  | Within & { readonly kind: "uploadStatus"; readonly upload: string }
  | Within & { readonly kind: "appendUpload"; readonly upload: string }
  | Within & { readonly kind: "cancelUpload"; readonly upload: string }
  | Within & { readonly kind: "finishUpload"; readonly upload: string; readonly digest: string };

/** The actions of one kind. */
export type ActionOf<Kind extends Action["kind"]> = Extract<Action, { readonly kind: Kind }>;

/** Entries in one answer, asked for or not. */
export const MAX_PAGE = 1000;
/** Parts of a name that are files of an image layout: a repository of that name would lie inside another. */
const LAYOUT_PARTS = new Set(["blobs", "index.json", "oci-layout"]);
const UPLOAD_ID = /^[0-9a-f-]{36}$/;

type Kind = "catalog" | "uploads" | "blobs" | "manifests" | "tags" | "referrers";
/** In this order: the last part of a path that means something decides, as names may hold any of these words. */
const PATHS: readonly (readonly [Kind, RegExp])[] = [
  ["catalog", /^()_catalog$/],
  ["uploads", /^(.+)\/blobs\/uploads(?:\/([^/]*))?$/],
  ["blobs", /^(.+)\/blobs\/([^/]+)$/],
  ["manifests", /^(.+)\/manifests\/([^/]+)$/],
  ["tags", /^(.+)\/tags\/list$/],
  ["referrers", /^(.+)\/referrers\/([^/]+)$/],
];

/**
 * Reads a request's line.
 * @param pathname as it was sent, percent-encoded
 * @throws {Refusal}
 */
export function route(method: string, pathname: string, query: URLSearchParams): Action {
  const path = decode(pathname);
  if (path === "/v2" || path === "/v2/") return allow(method, { GET: () => ({ kind: "version" }) });
  const rest = path.startsWith("/v2/") ? path.slice("/v2/".length) : "";
  for (const [kind, pattern] of PATHS) {
    const match = pattern.exec(rest);
    if (match !== null) return routeTo(kind, method, match[1]!, match[2] ?? "", query);
  }
  throw new Refusal(404, "UNSUPPORTED", "this is an image registry; its API is below /v2/");
}

function decode(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    throw new Refusal(400, "NAME_INVALID", "the path is not percent-encoded text");
  }
}

function routeTo(kind: Kind, method: string, rawName: string, part: string, query: URLSearchParams): Action {
  const get = (action: () => Action) => allow(method, { GET: action });
  if (kind === "catalog") return get(() => ({ kind, page: pageOf(query) }));
  const name = nameOf(rawName);
  switch (kind) {
    case "tags":
      return get(() => ({ kind, name, page: pageOf(query) }));
    case "referrers":
      return get(() => referrersOf(name, part, query));
    case "blobs":
      return allow(method, {
        GET: () => ({ kind: "readBlob", name, digest: digestOf(part) }),
        DELETE: () => ({ kind: "deleteBlob", name, digest: digestOf(part) }),
      });
    case "manifests":
      return allow(method, {
        GET: () => ({ kind: "readManifest", name, reference: existing(name, part) }),
        PUT: () => ({ kind: "writeManifest", name, reference: referenceOf(part) }),
        DELETE: () => ({ kind: "deleteManifest", name, reference: existing(name, part) }),
      });
    case "uploads":
      return part === ""
        ? allow(method, { POST: () => newUpload(name, query) })
        : knownUpload(method, name, part, query);
  }
}

function knownUpload(method: string, name: string, upload: string, query: URLSearchParams): Action {
  if (!UPLOAD_ID.test(upload)) {
    throw new Refusal(404, "BLOB_UPLOAD_UNKNOWN", "there is no such upload; start a new one");
  }
  return allow(method, {
    GET: () => ({ kind: "uploadStatus", name, upload }),
    PATCH: () => ({ kind: "appendUpload", name, upload }),
    PUT: () => ({ kind: "finishUpload", name, upload, digest: digestOf(query.get("digest") ?? "") }),
    DELETE: () => ({ kind: "cancelUpload", name, upload }),
  });
}

/** A blob that can be mounted needs no upload; where it cannot, an upload begins (end-11). */
function newUpload(name: string, query: URLSearchParams): Action {
  const mounted = query.get("mount");
  const from = query.get("from");
  if (mounted !== null && from !== null) {
    return { kind: "startUpload", name, mount: { digest: digestOf(mounted), from: nameOf(from) } };
  }
  const digest = query.get("digest");
  return { kind: "startUpload", name, ...(digest === null ? {} : { digest: digestOf(digest) }) };
}

function referrersOf(name: string, part: string, query: URLSearchParams): Action {
  const artifactType = query.get("artifactType");
  return { kind: "referrers", name, digest: digestOf(part), ...(artifactType === null ? {} : { artifactType }) };
}

/** HEAD is GET without a body. */
function allow(method: string, actions: Readonly<Partial<Record<string, () => Action>>>): Action {
  const action = Object.hasOwn(actions, method) ? actions[method] : method === "HEAD" ? actions.GET : undefined;
  if (action !== undefined) return action();
  const methods = [...Object.keys(actions), ...("GET" in actions ? ["HEAD"] : [])].join(", ");
  throw new Refusal(405, "UNSUPPORTED", `this path takes ${methods}`, { Allow: methods });
}

function nameOf(name: string): string {
  if (!isRepository(name)) {
    throw new Refusal(
      400,
      "NAME_INVALID",
      "the name has parts of lower-case letters, digits and single . _ - between /",
    );
  }
  const taken = name.split("/").find((part) => LAYOUT_PARTS.has(part));
  if (taken === undefined) return name;
  throw new Refusal(400, "NAME_INVALID", `"${taken}" is a file of image layouts, so it cannot be a part of a name`);
}

function digestOf(text: string): string {
  if (isDigest(text)) return text;
  throw new Refusal(400, "DIGEST_INVALID", "a digest is sha256: and 64, or sha512: and 128, lower-case hex digits");
}

function referenceOf(text: string): ManifestReference {
  if (text.includes(":")) return { digest: digestOf(text) };
  if (isTag(text)) return { tag: text };
  throw new Refusal(
    400,
    "MANIFEST_INVALID",
    "a tag is 1 to 128 letters, digits and . _ -, and begins with none of . -",
  );
}

/** What cannot be a tag is no tag that exists. */
function existing(name: string, text: string): ManifestReference {
  if (!text.includes(":") && !isTag(text)) throw manifestUnknown(name, "of that name: it is not a tag");
  return referenceOf(text);
}

function pageOf(query: URLSearchParams): PageRequest {
  const n = query.get("n") ?? String(MAX_PAGE);
  if (!/^\d{1,9}$/.test(n)) throw new Refusal(400, "UNSUPPORTED", "n is how many entries are wanted");
  const last = query.get("last");
  return { n: Math.min(Number(n), MAX_PAGE), ...(last === null ? {} : { last }) };
}

/**
 * Keeps web pages out: a browser on this machine reaches loopback, too, and sends what a page asks for.
 * @throws {Refusal} for a request that a page made, or that was led here by a name somebody else controls
 */
export function refuseWebPages(headers: Headers): void {
  const host = (headers.get("host") ?? "").replace(/:\d*$/, "");
  const ours = host === "" || host === "localhost" || /^[\d.]+$/.test(host) || /^\[[\da-f:]+\]$/i.test(host);
  if (ours && !headers.has("origin")) return;
  throw new Refusal(403, "DENIED", "web pages may not use this registry; ask it as localhost or by its address");
}
