/** index.json of an image layout (OCI image-spec 1.1, image-layout.md): which manifests there are and which tags lead to them. */
import { z } from "zod";
import type { Descriptor } from "../../registry/media_types.ts";
import { isDigest, isTag } from "../../registry/reference.ts";

/** Names a manifest; a layout's tags are kept there. */
const REF_NAME = "org.opencontainers.image.ref.name";

const shape = z.looseObject({
  manifests: z.array(z.looseObject({
    mediaType: z.string(),
    digest: z.string().refine(isDigest),
    size: z.number().int().nonnegative(),
    annotations: z.record(z.string(), z.string()).optional(),
  })),
});

/** A manifest of a layout. */
export interface LayoutEntry extends Descriptor {
  /** The tag is among them. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** What is not known here is kept. */
  readonly [field: string]: unknown;
}

/** index.json. */
export interface LayoutIndex {
  /** One for each tag, and one for each manifest without. */
  readonly manifests: readonly LayoutEntry[];
  /** What is not known here is kept. */
  readonly [field: string]: unknown;
}

/** Of a layout without manifests. */
export const EMPTY_INDEX: LayoutIndex = {
  schemaVersion: 2,
  mediaType: "application/vnd.oci.image.index.v1+json",
  manifests: [],
};

/** Reads the file's text; undefined when it is no index. */
export function parseLayoutIndex(text: string): LayoutIndex | undefined {
  try {
    return shape.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

const tagOf = ({ annotations }: LayoutEntry) => annotations?.[REF_NAME];

/** The tags, in no order. Other programs keep names there that are no tags: those are left out. */
export function tagsOf({ manifests }: LayoutIndex): string[] {
  return [...new Set(manifests.map(tagOf).filter((tag) => tag !== undefined && isTag(tag)))] as string[];
}

/** What a tag leads to. */
export function byTag({ manifests }: LayoutIndex, tag: string): Descriptor | undefined {
  return manifests.find((entry) => tagOf(entry) === tag);
}

/** The manifest with a digest. */
export function byDigest({ manifests }: LayoutIndex, digest: string): Descriptor | undefined {
  return manifests.find((entry) => entry.digest === digest);
}

/** One descriptor for each manifest, however many tags it has. */
export function manifestsOf({ manifests }: LayoutIndex): Descriptor[] {
  return [...new Map(manifests.map((entry) => [entry.digest, entry])).values()];
}

/** With a manifest, which the tag (if there is one) now leads to. What the tag led to stays, reached by its digest. */
export function withManifest(index: LayoutIndex, added: Descriptor, tag?: string): LayoutIndex {
  const rest = tag === undefined ? index : withoutTag(index, tag);
  const { mediaType, digest, size } = added;
  const others = rest.manifests.filter((entry) => entry.digest !== digest || tagOf(entry) !== undefined)
    .map((entry) => entry.digest === digest ? { ...entry, mediaType } : entry);
  if (tag === undefined && others.some((entry) => entry.digest === digest)) return { ...rest, manifests: others };
  const entry: LayoutEntry = {
    mediaType,
    digest,
    size,
    ...(tag === undefined ? {} : { annotations: { [REF_NAME]: tag } }),
  };
  return { ...rest, manifests: [...others, entry] };
}

/** Without a tag; what it led to stays, reached by its digest. */
export function withoutTag(index: LayoutIndex, tag: string): LayoutIndex {
  const tagged = new Set(index.manifests.filter((entry) => tagOf(entry) !== tag).map(({ digest }) => digest));
  const manifests = index.manifests.flatMap((entry) => {
    if (tagOf(entry) !== tag) return [entry];
    if (tagged.has(entry.digest)) return [];
    tagged.add(entry.digest);
    const { annotations, ...bare } = entry;
    const kept = Object.entries(annotations ?? {}).filter(([key]) => key !== REF_NAME);
    return [kept.length === 0 ? bare : { ...bare, annotations: Object.fromEntries(kept) }];
  });
  return { ...index, manifests };
}

/** Without a manifest and all its tags. */
export function withoutDigest(index: LayoutIndex, digest: string): LayoutIndex {
  return { ...index, manifests: index.manifests.filter((entry) => entry.digest !== digest) };
}
