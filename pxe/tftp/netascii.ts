/** Netascii, the text mode of TFTP (RFC 1350 section 1, RFC 764): LF is sent as CR LF, CR as CR NUL. */

const LF = 10, CR = 13;

/** Bytes that `bytes` become in netascii. */
export function netasciiLength(bytes: Uint8Array): number {
  let length = bytes.length;
  for (const byte of bytes) if (byte === LF || byte === CR) length++;
  return length;
}

/** Converts piece by piece, into buffers of any size. */
export class NetasciiEncoder {
  /** The second byte of a pair whose first one filled the target. */
  #pending: number | undefined;

  /** Converts as much of `input` as fits `target`; an empty `input` still yields what is pending. */
  encodeInto(input: Uint8Array, target: Uint8Array): { read: number; written: number } {
    let read = 0;
    let written = 0;
    while (written < target.length) {
      if (this.#pending !== undefined) {
        target[written++] = this.#pending;
        this.#pending = undefined;
      } else if (read < input.length) {
        const byte = input[read++]!;
        if (byte === LF || byte === CR) this.#pending = byte === LF ? LF : 0;
        target[written++] = byte === LF ? CR : byte;
      } else break;
    }
    return { read, written };
  }
}

/** The whole of `bytes` in netascii. */
export function toNetascii(bytes: Uint8Array): Uint8Array {
  const target = new Uint8Array(netasciiLength(bytes));
  new NetasciiEncoder().encodeInto(bytes, target);
  return target;
}
