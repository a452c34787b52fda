/** Reads boot files from the image cache. */
import type { BootFile } from "./image.ts";

/**
 * All bytes of a small file.
 * @throws when the file is gone or shorter than the image says
 */
export async function readBootFile({ absolutePath, offset, size }: BootFile): Promise<Uint8Array> {
  using file = await Deno.open(absolutePath);
  if (offset > 0) await file.seek(offset, Deno.SeekMode.Start);
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size;) {
    const count = await file.read(bytes.subarray(at));
    if (count === null) throw new Error("file is shorter than the image says");
    at += count;
  }
  return bytes;
}
