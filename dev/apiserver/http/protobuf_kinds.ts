/**
 * Field numbers of what kubectl sends as protobuf (generated.proto of k8s.io/api and k8s.io/apimachinery), as far as its
 * commands fill them; a message that has more is refused.
 */
import type { Field, FieldType, Message } from "./protobuf.ts";

/** Fields as `NUMBER: "name type"`, in short; `[]` after a name is a list, `?` a field whose zero value counts. */
function message(fields: Readonly<Record<number, string>>, types: Readonly<Record<string, Message>> = {}): Message {
  return new Map(
    Object.entries(fields).map(([number, text]): [number, Field] => {
      const [, name = "", list, optional, type = ""] = /^(\w+)(\[\])?(\?)? (\w+)$/.exec(text) ?? [];
      const field = { name, type: types[type] ?? type as FieldType };
      return [Number(number), { ...field, list: list !== undefined, optional: optional !== undefined }];
    }),
  );
}

const ownerReference = message({
  1: "kind text",
  3: "name text",
  4: "uid text",
  5: "apiVersion text",
  6: "controller? flag",
  7: "blockOwnerDeletion? flag",
});
const metadata = message({
  1: "name text",
  2: "generateName text",
  3: "namespace text",
  4: "selfLink text",
  5: "uid text",
  6: "resourceVersion text",
  7: "generation number",
  8: "creationTimestamp time",
  9: "deletionTimestamp time",
  10: "deletionGracePeriodSeconds? number",
  11: "labels texts",
  12: "annotations texts",
  13: "ownerReferences[] ownerReference",
  14: "finalizers[] text",
}, { ownerReference });

const configMap = message(
  { 1: "metadata metadata", 2: "data texts", 3: "binaryData blobs", 4: "immutable? flag" },
  { metadata },
);
const secret = message(
  { 1: "metadata metadata", 2: "data blobs", 3: "type text", 4: "stringData texts", 5: "immutable? flag" },
  { metadata },
);
const namespace = message({ 1: "metadata metadata", 2: "spec spec", 3: "status status" }, {
  metadata,
  spec: message({ 1: "finalizers[] text" }),
  status: message({ 1: "phase text" }),
});
const serviceAccount = message({
  1: "metadata metadata",
  2: "secrets[] object",
  3: "imagePullSecrets[] local",
  4: "automountServiceAccountToken? flag",
}, {
  metadata,
  object: message({ 1: "kind text", 2: "namespace text", 3: "name text", 4: "uid text", 5: "apiVersion text" }),
  local: message({ 1: "name text" }),
});

const servicePort = message({
  1: "name text",
  2: "protocol text",
  3: "port number",
  4: "targetPort intOrText",
  5: "nodePort number",
  6: "appProtocol? text",
});
const service = message({ 1: "metadata metadata", 2: "spec spec" }, {
  metadata,
  spec: message({
    1: "ports[] port",
    2: "selector texts",
    3: "clusterIP text",
    4: "type text",
    5: "externalIPs[] text",
    7: "sessionAffinity text",
    8: "loadBalancerIP text",
    9: "loadBalancerSourceRanges[] text",
    10: "externalName text",
    11: "externalTrafficPolicy text",
    12: "healthCheckNodePort number",
    13: "publishNotReadyAddresses flag",
    17: "ipFamilyPolicy? text",
    18: "clusterIPs[] text",
    19: "ipFamilies[] text",
    22: "internalTrafficPolicy? text",
  }, { port: servicePort }),
});

const container = message({
  1: "name text",
  2: "image text",
  3: "command[] text",
  4: "args[] text",
  5: "workingDir text",
  6: "ports[] port",
  14: "imagePullPolicy text",
}, {
  port: message({
    1: "name text",
    2: "hostPort number",
    3: "containerPort number",
    4: "protocol text",
    5: "hostIP text",
  }),
});
const podTemplate = message({ 1: "metadata metadata", 2: "spec spec" }, {
  metadata,
  spec: message({ 2: "containers[] container", 3: "restartPolicy text" }, { container }),
});
const deployment = message({ 1: "metadata metadata", 2: "spec spec" }, {
  metadata,
  spec: message({
    1: "replicas? number",
    2: "selector selector",
    3: "template template",
    4: "strategy strategy",
    5: "minReadySeconds number",
    6: "revisionHistoryLimit? number",
    7: "paused flag",
    9: "progressDeadlineSeconds? number",
  }, {
    selector: message({ 1: "matchLabels texts" }),
    template: podTemplate,
    strategy: message({ 1: "type text" }),
  }),
});

const tokenRequest = message({ 1: "metadata metadata", 2: "spec spec" }, {
  metadata,
  spec: message({ 1: "audiences[] text", 3: "boundObjectRef? bound", 4: "expirationSeconds? number" }, {
    bound: message({ 1: "kind text", 2: "apiVersion text", 3: "name text", 4: "uid text" }),
  }),
});
const selfSubjectReview = message({ 1: "metadata metadata" }, { metadata });
const selfSubjectAccessReview = message({ 1: "metadata metadata", 2: "spec spec" }, {
  metadata,
  spec: message({ 1: "resourceAttributes? resource", 2: "nonResourceAttributes? other" }, {
    resource: message({
      1: "namespace text",
      2: "verb text",
      3: "group text",
      4: "version text",
      5: "resource text",
      6: "subresource text",
      7: "name text",
    }),
    other: message({ 1: "path text", 2: "verb text" }),
  }),
});
const selfSubjectRulesReview = message({ 1: "metadata metadata", 2: "spec spec" }, {
  metadata,
  spec: message({ 1: "namespace text" }),
});
const deleteOptions = message({
  1: "gracePeriodSeconds? number",
  2: "preconditions preconditions",
  3: "orphanDependents? flag",
  4: "propagationPolicy? text",
  5: "dryRun[] text",
}, { preconditions: message({ 1: "uid? text", 2: "resourceVersion? text" }) });

/** The message of each kind that can be read. */
export const MESSAGES: ReadonlyMap<string, Message> = new Map([
  ["v1, Kind=ConfigMap", configMap],
  ["v1, Kind=Namespace", namespace],
  ["v1, Kind=Secret", secret],
  ["v1, Kind=Service", service],
  ["v1, Kind=ServiceAccount", serviceAccount],
  ["v1, Kind=DeleteOptions", deleteOptions],
  ["apps/v1, Kind=Deployment", deployment],
  ["authentication.k8s.io/v1, Kind=SelfSubjectReview", selfSubjectReview],
  ["authentication.k8s.io/v1, Kind=TokenRequest", tokenRequest],
  ["authorization.k8s.io/v1, Kind=SelfSubjectAccessReview", selfSubjectAccessReview],
  ["authorization.k8s.io/v1, Kind=SelfSubjectRulesReview", selfSubjectRulesReview],
]);
