/** What a failed connection most probably means, in words that say what to do. */
import type { BmcFault } from "./types.ts";

/** What is told of a connection that did not come about. */
export interface ConnectionFault {
  /** What kind of failure it is. */
  readonly fault: BmcFault;
  /** What happened, and the way out. */
  readonly text: string;
}

const UPDATE = "update the BMC's firmware, or let it offer TLS 1.2 with ECDHE and AES-GCM";

/** By error code; measured against servers of each kind with Deno 2.9.6, whose rustls cannot be made to accept them. */
const TLS: Readonly<Record<string, string>> = {
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: `it speaks only TLS 1.0 or 1.1, which is too old to be safe: ${UPDATE}`,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE:
    `its TLS offers nothing that is still safe (RSA or DHE key exchange, CBC ciphers, SHA-1 signatures or P-521 only): ${UPDATE}`,
  DEPTH_ZERO_SELF_SIGNED_CERT:
    "its certificate cannot be used, most probably because its RSA key is shorter than 2048 bits: give it a new certificate",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "its certificate cannot be used, most probably because of a critical extension that is not known: give it a new certificate",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS on this port: spec.pxe.redfish.url has to name its HTTPS port",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    "it asks for a client certificate: allow log-in by user and password in its settings",
};

const NETWORK: Readonly<Record<string, string>> = {
  ENOTFOUND: "its name cannot be resolved",
  EAI_AGAIN: "its name cannot be resolved just now",
  ECONNREFUSED: "it refuses the connection; is this its address, and HTTPS switched on?",
  EHOSTUNREACH: "there is no way to its address",
  ENETUNREACH: "there is no way to its network",
  ETIMEDOUT: "it does not answer",
  ECONNRESET: "it broke off the connection",
  EPIPE: "it broke off the connection",
};

/**
 * What a connection that failed most probably means.
 * @param code of the error that it ended with
 */
export function explainConnection(code: string, message: string): ConnectionFault {
  const tls = Object.hasOwn(TLS, code) ? TLS[code] : undefined;
  if (tls !== undefined) return { fault: "tls", text: tls };
  if (/^ERR_(SSL|TLS)|CERT|ERR_OSSL/.test(code)) {
    return { fault: "tls", text: `its TLS cannot be used: ${message} (${code})` };
  }
  const network = Object.hasOwn(NETWORK, code) ? NETWORK[code] : undefined;
  return {
    fault: "unreachable",
    text: network === undefined ? `cannot be reached: ${message}` : `${network} (${code})`,
  };
}
