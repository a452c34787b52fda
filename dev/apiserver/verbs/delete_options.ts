/** How an object is to be deleted: DeleteOptions in the body, or the same in the query. */
import { invalidValue, notSupported } from "../schema/field_error.ts";
import { NumberError, parseInt64 } from "../schema/go_numbers.ts";
import { isJsonObject, type Json, type JsonObject } from "../object.ts";
import { goTypeName } from "../patch/json_value.ts";
import { badRequest, type FieldError } from "../status_error.ts";
import { dryRunErrors, optionsInvalid } from "./write_options.ts";

/** Dependents go after their owner, before it, or stay. */
export type DeletePolicy = "Background" | "Foreground" | "Orphan";

/** The options of a delete, read and checked. */
export interface DeleteOptions {
  /** Whether nothing is to be deleted. */
  readonly dryRun: boolean;
  /** What becomes of what the object owns. */
  readonly policy: DeletePolicy;
  /** What the object's uid must be. */
  readonly uid?: string;
  /** What the object's resourceVersion must be. */
  readonly resourceVersion?: string;
}

const POLICIES: readonly DeletePolicy[] = ["Foreground", "Background", "Orphan"];

function textOf(value: Json | undefined, field: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  throw badRequest(`json: cannot unmarshal ${typeof value} into Go struct field DeleteOptions.${field} of type string`);
}

/** Nothing here takes its time to stop, so the number counts for nothing; but it must be one. */
function checkGracePeriod(query: URLSearchParams, body: JsonObject | undefined): void {
  const inBody = body?.["gracePeriodSeconds"] ?? undefined;
  if (inBody !== undefined && !Number.isInteger(inBody)) {
    const where = "Go struct field DeleteOptions.gracePeriodSeconds of type int64";
    throw badRequest(`json: cannot unmarshal ${goTypeName(inBody)} into ${where}`);
  }
  const inQuery = query.get("gracePeriodSeconds");
  try {
    if (body === undefined && inQuery !== null) parseInt64(inQuery);
  } catch (error) {
    throw error instanceof NumberError ? badRequest(error.message) : error;
  }
}

/** The scheme of the real server, as its texts name it. */
const SCHEME = 'scheme "pkg/runtime/scheme.go:111"';

/**
 * Reads the options of a delete; those of the body count where there is one.
 * @throws {StatusError} 400 or 422
 */
export function readDeleteOptions(query: URLSearchParams, body: Json | undefined): DeleteOptions {
  if (body !== undefined && !isJsonObject(body)) throw badRequest("json: cannot unmarshal the body into DeleteOptions");
  const kind = body?.["kind"];
  if (kind !== undefined && kind !== "DeleteOptions") {
    throw badRequest(`no kind "${kind}" is registered for version "${body?.["apiVersion"] ?? ""}" in ${SCHEME}`);
  }
  checkGracePeriod(query, body);
  const listed = Array.isArray(body?.["dryRun"]) ? body["dryRun"].map(String) : [];
  const dryRun = body === undefined ? query.getAll("dryRun") : listed;
  const policy = body === undefined
    ? query.get("propagationPolicy") ?? undefined
    : textOf(body["propagationPolicy"], "propagationPolicy");
  const orphanDependents = body?.["orphanDependents"] ?? undefined;
  const errors: FieldError[] = [];
  if (policy !== undefined && orphanDependents !== undefined) {
    const why = "orphanDependents and deletionPropagation cannot be both set";
    errors.push(invalidValue("propagationPolicy", policy, why));
  }
  if (policy !== undefined && !POLICIES.some((one) => one === policy)) {
    errors.push(notSupported("propagationPolicy", policy, [...POLICIES, "nil"]));
  }
  errors.push(...dryRunErrors(dryRun));
  if (errors.length > 0) throw optionsInvalid("DeleteOptions", errors);
  const preconditions = body?.["preconditions"];
  const wanted = isJsonObject(preconditions) ? preconditions : {};
  const uid = textOf(wanted["uid"], "preconditions.uid");
  const resourceVersion = textOf(wanted["resourceVersion"], "preconditions.resourceVersion");
  return {
    dryRun: dryRun.length > 0,
    policy: orphanDependents === true ? "Orphan" : POLICIES.find((one) => one === policy) ?? "Background",
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}
