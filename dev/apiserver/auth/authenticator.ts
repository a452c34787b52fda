/** Who asks. The server is for one user: whoever has a valid token may do everything, whatever the token is for. */
import type { Json, JsonObject } from "../object.ts";
import { unauthorized } from "../http/refusals.ts";
import type { Subject, TokenIssuer } from "./service_account_token.ts";

/** A user, as SelfSubjectReview tells it. */
export interface User {
  readonly username: string;
  readonly uid: string;
  readonly groups: readonly string[];
  /** What else is known, by name. */
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** What the authenticator needs. */
export interface AuthenticatorOptions {
  /** Of the administrator. */
  readonly adminToken: string;
  readonly issuer: TokenIssuer;
  /** The time in ms. */
  readonly now: () => number;
  /** metadata.uid of a ServiceAccount; undefined when there is none. */
  readonly uidOf: (subject: Omit<Subject, "uid">) => string | undefined;
}

/** Who has shown no token. */
export const ANONYMOUS: User = { username: "system:anonymous", uid: "", groups: ["system:unauthenticated"] };
const ADMIN: User = { username: "admin", uid: "admin", groups: ["system:masters", "system:authenticated"] };

/** Whether two texts are the same, in a time that tells nothing of where they differ. */
export function sameText(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < b.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

/** Knows users by their tokens. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;

  /** Nothing is remembered but what the issuer remembers. */
  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /**
   * Who sent this header `Authorization`; `Bearer` is the only scheme (RFC 6750 section 2.1).
   * @throws {StatusError} 401 when nobody we know did
   */
  async user(authorization: string | null): Promise<User> {
    const [, token] = /^bearer +([^\s]+) *$/i.exec(authorization ?? "") ?? [];
    if (token === undefined) throw unauthorized();
    const { adminToken, issuer, now, uidOf } = this.#options;
    if (sameText(token, adminToken)) return ADMIN;
    const claims = await issuer.verify(token, now());
    if (claims === undefined || uidOf(claims) !== claims.uid) throw unauthorized();
    const { namespace, name, uid, id } = claims;
    return {
      username: `system:serviceaccount:${namespace}:${name}`,
      uid,
      groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
      extra: { "authentication.kubernetes.io/credential-id": [`JTI=${id}`] },
    };
  }
}

/** A user as JSON. */
export function userInfo({ username, uid, groups, extra }: User): JsonObject {
  const info: JsonObject = { username, uid, groups: [...groups] };
  if (extra !== undefined) info.extra = structuredClone(extra) as Record<string, Json>;
  return info;
}
