import assert from "node:assert/strict";
import { KEY_SIZE, NONCE_SIZE, seal } from "./seal.ts";

Deno.test("seal() is AES-256-GCM without further data and the tag at the end (contract 10), as WebCrypto opens it", async () => {
  const key = new Uint8Array(KEY_SIZE).fill(1);
  const nonce = new Uint8Array(NONCE_SIZE).fill(2);
  const sealed = seal("eyJhbGciOi.J9.ö", key, nonce);
  const imported = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  const open = await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce }, imported, sealed as Uint8Array<ArrayBuffer>);
  assert.equal(new TextDecoder().decode(open), "eyJhbGciOi.J9.ö");
  sealed[0]! ^= 1;
  await assert.rejects(
    crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce }, imported, sealed as Uint8Array<ArrayBuffer>),
  );
});
