/** What the server has, as clients ask it: /version, /api, /apis, in the old form and the aggregated one. */
import { apiVersionOf, type Kind } from "../kind.ts";
import type { JsonObject } from "../object.ts";
import { isNamespace, REVIEWS } from "./router.ts";

/** The version of Kubernetes whose API this is. Templates of boot images see it as the cluster's, so it has no more to it. */
export const KUBERNETES_VERSION = "v1.35.0";

/** Of the aggregated form, as a media type's parameters. */
export const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

const BUILT_IN_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const CUSTOM_VERBS = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
const STATUS_VERBS = ["get", "patch", "update"];

/** GET /version. */
export function versionInfo(): JsonObject {
  const [, major = "", minor = ""] = /^v(\d+)\.(\d+)/.exec(KUBERNETES_VERSION) ?? [];
  return {
    major,
    minor,
    gitVersion: KUBERNETES_VERSION,
    gitCommit: "",
    gitTreeState: "clean",
    buildDate: "1970-01-01T00:00:00Z",
    goVersion: "",
    compiler: "",
    platform: "",
  };
}

/** A resource or subresource in discovery. */
interface Entry {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly subresource?: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** Of the kind in requests, where it is of another group. */
  readonly kindGroup?: string;
  /** Whether it comes with Kubernetes. */
  readonly builtIn: boolean;
}

function entriesOf(kind: Kind): Entry[] {
  const all = kind.builtIn ? BUILT_IN_VERBS : CUSTOM_VERBS;
  const whole = { ...kind, verbs: isNamespace(kind) ? all.filter((verb) => verb !== "deletecollection") : all };
  const part = { ...kind, singular: "", shortNames: [], categories: [] };
  const status = kind.status ? [{ ...part, subresource: "status", verbs: STATUS_VERBS }] : [];
  const isTokens = kind.builtIn && kind.kind === "ServiceAccount";
  const token = { subresource: "token", kind: "TokenRequest", kindGroup: "authentication.k8s.io", verbs: ["create"] };
  return [whole, ...status, ...(isTokens ? [{ ...part, ...token }] : [])];
}

const REVIEW_ENTRIES: readonly Entry[] = REVIEWS.map(({ group, plural, review }) => ({
  group,
  version: "v1",
  plural,
  singular: review.toLowerCase(),
  kind: review,
  namespaced: false,
  verbs: ["create"],
  shortNames: [],
  categories: [],
  builtIn: true,
}));

/** v1 before v1beta2 before v1alpha3, newer before older (CustomResourceDefinition versions, "Version priority"). */
function byPriority(a: string, b: string): number {
  const rank = (version: string) => {
    const [, major, stage, step] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version) ?? [];
    if (major === undefined) return [0, 0, 0];
    return [stage === undefined ? 3 : stage === "beta" ? 2 : 1, Number(major), Number(step ?? 0)];
  };
  const [left, right] = [rank(a), rank(b)];
  for (let i = 0; i < 3; i++) if (left[i] !== right[i]) return right[i]! - left[i]!;
  return a < b ? -1 : 1;
}

/** Answers discovery for a fixed set of kinds. */
export class Discovery {
  readonly #entries: readonly Entry[];

  /** @param kinds all that are served */
  constructor(kinds: readonly Kind[]) {
    const builtIn = kinds.filter((kind) => kind.builtIn);
    const custom = kinds.filter((kind) => !kind.builtIn);
    this.#entries = [...builtIn.flatMap(entriesOf), ...REVIEW_ENTRIES, ...custom.flatMap(entriesOf)];
  }

  /** GET /api. */
  coreVersions(serverAddress: string): JsonObject {
    const serverAddressByClientCIDRs = [{ clientCIDR: "0.0.0.0/0", serverAddress }];
    return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs };
  }

  /** GET /apis. */
  groups(): JsonObject {
    const groups = this.#groupNames().filter((name) => name !== "").map((name) => this.#group(name));
    return { kind: "APIGroupList", apiVersion: "v1", groups };
  }

  /** GET /apis/GROUP. */
  group(name: string): JsonObject {
    return { kind: "APIGroup", apiVersion: "v1", ...this.#group(name) };
  }

  /** GET /api/v1, /apis/GROUP/VERSION. */
  resources(group: string, version: string): JsonObject {
    const resources = this.#of(group, version).map((entry) => ({
      name: entry.subresource === undefined ? entry.plural : `${entry.plural}/${entry.subresource}`,
      singularName: entry.singular,
      namespaced: entry.namespaced,
      ...(entry.kindGroup === undefined ? {} : { group: entry.kindGroup, version: "v1" }),
      kind: entry.kind,
      verbs: [...entry.verbs],
      ...names(entry),
    }));
    const groupVersion = apiVersionOf({ group, version });
    return { kind: "APIResourceList", ...(group === "" ? {} : { apiVersion: "v1" }), groupVersion, resources };
  }

  /** GET /api (the core group) or /apis (all others) with {@link AGGREGATED}. */
  aggregated(core: boolean): JsonObject {
    const items = this.#groupNames().filter((name) => core === (name === "")).map((name): JsonObject => ({
      metadata: name === "" ? {} : { name },
      versions: this.#versions(name).map((version) => ({
        version,
        resources: this.#of(name, version).filter((entry) => entry.subresource === undefined).map((entry) =>
          this.#aggregatedResource(entry)
        ),
        freshness: "Current",
      })),
    }));
    return { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items };
  }

  #aggregatedResource(entry: Entry): JsonObject {
    const subresources = this.#of(entry.group, entry.version).filter(({ plural, subresource }) =>
      plural === entry.plural && subresource !== undefined
    ).map((part) => ({ subresource: part.subresource!, responseKind: responseKind(part), verbs: [...part.verbs] }));
    return {
      resource: entry.plural,
      responseKind: responseKind(entry),
      scope: entry.namespaced ? "Namespaced" : "Cluster",
      singularResource: entry.singular,
      verbs: [...entry.verbs],
      ...names(entry),
      ...(subresources.length === 0 ? {} : { subresources }),
    };
  }

  #group(name: string): JsonObject {
    const versions = this.#versions(name).map((version) => ({ groupVersion: `${name}/${version}`, version }));
    return { name, versions, preferredVersion: versions[0]! };
  }

  #groupNames(): string[] {
    return [...new Set(this.#entries.map(({ group }) => group))];
  }

  #versions(name: string): string[] {
    const versions = this.#entries.filter(({ group }) => group === name).map(({ version }) => version);
    return [...new Set(versions)].sort(byPriority);
  }

  #of(group: string, version: string): Entry[] {
    return this.#entries.filter((entry) => entry.group === group && entry.version === version);
  }
}

function names({ shortNames, categories }: Entry): JsonObject {
  return {
    ...(shortNames.length === 0 ? {} : { shortNames: [...shortNames] }),
    ...(categories.length === 0 ? {} : { categories: [...categories] }),
  };
}

/** Of built-in resources it names the group only where that is another than theirs. */
function responseKind({ group, version, kind, kindGroup, builtIn }: Entry): JsonObject {
  if (kindGroup !== undefined) return { group: kindGroup, version: "v1", kind };
  return builtIn ? { group: "", version: "", kind } : { group, version, kind };
}
