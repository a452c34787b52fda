/** What is there from the start. */
import { apiVersionOf, type Kind } from "./kind.ts";
import type { ApiObject } from "./object.ts";
import { StatusError } from "./status_error.ts";
import type { Verbs } from "./verbs/verbs.ts";

/** As in every cluster. */
const NAMESPACES: readonly string[] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/** An object is of a kind that is not served. */
export class UnknownKind extends Error {
  /** The class, in logs. */
  override name = "UnknownKind";
}

function namespace(name: string): ApiObject {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name } };
}

/**
 * Creates the namespaces of every cluster, then the objects; what is there already stays as it is.
 * @throws {UnknownKind} when an object's kind is not served
 * @throws {StatusError} when an object is refused
 */
export function createObjects(
  verbs: Pick<Verbs, "create">,
  kinds: readonly Kind[],
  objects: readonly ApiObject[],
): void {
  for (const object of [...NAMESPACES.map(namespace), ...objects]) {
    const kind = kinds.find((one) => one.kind === object.kind && apiVersionOf(one) === object.apiVersion);
    if (kind === undefined) {
      throw new UnknownKind(`cannot create ${object.kind} ${object.metadata.name}: ${object.apiVersion} is not served`);
    }
    createIfAbsent(verbs, kind, object);
  }
}

function createIfAbsent(verbs: Pick<Verbs, "create">, kind: Kind, object: ApiObject): void {
  const { namespace = "default" } = object.metadata;
  try {
    verbs.create({
      kind,
      query: new URLSearchParams(),
      userAgent: "metalman-dev",
      body: object,
      ...(kind.namespaced ? { namespace: String(namespace) } : {}),
    });
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== "AlreadyExists") throw error;
  }
}
