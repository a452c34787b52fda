/** What a token travels in: AES-256-GCM without further data, the tag at the end (contract 10). */
import { createCipheriv } from "node:crypto";

/** Bytes of the key. */
export const KEY_SIZE = 32;
/** Bytes of the nonce (NIST SP 800-38D, 8.2). */
export const NONCE_SIZE = 12;

/** Encrypts a token; a key is used once. */
export function seal(token: string, key: Uint8Array, nonce: Uint8Array): Uint8Array {
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const [head, rest] = [cipher.update(token, "utf8"), cipher.final()];
  const out = new Uint8Array(head.length + rest.length + 16);
  out.set(head);
  out.set(rest, head.length);
  out.set(cipher.getAuthTag(), head.length + rest.length);
  return out;
}
