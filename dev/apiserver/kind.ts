/** A kind that the API server serves. */
import type { Schema } from "./schema/schema.ts";

/** A column of `kubectl get` (CustomResourceDefinition's additionalPrinterColumns). */
export interface PrinterColumn {
  /** Heading. */
  readonly name: string;
  /** `string`, `integer`, `number`, `boolean`, `date`. */
  readonly type: string;
  /** JSONPath from the object, such as `.spec.ssh.host`. */
  readonly jsonPath: string;
  /** `name` for the name. */
  readonly format?: string;
  /** For people. */
  readonly description?: string;
  /** Above 0: only with -o wide. @default 0 */
  readonly priority?: number;
}

/** One kind in one version. */
export interface Kind {
  /** API group; empty for the core. */
  readonly group: string;
  /** `v1`. */
  readonly version: string;
  /** `ConfigMap`. */
  readonly kind: string;
  /** `configmaps`. */
  readonly plural: string;
  /** `configmap`. */
  readonly singular: string;
  /** `cm`. */
  readonly shortNames: readonly string[];
  /** `all`. */
  readonly categories: readonly string[];
  /** Whether its objects live in namespaces. */
  readonly namespaced: boolean;
  /** Whether it has the status subresource: then status is written there alone, and generation counts changes of the rest. */
  readonly status: boolean;
  /** Whether it comes with Kubernetes: strategic merge patch is for those alone. */
  readonly builtIn: boolean;
  /** Of the whole object, metadata included as `{type: object}`. */
  readonly schema: Schema;
  /** Columns between NAME and AGE, in the order shown; `AGE` is among them where it is shown. */
  readonly columns: readonly PrinterColumn[];
}

/** `v1` or `unbounded-cloud.io/v1alpha3`. */
export function apiVersionOf({ group, version }: Pick<Kind, "group" | "version">): string {
  return group === "" ? version : `${group}/${version}`;
}

/** `configmaps` or `machines.unbounded-cloud.io`: how error texts name a resource. */
export function qualifiedPlural({ group, plural }: Pick<Kind, "group" | "plural">): string {
  return group === "" ? plural : `${plural}.${group}`;
}
