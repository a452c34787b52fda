/** The kinds that come with Kubernetes, as far as they are served. */
import type { Kind } from "../kind.ts";
import type { Schema } from "../schema/schema.ts";
import { columnsOf } from "../table/table_cells.ts";
import { definition } from "./definitions.ts";

/** Name, its definition, and what discovery says of it. */
interface BuiltIn {
  readonly definition: string;
  readonly group?: string;
  readonly plural: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly clusterScoped?: boolean;
  readonly status?: boolean;
  readonly description: string;
  readonly fields?: Readonly<Record<string, string>>;
}

const BUILT_IN: readonly BuiltIn[] = [
  {
    definition: "core.v1.ConfigMap",
    plural: "configmaps",
    shortNames: ["cm"],
    description: "Settings and small files that programs read.",
    fields: {
      data: "Texts by key.",
      binaryData: "Bytes by key, in base64.",
      immutable: "Whether data can no longer be changed.",
    },
  },
  {
    definition: "core.v1.Event",
    plural: "events",
    shortNames: ["ev"],
    description: "Something that happened to an object.",
    fields: {
      involvedObject: "What it happened to.",
      reason: "Why, in one word.",
      message: "What happened, for people.",
      type: "Normal or Warning.",
      count: "How often it happened.",
    },
  },
  {
    definition: "core.v1.Namespace",
    plural: "namespaces",
    shortNames: ["ns"],
    clusterScoped: true,
    status: true,
    description: "Keeps the names of one group of objects apart from those of others.",
    fields: { spec: "What the namespace should be.", status: "What was seen of it." },
  },
  {
    definition: "core.v1.Node",
    plural: "nodes",
    shortNames: ["no"],
    clusterScoped: true,
    status: true,
    description: "A machine of the cluster.",
    fields: { spec: "What the node should be.", status: "What was seen of it." },
  },
  {
    definition: "core.v1.Secret",
    plural: "secrets",
    description: "A ConfigMap for what not everybody may read: passwords, tokens, keys.",
    fields: {
      data: "Bytes by key, in base64.",
      stringData: "Texts by key, for writing: they become data.",
      type: "What kind of secret it is, such as kubernetes.io/tls.",
      immutable: "Whether data can no longer be changed.",
    },
  },
  {
    definition: "core.v1.Service",
    plural: "services",
    shortNames: ["svc"],
    categories: ["all"],
    status: true,
    description: "A name and address for what runs on several machines.",
    fields: { spec: "What the service should be.", status: "What was seen of it." },
  },
  {
    definition: "core.v1.ServiceAccount",
    plural: "serviceaccounts",
    shortNames: ["sa"],
    description: "Who a program is.",
    fields: { secrets: "Secrets that its programs may use.", imagePullSecrets: "Credentials of registries." },
  },
  {
    definition: "apps.v1.Deployment",
    group: "apps",
    plural: "deployments",
    shortNames: ["deploy"],
    categories: ["all"],
    status: true,
    description: "Runs a number of pods of one template.",
    fields: { spec: "What should run.", status: "What was seen of it." },
  },
  {
    definition: "coordination.v1.Lease",
    group: "coordination.k8s.io",
    plural: "leases",
    description: "Who leads, and until when.",
    fields: { spec: "Who holds the lease, since when and for how long." },
  },
];

/** Descriptions are our own, of the object and its top fields. */
function described(schema: Schema, { description, fields = {} }: BuiltIn): Schema {
  const properties = Object.entries(schema.properties ?? {}).map(([name, field]) => {
    const text = fields[name];
    return [name, text === undefined ? field : { ...field, description: text }] as const;
  });
  return { ...schema, description, properties: Object.fromEntries(properties) };
}

/** All of them; what their schemas share is there once. */
export function builtInKinds(): Kind[] {
  const known = new Map<string, Schema>();
  return BUILT_IN.map((builtIn) => {
    const kind = builtIn.definition.replace(/^.*\./, "");
    return {
      group: builtIn.group ?? "",
      version: "v1",
      kind,
      plural: builtIn.plural,
      singular: kind.toLowerCase(),
      shortNames: builtIn.shortNames ?? [],
      categories: builtIn.categories ?? [],
      namespaced: builtIn.clusterScoped !== true,
      status: builtIn.status ?? false,
      builtIn: true,
      schema: described(definition(builtIn.definition, known), builtIn),
      columns: columnsOf(kind),
    };
  });
}
