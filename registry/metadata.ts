/** disk/metadata.yaml: what an image says about booting from it. */
import { load } from "js-yaml";
import { z } from "zod";
import { ContentError } from "./errors.ts";

/** Where the file lies below /disk. */
export const METADATA_FILE = "metadata.yaml";
/** It is not read beyond this. */
export const MAX_METADATA_BYTES = 64 * 1024;

const name = z.string().max(1024).refine((text) => !/\p{Cc}/u.test(text), "has a control character");
const shape = z.object({
  dhcpBootImageName: name.nullish(),
  bootFiles: z.record(z.string().max(64), name).nullish(),
});

/** What is read of metadata.yaml; other fields are left alone. */
export interface Metadata {
  /** Empty when the file names none. */
  readonly dhcpBootImageName: string;
  /** Client architecture to file. */
  readonly bootFiles: Readonly<Record<string, string>>;
}

/**
 * Reads the file's text; empty text is an image that names nothing.
 * @throws {ContentError} when it is not YAML or a field has the wrong type
 */
export function parseMetadata(text: string): Metadata {
  if (text.length > MAX_METADATA_BYTES) throw new ContentError(`${METADATA_FILE} is longer than 64 KiB`);
  let value: unknown;
  try {
    // The parser wants a document; comments alone are none.
    const empty = text.split("\n").every((line) => /^\s*(#|$)/.test(line));
    value = empty ? {} : load(text, { maxAliases: 16, maxDepth: 16 });
  } catch (error) {
    const first = error instanceof Error ? error.message.split("\n")[0] : "";
    throw new ContentError(`${METADATA_FILE} is not YAML: ${first}`);
  }
  const result = shape.safeParse(value ?? {});
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw new ContentError(`${METADATA_FILE} is wrong at ${issue.path.join(".") || "its top"}: ${issue.message}`);
  }
  return { dhcpBootImageName: result.data.dhcpBootImageName ?? "", bootFiles: result.data.bootFiles ?? {} };
}
