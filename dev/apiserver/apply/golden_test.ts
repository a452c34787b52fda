import { deepEqual, ok } from "node:assert/strict";
import { loadAll } from "js-yaml";
import type { Kind } from "../kind.ts";
import { apiVersionOf } from "../kind.ts";
import { builtInKinds } from "../kinds/built_in.ts";
import { kindsOfCrd } from "../kinds/crd.ts";
import { type ApiObject, isJsonObject, type Json, type JsonObject } from "../object.ts";
import { jsonPatch } from "../patch/json_patch.ts";
import { mergePatch } from "../patch/merge_patch.ts";
import { strategicMerge } from "../patch/strategic_merge.ts";
import { StatusError } from "../status_error.ts";
import {
  type Entry,
  entryKey,
  type Recorded,
  sequences,
  sortedCauses,
} from "../../../tests/peers/kube_apply_record.ts";
import { serverSideApply } from "./server_side_apply.ts";
import { trackUpdate } from "./track_update.ts";

const ROOT = new URL("../../../", import.meta.url);
const crd = loadAll(Deno.readTextFileSync(new URL("deploy/crd.yaml", ROOT)))[0] as JsonObject;
const KINDS = [...builtInKinds(), ...kindsOfCrd(crd)];

/** What kube-apiserver adds after patching and merging. */
const ADDED = new Set([
  ...["progressDeadlineSeconds", "replicas", "revisionHistoryLimit", "strategy", "rollingUpdate", "status", "type"],
  ...["terminationMessagePath", "terminationMessagePolicy", "imagePullPolicy", "resources", "securityContext"],
  ...["dnsPolicy", "restartPolicy", "schedulerName", "terminationGracePeriodSeconds", "protocol", "metadata"],
  ...["managedFields", "annotations", "eventTime", "reportingComponent", "reportingInstance", "deviceID", "key"],
  ...["daemonEndpoints", "nodeInfo", "kubeletEndpoint", "lastHeartbeatTime", "lastTransitionTime", "lastUpdateTime"],
]);

/** Whether the server's object is ours, with what it adds and without what it drops. */
function matches(theirs: Json | undefined, ours: Json | undefined): boolean {
  if (ours === null || ours === undefined) return theirs === undefined || theirs === null || theirs === "";
  if (Array.isArray(ours)) {
    if (!Array.isArray(theirs)) return ours.length === 0 && theirs === undefined;
    return theirs.length === ours.length && ours.every((item, i) => matches(theirs[i], item));
  }
  if (!isJsonObject(ours)) return theirs === ours;
  if (theirs === undefined) return Object.keys(ours).length === 0;
  if (!isJsonObject(theirs)) return false;
  return Object.keys(theirs).every((name) => Object.hasOwn(ours, name) || ADDED.has(name)) &&
    Object.entries(ours).every(([name, value]) => name === "managedFields" || matches(theirs[name], value));
}

function attempt(make: () => ApiObject): { object: ApiObject } | { code: number; message: string; causes?: unknown } {
  try {
    return { object: make() };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const { details } = error.status;
    const causes = isJsonObject(details) ? details.causes : undefined;
    return { code: error.code, message: error.message, ...withCauses(causes) };
  }
}

function withCauses(causes: unknown): { causes?: unknown } {
  return Array.isArray(causes) ? { causes: sortedCauses(causes) } : {};
}

/** managedFields without times, in an order that does not depend on them. */
function owners(object: ApiObject): unknown {
  const entries = (object.metadata.managedFields ?? []) as JsonObject[];
  return entries.map((entry) => entry.time === undefined ? entry : { ...entry, time: "T" })
    .sort((a, b) => entryKey(a as Entry) < entryKey(b as Entry) ? -1 : 1);
}

function written(kind: Kind, live: ApiObject | undefined, step: Recorded): ApiObject {
  const { verb, body } = step;
  switch (verb) {
    case "json":
      return jsonPatch(live!, body) as ApiObject;
    case "merge":
      return mergePatch(live!, body) as ApiObject;
    case "strategic":
      return strategicMerge(live!, body, kind.schema) as ApiObject;
  }
  const metadata = { ...live?.metadata, managedFields: undefined, ...body.metadata };
  if (metadata.managedFields === undefined) delete metadata.managedFields;
  return { apiVersion: apiVersionOf(kind), kind: kind.kind, ...body, metadata };
}

function applied(kind: Kind, live: ApiObject | undefined, step: Recorded, name: string): ApiObject {
  const { body, force = false, status, manager } = step;
  const metadata = { ...(kind.namespaced ? { namespace: "default" } : {}), name, ...body.metadata };
  const config = { apiVersion: apiVersionOf(kind), kind: kind.kind, ...body, metadata } as ApiObject;
  return serverSideApply({ kind, live, config, manager, force, subresource: status ? "status" : "", time: "T" });
}

/** What kube-apiserver refuses after patching and merging: what the object became. */
function isLater({ code, message = "" }: Recorded): boolean {
  return code === 422 && message.includes(" is invalid: ") || code === 409 && message.includes("already exists") ||
    message.includes("was undeterminable");
}

function check(kind: Kind, live: ApiObject | undefined, step: Recorded, name: string): void {
  const isApply = step.verb === "apply";
  const ours = attempt(() => isApply ? applied(kind, live, step, name) : written(kind, live, step));
  if (step.code >= 300) {
    if (isLater(step)) return ok("object" in ours, JSON.stringify(ours));
    const { code, message, causes } = step;
    return deepEqual(ours, { code, message, ...withCauses(causes) });
  }
  ok("object" in ours, JSON.stringify(ours));
  const theirs = step.object as ApiObject;
  if (isApply || !["create", "update"].includes(step.verb)) {
    ok(matches(theirs, ours.object), `${JSON.stringify(ours.object)}\nis not\n${JSON.stringify(theirs)}`);
  }
  if (isApply) return deepEqual(owners(ours.object), owners(theirs));
  const { managedFields: _, ...metadata } = theirs.metadata;
  const sent = ours.object.metadata.managedFields;
  const after = { ...theirs, metadata: { ...metadata, ...(sent === undefined ? {} : { managedFields: sent }) } };
  const manager = step.manager || "unnamed";
  const subresource = step.status ? "status" : "";
  const tracked = trackUpdate({ kind, before: live, after: after as ApiObject, manager, subresource, time: "T" });
  deepEqual(owners(tracked), owners(theirs));
}

for (const { name, type, steps } of sequences()) {
  const kind = KINDS.find((kind) => kind.kind === type[1] && apiVersionOf(kind) === type[0])!;
  Deno.test(`patches, applies and tracks as kube-apiserver: ${name}`, async (t) => {
    let live: ApiObject | undefined;
    for (const [index, step] of steps.entries()) {
      const text = JSON.stringify(step.body).slice(0, 100);
      await t.step(`${index} ${step.verb} by ${step.manager}: ${text}`, () => check(kind, live, step, name));
      if (step.object !== undefined && step.dryRun !== true) live = step.object;
    }
  });
}
