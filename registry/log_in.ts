/** Meeting a registry's challenge: basic, token (distribution's "Token Authentication"), OAuth2 refresh token. */
import type { Credentials } from "./credentials.ts";
import type { Challenge } from "./endpoint.ts";
import { UnauthorizedError, UnavailableError } from "./errors.ts";
import type { Transport, TransportRequest } from "./transport.ts";

const MAX_TOKEN_BYTES = 256 * 1024;

/** Who logs in to what. */
export interface LogInOptions {
  /** Reaches the token server. */
  readonly transport: Transport;
  /** The registry's URL. */
  readonly base: string;
  /** For the scope, where the registry names none. */
  readonly repository: string;
  /** Shown to the token server, or to the registry where it asks for basic auth. */
  readonly credentials?: Credentials;
  /** Ends the request. */
  readonly signal?: AbortSignal;
}

/**
 * The value of an Authorization header that meets the challenge.
 * @throws {UnauthorizedError} when there is none
 */
export async function logIn(challenge: Challenge | undefined, options: LogInOptions): Promise<string> {
  const { base, repository, credentials } = options;
  const { host } = new URL(base);
  if (challenge === undefined) throw new UnauthorizedError(`${host} refuses and names no way to log in`);
  if (challenge.kind === "bearer") return `Bearer ${await fetchToken(challenge, options)}`;
  const basic = basicAuth(credentials);
  if (basic === undefined) throw new UnauthorizedError(`${host}/${repository} may not be read without credentials`);
  return basic;
}

async function fetchToken(challenge: Challenge & { kind: "bearer" }, options: LogInOptions): Promise<string> {
  const { transport, base, repository, signal } = options;
  const url = new URL(challenge.realm);
  if (base.startsWith("https:") && url.protocol !== "https:") {
    throw new UnauthorizedError(
      `${new URL(base).host} names a token server without TLS (${url.host}), which is refused`,
    );
  }
  const request = tokenRequest(challenge, url, options);
  await using response = await transport.request(url.href, { ...request, ...(signal ? { signal } : {}) });
  if (response.status === 429 || response.status >= 500) {
    throw new UnavailableError(`token server ${url.host} answered with status ${response.status}`);
  }
  if (response.status !== 200) {
    throw new UnauthorizedError(
      `token server ${url.host} refuses a token for ${repository} (status ${response.status})`,
    );
  }
  return tokenOf(await response.bytes(MAX_TOKEN_BYTES), url.host);
}

/** The query goes into the URL for GET, into a form for a refresh token. */
function tokenRequest(
  { service, scope }: Challenge & { kind: "bearer" },
  url: URL,
  { credentials, repository }: LogInOptions,
): TransportRequest {
  const fields = new URLSearchParams({
    scope: scope ?? `repository:${repository}:pull`,
    ...(service ? { service } : {}),
  });
  if (credentials?.identityToken !== undefined) {
    fields.set("grant_type", "refresh_token");
    fields.set("refresh_token", credentials.identityToken);
    fields.set("client_id", "metalman");
    return { method: "POST", form: fields };
  }
  for (const [name, value] of fields) url.searchParams.set(name, value);
  const basic = basicAuth(credentials);
  return basic === undefined ? {} : { headers: { authorization: basic } };
}

function basicAuth(credentials: Credentials | undefined): string | undefined {
  if (credentials?.username === undefined) return;
  const bytes = new TextEncoder().encode(`${credentials.username}:${credentials.password ?? ""}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

function tokenOf(body: Uint8Array, host: string): string {
  let answer: unknown;
  try {
    answer = JSON.parse(new TextDecoder().decode(body));
  } catch {
    answer = undefined;
  }
  const { token, access_token: accessToken } = (answer ?? {}) as Record<string, unknown>;
  const found = [token, accessToken].find((value) => typeof value === "string" && /^[\x21-\x7e]+$/.test(value));
  if (found === undefined) throw new UnauthorizedError(`token server ${host} answered without a token`);
  return found as string;
}
