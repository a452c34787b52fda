/** Rules of built-in kinds beyond the shape of their fields, in the words of the real server. */
import { invalidValue, notSupported, requiredValue } from "../schema/field_error.ts";
import type { Kind } from "../kind.ts";
import { labelKeyProblems } from "../verbs/label_names.ts";
import { type ApiObject, isJsonObject, type Json } from "../object.ts";
import type { Schema } from "../schema/schema.ts";
import { fieldSchema } from "../schema/schema_default.ts";
import type { FieldError } from "../status_error.ts";
import { objectIn, objectsIn } from "./default_pod.ts";
import { validateConfigMap, validateSecret } from "./validate_data.ts";
import { validateDeployment } from "./validate_deployment.ts";
import { validateService } from "./validate_service.ts";

function validateLease(lease: ApiObject): FieldError[] {
  const { leaseDurationSeconds, leaseTransitions } = objectIn({ ...lease }, "spec");
  const errors: FieldError[] = [];
  if (typeof leaseDurationSeconds === "number" && leaseDurationSeconds <= 0) {
    errors.push(invalidValue("spec.leaseDurationSeconds", leaseDurationSeconds, "must be greater than 0"));
  }
  if (typeof leaseTransitions === "number" && leaseTransitions < 0) {
    errors.push(invalidValue("spec.leaseTransitions", leaseTransitions, "must be greater than or equal to 0"));
  }
  return errors;
}

/** An Event is in the namespace of what it is about; of what is in none it is in `default`. */
function validateEvent(event: ApiObject): FieldError[] {
  const about = objectIn({ ...event }, "involvedObject").namespace ?? "";
  const own = event.metadata["namespace"] ?? "";
  if (about === own || about === "" && (own === "default" || own === "kube-system")) return [];
  return [invalidValue("involvedObject.namespace", about, "does not match event.namespace")];
}

const EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

function validateNode(node: ApiObject): FieldError[] {
  return objectsIn(objectIn({ ...node }, "spec"), "taints").flatMap(({ key = "", effect = "" }, index) => {
    // This is what the real server calls it.
    const field = `metadata.taints[${index}]`;
    const errors = labelKeyProblems(String(key)).map((problem) => invalidValue(`${field}.key`, key, problem));
    if (effect === "") errors.push(requiredValue(`${field}.effect`));
    else if (!EFFECTS.includes(String(effect))) errors.push(notSupported(`${field}.effect`, effect, EFFECTS));
    return errors;
  });
}

const RULES: Readonly<Record<string, (object: ApiObject, before?: ApiObject) => FieldError[]>> = {
  ConfigMap: validateConfigMap,
  Secret: validateSecret,
  Service: validateService,
  Deployment: validateDeployment,
  Lease: validateLease,
  Event: validateEvent,
  Node: validateNode,
};

/** Fields whose enumeration a rule of the kind reports in other words. */
const OWN_WORDS = /^spec\.(strategy\.type$|taints\[)/;

function enumErrors(value: Json, schema: Schema, path: string): FieldError[] {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? [] : value.flatMap((item, index) => enumErrors(item, items, `${path}[${index}]`));
  }
  if (isJsonObject(value)) {
    return Object.entries(value).flatMap(([field, inner]) => {
      const known = fieldSchema(schema, field);
      return known === undefined ? [] : enumErrors(inner, known, path === "" ? field : `${path}.${field}`);
    });
  }
  const { enum: allowed } = schema;
  if (allowed === undefined || value === null || allowed.includes(value) || OWN_WORDS.test(path)) return [];
  return [notSupported(path, value, allowed.map(String))];
}

/**
 * What is wrong with an object of a built-in kind, and with the change when there was one before. It takes the place of
 * {@link validate} there: the shape has been checked before, and the rest is said in other words than of CustomResourceDefinitions.
 */
export function validateKind(kind: Kind, object: ApiObject, before?: ApiObject): FieldError[] {
  if (!kind.builtIn) return [];
  return [...(RULES[kind.kind]?.(object, before) ?? []), ...enumErrors(object, kind.schema, "")];
}
