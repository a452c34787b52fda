/** Reads boot files from the image cache. */
import { readExactly } from "../base/read_exactly.ts";
import type { BootFile } from "./image.ts";

/**
 * All bytes of a small file.
 * @throws when the file is gone or shorter than the image says
 */
export async function readBootFile({ absolutePath, offset, size }: BootFile): Promise<Uint8Array> {
  using file = await Deno.open(absolutePath);
  if (offset > 0) await file.seek(offset, Deno.SeekMode.Start);
  const bytes = await readExactly(file, size);
  if (bytes === undefined) throw new Error("file is shorter than the image says");
  return bytes;
}
