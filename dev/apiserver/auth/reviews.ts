/** Objects that are only created, and answered: who am I, may I, give me a token. */
import { type User, userInfo } from "./authenticator.ts";
import type { Kind } from "../kind.ts";
import { isJsonObject, type Json, type JsonObject } from "../object.ts";
import { goTypeName } from "../patch/json_value.ts";
import type { Review } from "../http/router.ts";
import { ISSUER } from "./service_account_token.ts";
import { badRequest, invalid } from "../status_error.ts";

/** What a body is checked against. */
export type BuiltInName = Pick<Kind, "group" | "version" | "kind" | "builtIn" | "namespaced">;

function builtIn(group: string, kind: string): BuiltInName {
  return { group, version: "v1", kind, builtIn: true, namespaced: false };
}

/** TokenRequest. */
export const TOKEN_REQUEST: BuiltInName = builtIn("authentication.k8s.io", "TokenRequest");

/** Each review by its name. */
export const REVIEW_KINDS: Readonly<Record<Review, BuiltInName>> = {
  SelfSubjectReview: builtIn("authentication.k8s.io", "SelfSubjectReview"),
  SelfSubjectAccessReview: builtIn("authorization.k8s.io", "SelfSubjectAccessReview"),
  SelfSubjectRulesReview: builtIn("authorization.k8s.io", "SelfSubjectRulesReview"),
};

const ALL_ALLOWED: JsonObject = {
  resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }],
  nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
  incomplete: false,
};

/** What a review answers: everything is allowed to everybody who could ask. */
export function reviewed(review: Review, object: JsonObject, user: User, nowMs: number): JsonObject {
  const { apiVersion, kind } = object as { apiVersion: string; kind: string };
  if (review === "SelfSubjectReview") {
    const creationTimestamp = goTime(nowMs);
    return { kind, apiVersion, metadata: { creationTimestamp }, status: { userInfo: userInfo(user) } };
  }
  const spec = specOf(object, review);
  if (review === "SelfSubjectRulesReview") {
    if (typeof spec.namespace !== "string" || spec.namespace === "") throw badRequest("no namespace on request");
    return { kind, apiVersion, metadata: {}, spec: {}, status: structuredClone(ALL_ALLOWED) };
  }
  if (isJsonObject(spec.resourceAttributes) === isJsonObject(spec.nonResourceAttributes)) {
    const message = "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified";
    throw invalid({ group: "authorization.k8s.io", kind: "" }, "", [
      { reason: "FieldValueInvalid", field: "spec.resourceAttributes", message },
    ]);
  }
  return { kind, apiVersion, metadata: {}, spec, status: { allowed: true } };
}

function specOf({ spec = null }: JsonObject, kind: string): JsonObject {
  if (spec === null) return {};
  if (isJsonObject(spec)) return spec;
  const where = `Go struct field ${kind}.spec of type v1.${kind}Spec`;
  const text = `${kind} in version "v1" cannot be handled as a ${kind}: json: cannot unmarshal ${goTypeName(spec)}`;
  throw badRequest(`${text} into ${where}`);
}

/** A time as Kubernetes writes it. */
export function goTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/** What a TokenRequest asks for. */
export interface TokenTerms {
  readonly audiences: readonly string[];
  readonly seconds: number;
  /** What the token is to live and die with. */
  readonly bound: JsonObject | undefined;
}

const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;
const DEFAULT_SECONDS = 3600;

/**
 * What a TokenRequest for the ServiceAccount `name` asks for.
 * @throws {StatusError} 400 or 422 in Kubernetes' words
 */
export function tokenTerms(request: JsonObject, name: string): TokenTerms {
  const spec = specOf(request, "TokenRequest");
  const sentName = isJsonObject(request.metadata) ? request.metadata.name ?? "" : "";
  if (sentName !== "" && sentName !== name) {
    const rule = "must match the service account name if specified";
    throw refused(name, "metadata.name", `${JSON.stringify(sentName)}: ${rule}`);
  }
  const seconds = spec.expirationSeconds ?? DEFAULT_SECONDS;
  if (typeof seconds !== "number" || !Number.isInteger(seconds)) throw mistyped(seconds, "expirationSeconds", "int64");
  const audiences = spec.audiences ?? [];
  if (!Array.isArray(audiences)) throw mistyped(audiences, "audiences", "[]string");
  for (const audience of audiences) if (typeof audience !== "string") throw mistyped(audience, "audiences", "string");
  const bound = isJsonObject(spec.boundObjectRef) ? spec.boundObjectRef : undefined;
  return { seconds, audiences: audiences.length === 0 ? [ISSUER] : audiences as string[], bound };
}

/**
 * Refuses what no token can have.
 * @throws {StatusError} 400 or 422 in Kubernetes' words
 */
export function mustBeGrantable({ seconds, bound }: TokenTerms): void {
  const rule = seconds < MIN_SECONDS
    ? "may not specify a duration less than 10 minutes"
    : seconds > MAX_SECONDS
    ? "may not specify a duration larger than 2^32 seconds"
    : undefined;
  if (rule !== undefined) throw refused("", "spec.expirationSeconds", `${seconds}: ${rule}`);
  if (bound === undefined) return;
  const [version, group = ""] = String(bound.apiVersion ?? "").split("/").reverse();
  throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${bound.kind ?? ""}`);
}

function refused(name: string, field: string, detail: string) {
  const message = `Invalid value: ${detail}`;
  return invalid(TOKEN_REQUEST, name, [{ reason: "FieldValueInvalid", field, message }]);
}

function mistyped(value: Json, field: string, type: string) {
  const shown = typeof value === "number" && type === "int64" ? `number ${value}` : goTypeName(value);
  const where = `Go struct field TokenRequestSpec.spec.${field} of type ${type}`;
  const text = `TokenRequest in version "v1" cannot be handled as a TokenRequest: json: cannot unmarshal ${shown}`;
  return badRequest(`${text} into ${where}`);
}
