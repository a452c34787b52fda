/** Who gets a token: a Machine as it is known, what it sent, and what the operator wants, to yes or no and why. */
import { createHash, createPublicKey, timingSafeEqual } from "node:crypto";
import { allowedKeys, isInstalling, pinnedKey } from "../machine/attestation.ts";
import type { MachineObject } from "../machine/types.ts";
import { type Authority, ekCertificateProblem } from "./ek_certificate.ts";
import { keyObject } from "./make_credential.ts";
import type { AttestRequest } from "./request.ts";
import type { TpmKey } from "./tpm_public.ts";

/** What the operator wants besides. */
export interface AttestPolicy {
  /** Makers of TPMs that are trusted; a certificate in a request is checked against them. None: it is passed over. */
  readonly authorities: readonly Authority[];
  /** No token without a certificate. */
  readonly requireEkCert: boolean;
  /** No token for a Machine that is not being installed and has come up before. */
  readonly onlyInstalling: boolean;
}

/** A decision. */
export type AttestDecision =
  /** `firstUse`: no key is known yet, this is to be kept. */
  | { readonly kind: "accepted"; readonly firstUse: boolean; readonly ekPem: string }
  /** `reason` is one word for Events; `message` a sentence for client and operator. */
  | { readonly kind: "refused"; readonly status: 403; readonly reason: string; readonly message: string };

/** An endorsement key as it is kept and compared. */
export interface EkIdentity {
  /** SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** The same as PEM. */
  readonly pem: string;
  /** SHA-256 of {@link spki}: lower-case hex. */
  readonly sha256: string;
}

/** What identifies an endorsement key. */
export function ekIdentity(key: TpmKey): EkIdentity {
  const object = keyObject(key);
  const spki = object.export({ type: "spki", format: "der" });
  const sha256 = createHash("sha256").update(spki).digest("hex");
  return { spki, pem: object.export({ type: "spki", format: "pem" }) as string, sha256 };
}

function refused(reason: string, message: string): AttestDecision {
  return { kind: "refused", status: 403, reason, message };
}

/** Decides about a request of a Machine. */
export function decideAttest(
  object: MachineObject,
  { ek, ekCert }: AttestRequest,
  policy: AttestPolicy,
  nowMs: number,
): AttestDecision {
  const { spki, pem, sha256 } = ekIdentity(ek.key);
  const pinned = pinnedKey(object);
  if (pinned !== undefined && !isSameKey(pinned, spki)) {
    return refused("AnotherKey", "the endorsement key is not the one that this Machine is known by");
  }
  const allowed = allowedKeys(object);
  if (allowed !== undefined && !allowed.some((digest) => isEqual(digest, sha256))) {
    return refused("KeyNotAllowed", "the endorsement key is not one that spec.attestation allows for this Machine");
  }
  const { authorities, requireEkCert, onlyInstalling } = policy;
  if (ekCert === undefined && requireEkCert) {
    return refused("NoCertificate", "a certificate of the endorsement key is required");
  }
  if (ekCert !== undefined && authorities.length > 0) {
    const problem = ekCertificateProblem(ekCert, ek.key, { authorities, nowMs });
    if (problem !== undefined) return refused("BadCertificate", `the certificate of the endorsement key ${problem}`);
  }
  if (onlyInstalling && !isInstalling(object)) {
    return refused("NotInstalling", "this Machine is not being installed and has come up before");
  }
  return { kind: "accepted", firstUse: pinned === undefined, ekPem: pem };
}

/** Whether a key that was kept, by metalman or by another, is this one, however it is written. */
function isSameKey(pem: string, spki: Uint8Array): boolean {
  try {
    const known = createPublicKey(pem).export({ type: "spki", format: "der" });
    return known.length === spki.length && timingSafeEqual(known, spki);
  } catch {
    return false;
  }
}

function isEqual(a: string, b: string): boolean {
  const [x, y] = [new TextEncoder().encode(a), new TextEncoder().encode(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}
