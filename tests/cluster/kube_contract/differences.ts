/** Where dev/apiserver differs from kube-apiserver on purpose. */

const NO_PROTOBUF = "it speaks JSON and YAML alone, no protobuf";
const OTHER_YAML = "another YAML parser words errors its own way; kubectl reads YAML itself";

/** Name of a case to the reason. */
export const DIFFERENCES: ReadonlyMap<string, string> = new Map([
  ["Namespaces have a finalize subresource", "no controllers: a namespace goes at once"],
  ["Deployments have a scale subresource", "nothing runs Deployments"],
  ["Node: a new one is tainted until it is ready", "no admission plugins"],
  ["propagationPolicy Foreground leaves a finalizer to the garbage collector", "no garbage collector"],
  ["TokenReview knows a token of a ServiceAccount", "no other servers that would ask"],
  ["a request without a token is anonymous and may do nothing", "nobody is anonymous: 401 without the token"],
  ["protobuf comes where it is asked for", NO_PROTOBUF],
  ["a form that nobody speaks is not acceptable", NO_PROTOBUF],
  ["a type that nobody speaks is not acceptable", NO_PROTOBUF],
  ["apply of broken YAML", OTHER_YAML],
  ["bad YAML", OTHER_YAML],
  ["rules in CEL are kept", "it has no CEL: what breaks only such a rule is accepted, and named by metalman"],
]);
