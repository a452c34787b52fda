/** The body of POST /attest (contract 10): `{ekPub, srkPub, ekCert?}`, each base64. */
import { MAX_BODY } from "../machine/body_limits.ts";
import { parseTpmPublic, storageKeyProblem, type TpmPublic, TpmPublicError } from "./tpm_public.ts";

/** What a machine sends, checked as far as it can be without knowing whose it is. */
export interface AttestRequest {
  /** Its endorsement key. */
  readonly ek: TpmPublic;
  /** Its storage key. */
  readonly srk: TpmPublic;
  /** Certificate of the endorsement key, in DER. */
  readonly ekCert?: Uint8Array;
}

/** A request that is no use to anybody; the message is a sentence for whoever sent it. */
export class AttestRequestError extends Error {
  /** The class, in logs. */
  override name = "AttestRequestError";
  /** Of the answer. */
  readonly status: 400 | 413;

  /** With the status of the answer and its text. */
  constructor(status: 400 | 413, message: string) {
    super(message);
    this.status = status;
  }
}

/** Certificates of endorsement keys have one or two kilobytes. */
const MAX_CERT_TEXT = 32 * 1024;
const MAX_KEY_TEXT = 4 * 1024;

function bad(message: string): AttestRequestError {
  return new AttestRequestError(400, message);
}

/**
 * Reads a request.
 * @param body undefined: it was too long to be kept
 * @throws {AttestRequestError} when it is not one
 */
export function readAttestRequest(body: Uint8Array | undefined): AttestRequest {
  if (body === undefined || body.length > MAX_BODY["/attest"]) {
    throw new AttestRequestError(413, `the request is longer than ${MAX_BODY["/attest"]} bytes`);
  }
  const fields = parseObject(body);
  const ek = readKey(fields, "ekPub");
  const srk = readKey(fields, "srkPub");
  // Go's encoding/json writes null for a slice that is not there.
  if (fields.ekCert === undefined || fields.ekCert === null) return { ek, srk };
  return { ek, srk, ekCert: readBase64(fields, "ekCert", MAX_CERT_TEXT) };
}

function parseObject(body: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw bad("the request is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw bad("the request is not a JSON object");
  }
  return value as Record<string, unknown>;
}

function readKey(fields: Record<string, unknown>, name: string): TpmPublic {
  const bytes = readBase64(fields, name, MAX_KEY_TEXT);
  try {
    const key = parseTpmPublic(bytes);
    const problem = storageKeyProblem(key);
    if (problem !== undefined) throw new TpmPublicError(problem);
    return key;
  } catch (error) {
    if (error instanceof TpmPublicError) throw bad(`${name} ${error.message}`);
    throw error;
  }
}

function readBase64(fields: Record<string, unknown>, name: string, maxLength: number): Uint8Array {
  const text = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (text === undefined || text === null || text === "") throw bad(`${name} is missing`);
  if (typeof text !== "string") throw bad(`${name} is not a text`);
  if (text.length > maxLength) throw bad(`${name} is longer than ${maxLength} characters`);
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    throw bad(`${name} is not base64`);
  }
}
