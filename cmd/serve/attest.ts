/** Attestation: tokens of the cluster for machines that show their TPM. Joins attest/, k8s/ and controllers/ for serve.ts. */
import { systemClock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import { Attestation } from "../../controllers/attestation.ts";
import { clusterCaReader } from "../../controllers/cluster_ca.ts";
import type { ClusterFactsReader } from "../../controllers/cluster_facts.ts";
import type { KubeClient } from "../../k8s/client.ts";
import { GarbageError } from "../../k8s/errors.ts";
import type { Directory } from "../../machine/directory.ts";
import type { Authority } from "../../attest/ek_certificate.ts";
import type { Machines } from "./machines.ts";
import type { Counting } from "./metrics/counting.ts";
import type { ServeSettings } from "./settings.ts";

const ACCOUNTS = { group: "", version: "v1", plural: "serviceaccounts", namespace: "unbounded-kube" };
const BOOTSTRAP = { object: { name: "metalman-bootstrap" }, subresource: "token" };
/** Of a token (contract 10). */
const TOKEN_SECONDS = 3600;
/** Of one try. */
const TIMEOUT_MS = 10_000;

/** What {@link createAttestation} needs. */
export interface AttestOptions {
  readonly settings: ServeSettings;
  readonly authorities: readonly Authority[];
  readonly client: KubeClient;
  readonly machines: Machines;
  readonly directory: Directory;
  readonly facts: ClusterFactsReader;
  readonly counting: Counting;
  readonly log: Logger;
}

/** What answers POST /attest. */
export function createAttestation(options: AttestOptions): Attestation {
  const { settings: { requireEkCert, attestOnlyInstalling }, authorities, client, machines, directory, facts } =
    options;
  return new Attestation({
    directory,
    synced: machines.synced,
    statuses: machines.statuses,
    stored: machines.stored,
    requestToken: (signal) => requestToken(client, signal),
    clusterCa: clusterCaReader(facts, systemClock),
    policy: { authorities, requireEkCert, onlyInstalling: attestOnlyInstalling },
    event(machine, severity, reason, message) {
      if (reason === "TokenIssued") machines.boots.saw(machine, { kind: "attested" });
      machines.event(machine, severity, reason, message);
    },
    observe: options.counting.attested,
    log: options.log,
    clock: systemClock,
    random: Math.random,
    randomBytes: (size) => crypto.getRandomValues(new Uint8Array(size)),
  });
}

/** TokenRequest (authentication.k8s.io/v1). */
async function requestToken(client: KubeClient, signal: AbortSignal): Promise<string> {
  const request = {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: { expirationSeconds: TOKEN_SECONDS },
  };
  const answer = await client.create<{ status?: { token?: unknown } } | null>(ACCOUNTS, request, {
    of: BOOTSTRAP,
    timeoutMs: TIMEOUT_MS,
    signal,
  });
  const token = answer?.status?.token;
  if (typeof token !== "string" || token === "") throw new GarbageError("the answer to a TokenRequest has no token");
  return token;
}
