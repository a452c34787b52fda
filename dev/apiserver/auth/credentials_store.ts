/** What makes a development API server the same one after a restart: its authority, its keys, its token. */
import {
  type Authority,
  isAuthorityFresh,
  keyFromPem,
  keyPem,
  newAuthority,
  newKeyPair,
} from "../../certificate/certificate.ts";
import { unpem } from "../../certificate/der.ts";
import { isJsonObject, type Json } from "../object.ts";

const FILE = "credentials.json";
const MAX_BYTES = 64 * 1024;

/** The credentials cannot be read or kept. */
export class CredentialsError extends Error {
  /** The class, in logs. */
  override name = "CredentialsError";
}

/** Secrets of a server. */
export interface Credentials {
  /** Signs the server's certificate. */
  readonly authority: Authority;
  /** Signs tokens of ServiceAccounts. */
  readonly tokenKey: CryptoKey;
  /** Of the administrator. */
  readonly adminToken: string;
}

async function newCredentials(nowMs: number): Promise<Credentials> {
  return {
    authority: await newAuthority(nowMs),
    tokenKey: (await newKeyPair()).privateKey,
    adminToken: newToken(),
  };
}

function newToken(): string {
  return crypto.getRandomValues(new Uint8Array(32)).toBase64({ alphabet: "base64url", omitPadding: true });
}

/**
 * The credentials kept in a folder; new ones, which are then kept, when it has none or the authority nears its end.
 * @param folder made where there is none, for its owner alone; absent: nothing is kept
 * @throws {CredentialsError} when the folder or what is in it cannot be used
 */
export async function openCredentials(folder: string | undefined, nowMs: number): Promise<Credentials> {
  if (folder === undefined) return await newCredentials(nowMs);
  const path = `${folder}/${FILE}`;
  const kept = await read(path);
  if (kept !== undefined && isAuthorityFresh(kept.authority, nowMs)) return kept;
  const fresh = kept === undefined ? await newCredentials(nowMs) : { ...kept, authority: await newAuthority(nowMs) };
  await write(folder, path, fresh);
  return fresh;
}

async function read(path: string): Promise<Credentials | undefined> {
  let text: string;
  try {
    const { size } = await Deno.stat(path);
    if (size > MAX_BYTES) throw new CredentialsError(`${path} is too large to be ours: remove it`);
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof CredentialsError) throw error;
    throw new CredentialsError(`cannot read ${path}: ${reason(error)}`, { cause: error });
  }
  try {
    return await parsed(JSON.parse(text) as Json);
  } catch (error) {
    const remedy = "remove it to get new credentials (clients then need the new kubeconfig)";
    throw new CredentialsError(`${path} does not hold credentials: ${remedy}`, { cause: error });
  }
}

async function parsed(value: Json): Promise<Credentials> {
  const fields = isJsonObject(value) ? value : {};
  const { certificate, key, issued, tokenKey, adminToken } = fields;
  for (const text of [certificate, key, issued, tokenKey, adminToken]) {
    if (typeof text !== "string" || text === "") throw new SyntaxError("a field is missing");
  }
  unpem("CERTIFICATE", String(certificate));
  const issuedMs = Date.parse(String(issued));
  if (Number.isNaN(issuedMs)) throw new SyntaxError("no time");
  const authority = { certPem: String(certificate), key: await keyFromPem(String(key)), issuedMs };
  return { authority, tokenKey: await keyFromPem(String(tokenKey)), adminToken: String(adminToken) };
}

/** In one step: a server that dies meanwhile leaves the old file or the new one. */
async function write(folder: string, path: string, { authority, tokenKey, adminToken }: Credentials): Promise<void> {
  const text = JSON.stringify({
    certificate: authority.certPem,
    issued: new Date(authority.issuedMs).toISOString(),
    key: await keyPem(authority.key),
    tokenKey: await keyPem(tokenKey),
    adminToken,
  });
  const part = `${path}.part`;
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    await Deno.writeTextFile(part, `${text}\n`, { mode: 0o600 });
    await Deno.rename(part, path);
  } catch (error) {
    throw new CredentialsError(`cannot keep credentials in ${folder}: ${reason(error)}`, { cause: error });
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
