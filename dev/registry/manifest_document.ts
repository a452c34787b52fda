/** What a manifest says that a registry must know: OCI image-spec 1.1 and Docker schema 2, images, indexes and artifacts. */
import { z } from "zod";
import { type Descriptor, IMAGE_TYPES, INDEX_TYPES } from "../../registry/media_types.ts";
import { isDigest } from "../../registry/reference.ts";
import { Refusal } from "./refusal.ts";

const MAX_DESCRIPTORS = 1000;

const descriptor = z.object({
  mediaType: z.string(),
  digest: z.string().refine(isDigest, "is not a sha256 or sha512 digest"),
  size: z.number().int().nonnegative(),
  urls: z.array(z.string()).optional(),
});
const common = {
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  artifactType: z.string().optional(),
  subject: descriptor.nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
};
const imageShape = z.object({ ...common, config: descriptor, layers: z.array(descriptor).max(MAX_DESCRIPTORS) });
const indexShape = z.object({ ...common, manifests: z.array(descriptor).max(MAX_DESCRIPTORS) });

/** A manifest as far as it concerns the registry. */
export interface ManifestDocument {
  /** One of those that registries take. */
  readonly mediaType: string;
  /** What must be in the repository before it: config and layers, or the manifests of an index. */
  readonly needs: readonly Descriptor[];
  /** The digest of what it is attached to, which may come later. */
  readonly subject?: string;
  /** What it says it is; for images without, the type of their config. */
  readonly artifactType?: string;
  /** Its own. */
  readonly annotations?: Readonly<Record<string, string>>;
}

function invalid(why: string): Refusal {
  return new Refusal(400, "MANIFEST_INVALID", why);
}

/**
 * Reads a manifest.
 * @param contentType of the request; undefined: only what the document says of itself counts
 * @throws {Refusal}
 */
export function readManifestDocument(bytes: Uint8Array, contentType?: string): ManifestDocument {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw invalid("the manifest is not JSON");
  }
  const mediaType = typeOf(value, contentType);
  if (INDEX_TYPES.includes(mediaType)) {
    const { manifests, ...rest } = check(indexShape, value);
    return { mediaType, needs: manifests, ...facts(rest) };
  }
  const { config, layers, ...rest } = check(imageShape, value);
  // A layer that is kept elsewhere need not be here.
  const needs = [config, ...layers].filter(({ urls }) => urls === undefined || urls.length === 0);
  return { mediaType, needs, ...facts({ artifactType: config.mediaType, ...rest }) };
}

function typeOf(value: unknown, contentType: string | undefined): string {
  const { mediaType: own, manifests } = (value ?? {}) as { mediaType?: unknown; manifests?: unknown };
  const sent = contentType?.split(";", 1).join("").trim().toLowerCase();
  if (sent !== undefined && typeof own === "string" && own !== sent) {
    throw invalid(`the manifest says it is ${own.slice(0, 100)}, its Content-Type ${sent.slice(0, 100)}`);
  }
  const type = sent ?? own ?? (Array.isArray(manifests) ? INDEX_TYPES : IMAGE_TYPES)[0];
  if (typeof type === "string" && (IMAGE_TYPES.includes(type) || INDEX_TYPES.includes(type))) return type;
  throw invalid(`manifests of type ${String(type).slice(0, 100)} are not kept here; OCI 1.1 and Docker schema 2 are`);
}

function check<T>(shape: z.ZodType<T>, value: unknown): T {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw invalid(`the manifest is wrong at ${issue.path.join(".") || "its top"}: ${issue.message}`);
}

function facts(
  { subject, artifactType, annotations }: Pick<z.infer<typeof imageShape>, "subject" | "artifactType" | "annotations">,
): Pick<ManifestDocument, "subject" | "artifactType" | "annotations"> {
  return {
    ...(subject ? { subject: subject.digest } : {}),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations ? { annotations } : {}),
  };
}

/** Whether a client that sent this Accept header takes the type; without the header it takes all. */
export function accepts(header: string | null, mediaType: string): boolean {
  if (header === null || header.trim() === "") return true;
  const ranges = header.split(",").map((range) => range.split(";")[0]!.trim().toLowerCase());
  return ranges.some((range) => range === "*/*" || range === "application/*" || range === mediaType);
}
