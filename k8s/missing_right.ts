/** A right that somebody does not have: read from the API server's refusal, said in one sentence, with a way to grant it. */
import { shellWord } from "../base/shell_word.ts";

/** Who may not do what. */
export interface MissingRight {
  /** As the server calls them: `system:serviceaccount:NAMESPACE:NAME`, `alice`. */
  readonly user: string;
  /** `list`, `update`. */
  readonly verb: string;
  /** With its subresource and its group: `machines/status`, `leases`. */
  readonly resource: string;
  /** Empty for the core group. */
  readonly group: string;
  /** Of one object alone; absent where none was named. */
  readonly name?: string;
  /** Absent: in all of the cluster. */
  readonly namespace?: string;
}

/** How authorization by RBAC refuses (Kubernetes documentation, Authorization; its words are read back here). */
const REFUSAL =
  /^\S+(?: "(?<name>[^"]*)")? is forbidden: User "(?<user>[^"]*)" cannot (?<verb>\w+) resource "(?<resource>[^"]*)" in API group "(?<group>[^"]*)" (?:at the cluster scope|in the namespace "(?<namespace>[^"]*)")/;

/** Reads a refusal; undefined where it is about something else, or of an authorizer with other words. */
export function missingRight(refusal: string): MissingRight | undefined {
  const { name, user, verb, resource, group, namespace } = REFUSAL.exec(refusal)?.groups ?? {};
  if (user === undefined || verb === undefined || resource === undefined || group === undefined) return;
  return {
    ...{ user, verb, resource, group },
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
  };
}

function account(user: string): readonly [namespace: string, name: string] | undefined {
  const [system, kind, namespace, name, ...rest] = user.split(":");
  const isAccount = system === "system" && kind === "serviceaccount" && rest.length === 0;
  return isAccount && namespace && name ? [namespace, name] : undefined;
}

/** `leases.coordination.k8s.io`, `machines.unbounded-cloud.io/status`. */
function fullName({ resource, group }: MissingRight): string {
  const [plural = "", ...subresource] = resource.split("/");
  return [group === "" ? plural : `${plural}.${group}`, ...subresource].join("/");
}

/** Commands that grant it, and no more. */
export function grantCommand(right: MissingRight): string {
  const { user, verb, resource, name, namespace } = right;
  const kind = namespace === undefined ? "clusterrole" : "role";
  const within = namespace === undefined ? "" : ` -n ${shellWord(namespace)}`;
  const serviceAccount = account(user);
  const to = serviceAccount === undefined
    ? `--user=${shellWord(user)}`
    : `--serviceaccount=${shellWord(serviceAccount.join(":"))}`;
  const role = shellWord(["allow", verb, resource.replace("/", "-"), ...(serviceAccount ?? [])].join("-"));
  // What is created has no name before.
  const only = name === undefined || verb === "create" && !resource.includes("/")
    ? ""
    : ` --resource-name=${shellWord(name)}`;
  return `kubectl create ${kind} ${role}${within} --verb=${verb} --resource=${fullName(right)}${only} && ` +
    `kubectl create ${kind}binding ${role}${within} --${kind}=${role} ${to}`;
}

/** One sentence: who may not do what where, and how to change that. */
export function describeMissingRight(right: MissingRight, command: string): string {
  const { user, verb, name, namespace } = right;
  const serviceAccount = account(user);
  const who = serviceAccount === undefined ? `user "${user}"` : `ServiceAccount ${serviceAccount.join("/")}`;
  const which = name === undefined || name === "" ? "" : ` "${name}"`;
  const where = namespace === undefined ? "in the cluster" : `in namespace ${namespace}`;
  return `${who} may not ${verb} ${fullName(right)}${which} ${where}; to grant it: ${command}`;
}
