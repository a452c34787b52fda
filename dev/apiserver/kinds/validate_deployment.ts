/** Rules of Deployments and of the pods they run. */
import { duplicate, forbidden, goJson, invalidValue, notSupported, requiredValue } from "../schema/field_error.ts";
import { labelKeyProblems } from "../verbs/label_names.ts";
import { labelErrors } from "../schema/metadata_validate.ts";
import { type ApiObject, isJsonObject, type Json, type JsonObject } from "../object.ts";
import { dnsLabelProblems } from "../schema/object_names.ts";
import type { FieldError } from "../status_error.ts";
import { objectIn, objectsIn } from "./default_pod.ts";

const text = (value: Json | undefined) => typeof value === "string" ? value : "";
const texts = (value: Json | undefined) => Array.isArray(value) ? value.map(text) : [];

function expressionErrors(expression: JsonObject, field: string): FieldError[] {
  const operator = text(expression.operator);
  const values = texts(expression.values);
  const errors: FieldError[] = [];
  if (operator === "In" || operator === "NotIn") {
    const detail = "must be specified when `operator` is 'In' or 'NotIn'";
    if (values.length === 0) errors.push(requiredValue(`${field}.values`, detail));
  } else if (operator === "Exists" || operator === "DoesNotExist") {
    const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
    if (values.length > 0) errors.push(forbidden(`${field}.values`, detail));
  } else errors.push(invalidValue(`${field}.operator`, operator, "not a valid selector operator"));
  const key = text(expression.key);
  return [...errors, ...labelKeyProblems(key).map((problem) => invalidValue(`${field}.key`, key, problem))];
}

function holds({ key, operator, values }: JsonObject, labels: JsonObject): boolean {
  const value = labels[text(key)];
  if (operator === "Exists") return value !== undefined;
  if (operator === "DoesNotExist") return value === undefined;
  const listed = value !== undefined && texts(values).includes(text(value));
  return operator === "In" ? listed : !listed;
}

const expressionsOf = (selector: JsonObject) => objectsIn(selector, "matchExpressions");

function matches(selector: JsonObject, labels: JsonObject): boolean {
  const exact = Object.entries(objectIn({ ...selector }, "matchLabels"));
  return exact.every(([key, value]) => labels[key] === value) &&
    expressionsOf(selector).every((expression) => holds(expression, labels));
}

function selectorErrors(spec: JsonObject): FieldError[] {
  const labels = objectIn(objectIn({ ...objectIn({ ...spec }, "template") }, "metadata"), "labels");
  const field = "spec.template.metadata.labels";
  const shown = Object.keys(labels).length === 0 ? null : labels;
  const differs = invalidValue(field, shown, "`selector` does not match template `labels`");
  if (spec.selector === undefined) return [requiredValue("spec.selector"), differs];
  const selector = objectIn({ ...spec }, "selector");
  const errors = [
    ...labelErrors(selector.matchLabels, "spec.selector.matchLabels"),
    ...expressionsOf(selector).flatMap((one, at) => expressionErrors(one, `spec.selector.matchExpressions[${at}]`)),
  ];
  const isEmpty = Object.keys(objectIn({ ...selector }, "matchLabels")).length + expressionsOf(selector).length === 0;
  if (isEmpty) errors.push(invalidValue("spec.selector", selector, "empty selector is invalid for deployment"));
  if (errors.length > 0 && !isEmpty) {
    const message = `Invalid value: ${goJson(selector)}: invalid label selector`;
    errors.push({ reason: "FieldValueInvalid", field: "spec.selector", message });
  } else if (!isEmpty && !matches(selector, labels)) errors.push(differs);
  return errors;
}

function containerErrors(container: JsonObject, field: string): FieldError[] {
  const name = text(container.name);
  const errors = name === ""
    ? [requiredValue(`${field}.name`)]
    : dnsLabelProblems(name).map((problem) => invalidValue(`${field}.name`, name, problem));
  if (text(container.image) === "") errors.push(requiredValue(`${field}.image`));
  objectsIn(container, "ports").forEach((port, index) => {
    const where = `${field}.ports[${index}].containerPort`;
    const number = Number(port.containerPort ?? 0);
    if (number === 0) errors.push(requiredValue(where));
    else if (number < 1 || number > 65_535) {
      errors.push(invalidValue(where, number, "must be between 1 and 65535, inclusive"));
    }
  });
  objectsIn(container, "env").forEach((variable, index) => {
    if (text(variable.name) === "") errors.push(requiredValue(`${field}.env[${index}].name`));
  });
  return errors;
}

function podErrors(pod: JsonObject, path: string): FieldError[] {
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  for (const list of ["initContainers", "containers"]) {
    objectsIn(pod, list).forEach((container, index) => {
      const field = `${path}.${list}[${index}]`;
      errors.push(...containerErrors(container, field));
      const name = text(container.name);
      if (name !== "" && seen.has(name)) errors.push(duplicate(`${field}.name`, name));
      seen.add(name);
    });
  }
  if (objectsIn(pod, "containers").length === 0) errors.unshift(requiredValue(`${path}.containers`));
  const restart = text(pod.restartPolicy);
  if (restart === "Never" || restart === "OnFailure") {
    errors.push(notSupported(`${path}.restartPolicy`, restart, ["Always"]));
  }
  return errors;
}

function strategyErrors(strategy: JsonObject): FieldError[] {
  const { type, rollingUpdate } = strategy;
  if (type === "Recreate" && rollingUpdate !== undefined) {
    return [forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")];
  }
  if (type === "Recreate" || type === "RollingUpdate") return [];
  // Texts show the Go value.
  const rolling = isJsonObject(rollingUpdate)
    ? { MaxUnavailable: rollingUpdate.maxUnavailable ?? 0, MaxSurge: rollingUpdate.maxSurge ?? 0 }
    : null;
  const shown = JSON.stringify({ Type: type ?? "", RollingUpdate: rolling });
  const message = `Unsupported value: ${shown}: supported values: "Recreate", "RollingUpdate"`;
  return [{ reason: "FieldValueNotSupported", field: "spec.strategy", message }];
}

/** What is wrong with a Deployment; its defaults are set. */
export function validateDeployment(deployment: ApiObject, before?: ApiObject): FieldError[] {
  const spec = objectIn({ ...deployment }, "spec");
  const template = objectIn({ ...spec }, "template");
  const errors: FieldError[] = [];
  const replicas = spec.replicas ?? 0;
  if (Number(replicas) < 0) errors.push(invalidValue("spec.replicas", replicas, "must be greater than or equal to 0"));
  errors.push(...selectorErrors(spec), ...strategyErrors(objectIn({ ...spec }, "strategy")));
  const { labels } = objectIn({ ...template }, "metadata");
  errors.push(...labelErrors(labels, "spec.template.metadata.labels"));
  errors.push(...podErrors(objectIn({ ...template }, "spec"), "spec.template.spec"));
  const was = before === undefined ? undefined : objectIn({ ...before }, "spec").selector;
  if (was !== undefined && goJson(was) !== goJson(spec.selector ?? null)) {
    errors.push(invalidValue("spec.selector", spec.selector ?? null, "field is immutable"));
  }
  return errors;
}
