/** Who asked a real API server for what, and what was answered. */
import type { TestApiServer } from "./apiserver.ts";

/** A request, from the audit log (audit.k8s.io/v1, Event). */
export interface AuditedRequest {
  /** `list`, `watch`. */
  readonly verb: string;
  /** Path and query. */
  readonly requestURI: string;
  /** Who asked. */
  readonly user: { readonly username: string };
  /** Absent for paths that are no resources. */
  readonly objectRef?: { readonly resource: string; readonly subresource?: string; readonly namespace?: string };
  /** Absent until it is answered. */
  readonly responseStatus?: { readonly code: number };
}

/** What a ServiceAccount of namespace unbounded-kube has asked for, and was answered. */
export async function requestsOf(server: TestApiServer, name = "metalman-controller"): Promise<AuditedRequest[]> {
  const lines = (await Deno.readTextFile(server.auditLog)).split("\n").filter((line) => line.endsWith("}"));
  const all = lines.map((line) => JSON.parse(line) as AuditedRequest);
  const username = `system:serviceaccount:unbounded-kube:${name}`;
  return all.filter(({ user, responseStatus }) => user.username === username && responseStatus !== undefined);
}
