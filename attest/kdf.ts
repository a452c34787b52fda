/** Key derivation of TPM 2.0 (Part 1, 11.4.10) and the one cipher mode that it is used with. */
import { createCipheriv, createHash, createHmac } from "node:crypto";
import type { HashAlgorithm } from "./algorithms.ts";

const encoder = new TextEncoder();
const BLOCK = 16;

function u32(value: number): Uint8Array {
  return new Uint8Array([value >>> 24, value >>> 16, value >>> 8, value]);
}

/** Labels end with a zero byte. */
function labelled(label: string): Uint8Array {
  return encoder.encode(`${label}\0`);
}

/** As many digests as are needed, cut to size; the counter starts at 1. */
function expand(bits: number, hash: HashAlgorithm, digest: (counter: Uint8Array) => Uint8Array): Uint8Array {
  const size = bits / 8;
  const out = new Uint8Array(Math.ceil(size / hash.size) * hash.size);
  for (let at = 0, counter = 1; at < size; at += hash.size, counter++) out.set(digest(u32(counter)), at);
  return out.subarray(0, size);
}

/** KDFa (Part 1, 11.4.10.2): a key from a key, by HMAC; `bits` is a multiple of 8. */
export function kdfA(
  hash: HashAlgorithm,
  key: Uint8Array,
  { label, context = new Uint8Array(0), bits }: {
    readonly label: string;
    readonly context?: Uint8Array;
    readonly bits: number;
  },
): Uint8Array {
  return expand(
    bits,
    hash,
    (counter) =>
      createHmac(hash.name, key).update(counter).update(labelled(label)).update(context).update(u32(bits)).digest(),
  );
}

/** KDFe (Part 1, 11.4.10.3): a key of the hash's size from the x coordinate that both sides of ECDH know. */
export function kdfE(
  hash: HashAlgorithm,
  shared: Uint8Array,
  { label, partyU, partyV }: { readonly label: string; readonly partyU: Uint8Array; readonly partyV: Uint8Array },
): Uint8Array {
  return createHash(hash.name).update(u32(1)).update(shared).update(labelled(label)).update(partyU).update(partyV)
    .digest();
}

/**
 * AES in CFB mode (NIST SP 800-38A, 6.3, segments of a block) from a vector of zeros, as TPMs protect what they hand
 * out. Over ECB, as node:crypto of Deno has no CFB.
 */
export function cfb(direction: "encrypt" | "decrypt", key: Uint8Array, input: Uint8Array): Uint8Array {
  const aes = createCipheriv(`aes-${key.length * 8}-ecb`, key, null);
  const out = new Uint8Array(input.length);
  let feedback = new Uint8Array(BLOCK);
  for (let at = 0; at < input.length; at += BLOCK) {
    const stream = aes.update(feedback);
    const end = Math.min(at + BLOCK, input.length);
    for (let i = at; i < end; i++) out[i] = input[i]! ^ stream[i - at]!;
    feedback = (direction === "encrypt" ? out : input).slice(at, at + BLOCK);
  }
  // Without it Deno keeps the cipher.
  aes.final();
  return out;
}
