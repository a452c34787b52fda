/** Writes to one object in tests/golden/kube-apply, and how a real kube-apiserver answers them. */
import type { TestApiServer } from "./apiserver.ts";
import { objectPath } from "./manifest.ts";

/** One write. */
export interface Step {
  /** How. */
  readonly verb: "create" | "update" | "json" | "merge" | "strategic" | "apply";
  /** Who. */
  readonly manager: string;
  /** The object without apiVersion, kind and name; or the patch. */
  // deno-lint-ignore no-explicit-any
  readonly body: any;
  /** Of an apply. @default false */
  readonly force?: boolean;
  /** Whether it goes to /status. @default false */
  readonly status?: boolean;
  /** Whether the object stays as it is. @default false */
  readonly dryRun?: boolean;
}

/** A write and its answer. */
export interface Recorded extends Step {
  /** HTTP status. */
  readonly code: number;
  /** The object then, without what differs from run to run. */
  // deno-lint-ignore no-explicit-any
  readonly object?: any;
  /** Of a refusal. */
  readonly message?: string;
  /** Of a refusal. */
  readonly causes?: readonly unknown[];
}

/** A file of tests/golden/kube-apply. */
export interface Sequence {
  /** The file's, and the object's. */
  readonly name: string;
  /** Which server answered. */
  readonly from: string;
  /** apiVersion and kind. */
  readonly type: readonly [apiVersion: string, kind: string];
  /** In order. */
  readonly steps: readonly Recorded[];
}

/** Where a server is, and how to get in. */
export type Server = Pick<TestApiServer, "url" | "ca"> & { readonly token: string };

/** The golden files' folder. */
export const FOLDER: URL = new URL("../golden/kube-apply/", import.meta.url);

/** All of them. */
export function sequences(): Sequence[] {
  const files = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).sort();
  return files.map((file) => ({
    name: file.replace(".json", ""),
    ...JSON.parse(Deno.readTextFileSync(new URL(file, FOLDER))),
  }));
}

const PATCH_TYPES: Readonly<Record<string, string>> = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
};

/** Carries out a sequence on a new object; answers in it do not count. */
export async function record(server: Server, { name, type, steps }: Sequence): Promise<Recorded[]> {
  const [apiVersion, kind] = type;
  const isClusterScoped = kind === "Machine" || kind === "Node";
  const metadata = { name, ...(isClusterScoped ? {} : { namespace: "default" }) };
  const path = objectPath({ apiVersion, kind, metadata });
  using client = Deno.createHttpClient({ caCerts: [server.ca], http2: false });
  const recorded: Recorded[] = [];
  let revision: string | undefined;
  for (const { code: _c, object: _o, message: _m, causes: _r, ...step } of steps) {
    const isObject = !["json", "merge", "strategic"].includes(step.verb);
    const whole = isObject
      ? { apiVersion, kind, ...step.body, metadata: { ...metadata, ...step.body.metadata } }
      : step.body;
    if (step.verb === "update" && revision !== undefined) whole.metadata.resourceVersion = revision;
    const { code, body } = await send(
      { url: server.url, ca: server.ca, token: server.token, client },
      path,
      step,
      whole,
    );
    if (code < 300 && step.dryRun !== true) revision = body.metadata.resourceVersion;
    const causes = body.details?.causes;
    recorded.push(
      code < 300
        ? { ...step, code, object: constant(body) }
        : { ...step, code, message: body.message, ...(causes === undefined ? {} : { causes }) },
    );
  }
  return recorded;
}

async function send(server: Server & { readonly client: Deno.HttpClient }, path: string, step: Step, body: unknown) {
  const query = new URLSearchParams();
  if (step.manager !== "") query.set("fieldManager", step.manager);
  if (step.force) query.set("force", "true");
  if (step.dryRun) query.set("dryRun", "All");
  const isCreate = step.verb === "create";
  const url = isCreate ? path.slice(0, path.lastIndexOf("/")) : step.status ? `${path}/status` : path;
  const response = await fetch(`${server.url}${url}?${query}`, {
    client: server.client,
    method: isCreate ? "POST" : step.verb === "update" ? "PUT" : "PATCH",
    headers: {
      authorization: `Bearer ${server.token}`,
      "content-type": PATCH_TYPES[step.verb] ?? "application/json",
      "user-agent": "unnamed/1",
    },
    body: JSON.stringify(body),
  });
  return { code: response.status, body: await response.json() };
}

/** Without what differs from run to run; whether an owner has a time, not which. */
// deno-lint-ignore no-explicit-any
function constant(object: any): any {
  const { uid: _u, resourceVersion: _r, creationTimestamp: _c, generation: _g, ...metadata } = object.metadata;
  for (const entry of metadata.managedFields ?? []) if (entry.time !== undefined) entry.time = "T";
  metadata.managedFields?.sort((a: Entry, b: Entry) => entryKey(a) < entryKey(b) ? -1 : 1);
  return { ...object, metadata };
}

/** An entry of managedFields. */
export interface Entry {
  /** Who. */
  readonly manager?: string;
  /** How. */
  readonly operation?: string;
  /** Where. */
  readonly subresource?: string;
}

/** Their order where times do not count. */
export function entryKey({ manager, operation, subresource }: Entry): string {
  return `${operation} ${manager} ${subresource}`;
}

/** A write and its answer to compare: kube-apiserver gives the causes of several managers, and the errors of several fields, in any order. */
export function inOrder({ causes, message, ...step }: Recorded): object {
  return {
    ...step,
    ...(message === undefined ? {} : { message: message.split("\n").sort() }),
    ...(causes === undefined ? {} : { causes: sortedCauses(causes) }),
  };
}

/** Causes in an order of their own. */
export function sortedCauses(causes: readonly unknown[]): string[] {
  return causes.map((cause) => JSON.stringify(cause, ["field", "message", "reason"])).sort();
}
