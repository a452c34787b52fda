/** Tokens of ServiceAccounts: JWTs (RFC 7519) signed with ES256 (RFC 7518 section 3.4), with the claims Kubernetes has. */
import { publicKeyOf } from "../../certificate/certificate.ts";
import { isJsonObject, type Json, type JsonObject } from "../object.ts";

const SIGNATURE = { name: "ECDSA", hash: "SHA-256" } as const;
const BASE64URL = { alphabet: "base64url", omitPadding: true } as const;
/** Who issues tokens, and whom they are for when nobody else is named. */
export const ISSUER = "https://kubernetes.default.svc";
/** A token is presented with every request, and checked once. */
const MAX_KNOWN = 256;
const MAX_TOKEN_LENGTH = 8192;

/** Whose token it is. */
export interface Subject {
  readonly namespace: string;
  readonly name: string;
  /** Of the ServiceAccount: a later one of the same name is another. */
  readonly uid: string;
}

/** What a valid token says. */
export interface TokenClaims extends Subject {
  /** The token's own id. */
  readonly id: string;
  /** In seconds since the epoch. */
  readonly expires: number;
}

/** What a token is to say. */
export interface TokenWish {
  readonly subject: Subject;
  readonly audiences: readonly string[];
  readonly seconds: number;
  /** Of the token. */
  readonly id: string;
  readonly nowMs: number;
}

function encoded(value: JsonObject): string {
  return new TextEncoder().encode(JSON.stringify(value)).toBase64(BASE64URL);
}

function decoded(text: string): JsonObject | undefined {
  const value = JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(text, BASE64URL))) as Json;
  return isJsonObject(value) ? value : undefined;
}

/** The claims as far as the server needs them; undefined when one of them is missing. */
function claimsOf(payload: JsonObject): TokenClaims | undefined {
  const { "kubernetes.io": own, exp, aud, iss, jti } = payload;
  if (!isJsonObject(own) || !isJsonObject(own.serviceaccount)) return undefined;
  const { namespace, serviceaccount: { name, uid } } = own;
  if (iss !== ISSUER || !Array.isArray(aud) || !aud.includes(ISSUER) || typeof exp !== "number") return undefined;
  if ([namespace, name, uid, jti].some((text) => typeof text !== "string")) return undefined;
  return { namespace: String(namespace), name: String(name), uid: String(uid), id: String(jti), expires: exp };
}

/** Issues tokens and knows its own again. */
export class TokenIssuer {
  readonly #privateKey: CryptoKey;
  readonly #publicKey: CryptoKey;
  readonly #header: string;
  readonly #known = new Map<string, TokenClaims>();

  private constructor(privateKey: CryptoKey, publicKey: CryptoKey, keyId: string) {
    this.#privateKey = privateKey;
    this.#publicKey = publicKey;
    this.#header = encoded({ alg: "ES256", kid: keyId });
  }

  /** @param privateKey ECDSA P-256 */
  static async of(privateKey: CryptoKey): Promise<TokenIssuer> {
    const publicKey = await publicKeyOf(privateKey);
    const digest = await crypto.subtle.digest("SHA-256", await crypto.subtle.exportKey("spki", publicKey));
    return new TokenIssuer(privateKey, publicKey, new Uint8Array(digest).toBase64(BASE64URL));
  }

  /** A new token. */
  async issue({ subject, audiences, seconds, id, nowMs }: TokenWish): Promise<string> {
    const now = Math.floor(nowMs / 1000);
    const { namespace, name, uid } = subject;
    const payload = encoded({
      aud: [...audiences],
      exp: now + seconds,
      iat: now,
      iss: ISSUER,
      jti: id,
      "kubernetes.io": { namespace, serviceaccount: { name, uid } },
      nbf: now,
      sub: `system:serviceaccount:${namespace}:${name}`,
    });
    const signed = `${this.#header}.${payload}`;
    const signature = await crypto.subtle.sign(SIGNATURE, this.#privateKey, new TextEncoder().encode(signed));
    return `${signed}.${new Uint8Array(signature).toBase64(BASE64URL)}`;
  }

  /** What a token says; undefined when it is not one of ours, is for somebody else, or has expired. */
  async verify(token: string, nowMs: number): Promise<TokenClaims | undefined> {
    let claims = this.#known.get(token);
    if (claims === undefined) {
      claims = await this.#read(token);
      if (claims === undefined) return undefined;
      if (this.#known.size >= MAX_KNOWN) this.#known.delete(this.#known.keys().next().value!);
      this.#known.set(token, claims);
    }
    return nowMs < claims.expires * 1000 ? claims : undefined;
  }

  async #read(token: string): Promise<TokenClaims | undefined> {
    const [header, payload = "", signature = "", ...more] = token.slice(0, MAX_TOKEN_LENGTH).split(".");
    if (header !== this.#header || more.length > 0) return undefined;
    try {
      const signed = new TextEncoder().encode(`${header}.${payload}`);
      const bytes = Uint8Array.fromBase64(signature, BASE64URL);
      if (!await crypto.subtle.verify(SIGNATURE, this.#publicKey, bytes, signed)) return undefined;
      const claims = decoded(payload);
      return claims === undefined ? undefined : claimsOf(claims);
    } catch {
      // Not base64, or not JSON: not ours.
      return undefined;
    }
  }
}
