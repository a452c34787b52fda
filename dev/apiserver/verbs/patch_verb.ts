/** PATCH of an object or of its status. */
import { admit } from "./admission.ts";
import { serverSideApply } from "../apply/server_side_apply.ts";
import { mustHaveNamespace, setMetadata, storeNew } from "./create_verb.ts";
import { goJson, invalidValue } from "../schema/field_error.ts";
import { apiVersionOf, type Kind } from "../kind.ts";
import { metadataWarnings } from "../schema/metadata_validate.ts";
import { type ApiObject, isJsonObject, type JsonObject } from "../object.ts";
import { jsonPatch } from "../patch/json_patch.ts";
import { mergePatch } from "../patch/merge_patch.ts";
import { strategicMerge } from "../patch/strategic_merge.ts";
import { unsupportedMediaType } from "../http/refusals.ts";
import { mustGet, scopeOf } from "../store/scope_of.ts";
import { checkSentObject } from "../http/sent_object.ts";
import { badRequest, conflict, invalid, notFound, type StatusError } from "../status_error.ts";
import { timeText } from "./time_text.ts";
import { replace } from "./update_verb.ts";
import type { VerbAnswer, VerbContext, VerbRequest } from "./verb_types.ts";
import { readWriteOptions } from "./write_options.ts";

const APPLY = "application/apply-patch+yaml";

/** PATCH. */
export function patchObject(context: VerbContext, request: VerbRequest): VerbAnswer {
  if (request.contentType === APPLY) return applyObject(context, request);
  const { kind } = request;
  const options = readWriteOptions("PatchOptions", request.query, request);
  const live = mustGet(context.store, request);
  // What is stored is never changed, and a patch may share parts of it with its result.
  const result = patched(request, live);
  mustKeepVersion(kind, result, live);
  const sent = checked(context, request, structuredClone(result));
  const refuse = (problem: string) => unreadablePatch(result, problem);
  const warnings = admit(kind, sent, { fieldValidation: options.fieldValidation, refuse });
  warnings.push(...metadataWarnings(kind, sent, live));
  return { code: 200, body: replace(context, request, { live, sent }, options), warnings };
}

function patched({ kind, body = null, contentType }: VerbRequest, live: ApiObject): JsonObject {
  switch (contentType) {
    case "application/json-patch+json":
      return jsonPatch(live, body);
    case "application/merge-patch+json":
      return mergePatch(live, body);
    case "application/strategic-merge-patch+json":
      if (kind.builtIn) return strategicMerge(live, body, kind.schema);
  }
  throw unsupportedMediaType(acceptedPatches(kind));
}

/** The real server shows what the patch made, and forgets to say of which object. */
function unreadablePatch(result: JsonObject, problem: string): StatusError {
  const metadata: JsonObject = isJsonObject(result["metadata"]) ? { ...result["metadata"] } : {};
  delete metadata["managedFields"];
  return invalid({ group: "", kind: "" }, "", [invalidValue("patch", goJson({ ...result, metadata }), problem)]);
}

/** A patch that changes apiVersion is refused in other words than an object that has another one. */
function mustKeepVersion(kind: Kind, { apiVersion, kind: sentKind }: JsonObject, live: ApiObject): void {
  if (kind.builtIn || apiVersion === live.apiVersion) return;
  const [version = "", group = ""] = String(apiVersion ?? "").split("/").reverse();
  const why = invalidValue("apiVersion", `${group === "" ? "" : `${group}/`}${version}`, `must be ${live.apiVersion}`);
  throw invalid({ group, kind: String(sentKind ?? "") }, live.metadata.name, [why]);
}

function acceptedPatches(kind: Kind): string[] {
  const strategic = kind.builtIn ? ["application/strategic-merge-patch+json"] : [];
  return ["application/json-patch+json", "application/merge-patch+json", ...strategic, APPLY];
}

function checked({ kinds }: VerbContext, { kind, namespace, name }: VerbRequest, object: JsonObject): ApiObject {
  const expected = { kind, ...(namespace === undefined ? {} : { namespace }), ...(name === undefined ? {} : { name }) };
  return checkSentObject(expected, { object, shown: "" }, kinds);
}

/** Server-side apply: creates the object where there is none. */
function applyObject(context: VerbContext, request: VerbRequest): VerbAnswer {
  const { kind, namespace, name = "", status = false, body = null } = request;
  const options = readWriteOptions("PatchOptions", request.query, { ...request, apply: true });
  if (!isJsonObject(body)) throw badRequest("error decoding YAML: the body of an apply is an object");
  if (body["apiVersion"] !== apiVersionOf(kind) || body["kind"] !== kind.kind) throw wrongType(body);
  const config = checked(context, request, body);
  const live = context.store.get(scopeOf(kind, namespace), name);
  if (live === undefined && status) throw notFound(kind, name);
  const { uid, managedFields } = config.metadata;
  if (managedFields !== undefined) throw badRequest("metadata.managedFields must be nil");
  if (live === undefined && uid !== undefined) {
    const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
    throw conflict(kind, name, why);
  }
  const time = timeText(context.clock.now());
  const { manager, force } = options;
  const subresource = status ? "status" : "";
  // Defaults come after it: they are nobody's wish.
  const applied = structuredClone(serverSideApply({ kind, live, config, manager, force, subresource, time }));
  const warnings = admit(kind, applied, { fieldValidation: options.fieldValidation });
  warnings.push(...metadataWarnings(kind, applied, live));
  if (live !== undefined) {
    return { code: 200, body: replace(context, request, { live, sent: applied, isTracked: true }, options), warnings };
  }
  mustHaveNamespace(context, request);
  setMetadata(context, request, applied, time);
  return { code: 201, body: storeNew(context, request, applied, options), warnings };
}

function wrongType({ apiVersion, kind }: JsonObject): StatusError {
  const [version = "", group = ""] = String(apiVersion ?? "").split("/").reverse();
  return badRequest(`invalid object type: ${group}/${version}, Kind=${kind ?? ""}`);
}
