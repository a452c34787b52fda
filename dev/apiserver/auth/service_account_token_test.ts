import { deepEqual, equal, rejects } from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { Authenticator, sameText } from "./authenticator.ts";
import { newKeyPair } from "../../certificate/certificate.ts";
import { ISSUER, TokenIssuer } from "./service_account_token.ts";

const NOW = Date.UTC(2026, 10, 23, 9);
const SUBJECT = { namespace: "ns", name: "sa", uid: "u-1" };
const WISH = { subject: SUBJECT, audiences: [ISSUER], seconds: 600, id: "j-1", nowMs: NOW };

const part = (token: string, at: number) =>
  JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(token.split(".")[at]!, { alphabet: "base64url" })));

Deno.test("a ServiceAccount's token has the claims of Kubernetes, and a signature that node:crypto verifies (RFC 7515)", async () => {
  const { privateKey, publicKey } = await newKeyPair();
  const token = await (await TokenIssuer.of(privateKey)).issue(WISH);
  deepEqual(part(token, 1), {
    aud: [ISSUER],
    exp: NOW / 1000 + 600,
    iat: NOW / 1000,
    iss: ISSUER,
    jti: "j-1",
    "kubernetes.io": { namespace: "ns", serviceaccount: { name: "sa", uid: "u-1" } },
    nbf: NOW / 1000,
    sub: "system:serviceaccount:ns:sa",
  });
  equal(part(token, 0).alg, "ES256");
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
  const key = createPublicKey({ key: spki as never, format: "der", type: "spki" });
  const [header, payload, signature] = token.split(".");
  const bytes = Uint8Array.fromBase64(signature!, { alphabet: "base64url" });
  const signed = new TextEncoder().encode(`${header}.${payload}`);
  equal(verify("sha256", signed, { key, dsaEncoding: "ieee-p1363" }, bytes), true);
});

Deno.test("a token is good until its time is over, and for nobody else's server", async () => {
  const issuer = await TokenIssuer.of((await newKeyPair()).privateKey);
  const other = await TokenIssuer.of((await newKeyPair()).privateKey);
  const token = await issuer.issue(WISH);
  const good = { ...SUBJECT, id: "j-1", expires: NOW / 1000 + 600 };
  for (let twice = 0; twice < 2; twice++) deepEqual(await issuer.verify(token, NOW + 599_999), good);
  equal(await issuer.verify(token, NOW + 600_000), undefined);
  equal(await other.verify(token, NOW), undefined);
  equal(await issuer.verify(await issuer.issue({ ...WISH, audiences: ["vault"] }), NOW), undefined);
});

Deno.test("a token that was changed anywhere is none", async () => {
  const issuer = await TokenIssuer.of((await newKeyPair()).privateKey);
  const token = await issuer.issue(WISH);
  for (let at = 0; at < token.length - 1; at += 7) {
    const changed = token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
    equal(await issuer.verify(changed, NOW), undefined, `changed at ${at}`);
  }
  for (const text of ["", ".", "..", "a.b.c", `${token}.x`, token.slice(0, -4)]) {
    equal(await issuer.verify(text, NOW), undefined, text);
  }
});

Deno.test("the authenticator knows the administrator and ServiceAccounts that are there", async () => {
  const issuer = await TokenIssuer.of((await newKeyPair()).privateKey);
  let uid: string | undefined = "u-1";
  const authenticator = new Authenticator({ adminToken: "secret", issuer, now: () => NOW, uidOf: () => uid });
  deepEqual((await authenticator.user("bearer  secret ")).groups, ["system:masters", "system:authenticated"]);
  const header = `Bearer ${await issuer.issue(WISH)}`;
  equal((await authenticator.user(header)).username, "system:serviceaccount:ns:sa");
  uid = "u-2";
  for (
    const text of [
      header,
      null,
      "",
      "Bearer",
      "secret",
      "Basic secret",
      "Bearer secret x",
      "Bearer secre",
      "Bearer secrets",
    ]
  ) {
    await rejects(authenticator.user(text), { code: 401, message: "Unauthorized" });
  }
});

Deno.test("sameText() compares as === does", () => {
  for (const [a, b] of [["", ""], ["a", ""], ["", "a"], ["ab", "ab"], ["ab", "ac"], ["ab", "abc"]] as const) {
    equal(sameText(a, b), a === b);
  }
});
