/** What a node's agent does before it joins: it shows the TPM and opens the bootstrap token that comes back. */
import { createDecipheriv } from "node:crypto";
import type { SoftwareTpm } from "../tpm/software_tpm.ts";
import { AGENT, askText, statusError } from "./http_load.ts";
import { LoadError } from "./load_error.ts";
import type { Power } from "./power.ts";

const TAG_SIZE = 16;

/** Asks for a token, once, as the agent does; what goes wrong is said. Whether there is one. */
export async function attest(power: Power, url: string): Promise<boolean> {
  power.say("cloud-init", `the agent shows its TPM: POST ${url}`);
  const tpm = power.tpm();
  const body = JSON.stringify({ ekPub: tpm.ekPub.toBase64(), srkPub: tpm.srkPub.toBase64() });
  const headers = {
    Host: new URL(url).host,
    "User-Agent": AGENT.agent,
    "Content-Type": "application/json",
    "Content-Length": String(body.length),
  };
  const ask = { method: "POST", url, headers, body } as const;
  try {
    const { status, text } = await askText(power, ask);
    if (status !== 200) throw statusError(ask, status, text);
    return opened(power, tpm, text);
  } catch (error) {
    if (!(error instanceof LoadError)) throw error;
    power.say("cloud-init", `no bootstrap token: ${error.message}`);
    return false;
  }
}

function opened(power: Power, tpm: SoftwareTpm, text: string): boolean {
  try {
    return openToken(tpm, text) !== "";
  } catch (error) {
    power.say("cloud-init", `no bootstrap token: the TPM cannot open the answer: ${(error as Error).message}`);
    return false;
  }
}

/**
 * Opens the answer (contract 10).
 * @throws {Error} when it is not for this TPM, or no answer
 */
function openToken(tpm: SoftwareTpm, text: string): string {
  const answer = JSON.parse(text) as Record<string, string>;
  const bytes = (name: string) => Uint8Array.fromBase64(answer[name]!);
  const key = tpm.activate({ credentialBlob: bytes("credentialBlob"), encryptedSecret: bytes("encryptedSecret") });
  const sealed = bytes("encryptedToken");
  const cipher = createDecipheriv("aes-256-gcm", key, bytes("gcmNonce"));
  cipher.setAuthTag(sealed.subarray(-TAG_SIZE));
  return cipher.update(sealed.subarray(0, -TAG_SIZE)).toString() + cipher.final().toString();
}
