/** What the built-in kinds do besides what their schemas say. */
import { type Kind, qualifiedPlural } from "../kind.ts";
import { type ApiObject, isJsonObject } from "../object.ts";

/** Secrets: stringData is written into data, and never read back. */
export function foldStringData(object: ApiObject): void {
  const { stringData } = object;
  delete object["stringData"];
  if (!isJsonObject(stringData)) return;
  const data = isJsonObject(object["data"]) ? object["data"] : {};
  for (const [key, text] of Object.entries(stringData)) {
    data[key] = new TextEncoder().encode(String(text)).toBase64();
  }
  object["data"] = data;
}

/** What the server itself sets when an object is created; in place. Its name is there, generated or not. */
export function prepareForCreate(kind: Kind, object: ApiObject): void {
  if (countsGenerations(kind)) object.metadata["generation"] = 1;
  if (isNamespaces(kind)) {
    labelNamespace(object);
    object["spec"] = { finalizers: ["kubernetes"] };
    object["status"] = { phase: "Active" };
  } else if (kind.status && qualifiedPlural(kind) !== "nodes") {
    // A kubelet creates its Node with a status; everybody else writes it later.
    delete object["status"];
    if (kind.builtIn) object["status"] = kind.kind === "Service" ? { loadBalancer: {} } : {};
  }
}

/** What the server itself keeps when an object is updated; in place. */
export function prepareForUpdate(kind: Kind, object: ApiObject, before: ApiObject): void {
  if (!isNamespaces(kind)) return;
  labelNamespace(object);
  object["spec"] = before["spec"]!;
}

/** What the server itself keeps when a status is updated; in place. */
export function prepareForStatusUpdate(kind: Kind, object: ApiObject, before: ApiObject): void {
  if (before["spec"] === undefined) delete object["spec"];
  else object["spec"] = before["spec"];
  if (kind.kind !== "Deployment") return;
  if (before.metadata["labels"] === undefined) delete object.metadata["labels"];
  else object.metadata["labels"] = before.metadata["labels"];
}

/** Namespaces carry their name as a label, for selectors; in place. */
export function labelNamespace({ metadata }: ApiObject): void {
  if (!metadata.name) return;
  const labels = isJsonObject(metadata["labels"]) ? metadata["labels"] : {};
  metadata["labels"] = { ...labels, "kubernetes.io/metadata.name": metadata.name };
}

/** A namespace as a DELETE answers with it, when all that was in it is gone already. */
export function terminating(namespace: ApiObject, deletionTimestamp: string): ApiObject {
  const metadata = { ...namespace.metadata, deletionTimestamp };
  return { ...namespace, metadata, status: { phase: "Terminating" } };
}

/** Whether it is the kind of namespaces. */
export function isNamespaces(kind: Kind): boolean {
  return kind.builtIn && qualifiedPlural(kind) === "namespaces";
}

/** Whether metadata.generation counts the changes of its spec. */
export function countsGenerations(kind: Kind): boolean {
  return !kind.builtIn || kind.kind === "Deployment";
}

/** Whether a PUT without resourceVersion overwrites whatever is there. */
export function allowsUnconditionalUpdate(kind: Kind): boolean {
  return kind.builtIn && kind.kind !== "Lease";
}

/** Whether a PUT makes an object that is not there. */
export function allowsCreateOnUpdate(kind: Kind): boolean {
  return kind.builtIn && ["Lease", "Event", "Service"].includes(kind.kind);
}

/** Whether a DELETE answers with the object instead of a Status. */
export function answersWithDeleted(kind: Kind): boolean {
  return kind.builtIn && ["Service", "ServiceAccount"].includes(kind.kind);
}
