/** DELETE of an object or of a collection. */
import { answersWithDeleted, isNamespaces, terminating } from "./built_in_rules.ts";
import { type DeleteOptions, readDeleteOptions } from "./delete_options.ts";
import type { Kind } from "../kind.ts";
import { readListOptions } from "./list_options.ts";
import type { ApiObject, JsonObject } from "../object.ts";
import { listBody, listPage } from "./read_verbs.ts";
import { release, remove, removeContents, type Removed } from "./removal.ts";
import { mustGet, scopeOf } from "../store/scope_of.ts";
import { StatusError } from "../status_error.ts";
import { timeText } from "./time_text.ts";
import type { VerbAnswer, VerbContext, VerbRequest } from "./verb_types.ts";

/** DELETE of one object. */
export function deleteObject(context: VerbContext, request: VerbRequest): VerbAnswer {
  const options = readDeleteOptions(request.query, request.body);
  const { kind } = request;
  const live = mustGet(context.store, request);
  const { left, isGone } = deleteAll(context, kind, [live], options)[0]!;
  const body = !isGone
    ? left
    : isNamespaces(kind)
    ? terminating(left, timeText(context.clock.now()))
    : answersWithDeleted(kind)
    ? left
    : success(kind, live);
  return { code: 200, body, warnings: [] };
}

/** DELETE of a collection; the answer is the list of what it was. */
export function deleteObjects(context: VerbContext, request: VerbRequest): VerbAnswer {
  const { kind, namespace } = request;
  const options = readDeleteOptions(request.query, request.body);
  const scope = scopeOf(kind, namespace);
  const page = listPage(context.store, scope, readListOptions(request));
  deleteAll(context, kind, page.objects, options);
  return { code: 200, body: listBody(kind, scope, page), warnings: [] };
}

/** Deletes objects that are as the client thinks, all or none, and what goes with them. */
function deleteAll(context: VerbContext, kind: Kind, all: readonly ApiObject[], options: DeleteOptions): Removed[] {
  // What is in a namespace goes whatever the policy.
  const policy = isNamespaces(kind) ? "Background" : options.policy;
  const { dryRun } = options;
  for (const live of all) mustHold(kind, live, options);
  const removed = all.map((live) => remove(context, kind, live, { dryRun, policy }));
  if (dryRun) return removed;
  removeContents(context, kind, removed.filter(({ isGone }) => isGone).map(({ left }) => left));
  removed.forEach(({ left, isGone }, index) => {
    // One that was being deleted before is held by what it was deleted with then.
    if (!isGone && left !== all[index]) release(context, kind, left, policy);
  });
  return removed;
}

function success(kind: Kind, { metadata: { name, uid } }: ApiObject): JsonObject {
  const group: JsonObject = kind.group === "" ? {} : { group: kind.group };
  const details: JsonObject = { name, ...group, kind: kind.plural, uid: uid ?? "" };
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
}

function mustHold(kind: Kind, { metadata }: ApiObject, { uid, resourceVersion }: DeleteOptions): void {
  const { name } = metadata;
  const refuse = (why: string) => {
    const what = kind.group === "" ? kind.kind : `${kind.kind}.${kind.group}`;
    const group = kind.group === "" ? {} : { group: kind.group };
    const message = `Operation cannot be fulfilled on ${what} "${name}": ${why}`;
    return new StatusError(409, "Conflict", message, { name, ...group, kind: kind.kind });
  };
  if (uid !== undefined && uid !== metadata["uid"]) {
    throw refuse(
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata["uid"]}). ` +
        "The object might have been deleted and then recreated",
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata["resourceVersion"]) {
    throw refuse(
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record ` +
        `(${metadata["resourceVersion"]}). The object might have been modified`,
    );
  }
}
