/** Reads a known number of bytes from whatever gives them in pieces. */

/** What is read from, such as an open file. */
export interface PieceReader {
  /** Reads some bytes; null at the end. */
  read(target: Uint8Array): Promise<number | null>;
}

/** The next `size` bytes; undefined when there are fewer. */
export async function readExactly(source: PieceReader, size: number): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size;) {
    const count = await source.read(bytes.subarray(at));
    if (count === null) return undefined;
    at += count;
  }
  return bytes;
}
