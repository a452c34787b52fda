/** What the real server fills in of built-in kinds, as far as people see it. */
import type { Kind } from "../kind.ts";
import type { ApiObject } from "../object.ts";

/** Sets what is absent, in place. */
export function defaultKind(kind: Kind, object: ApiObject): void {
  if (kind.builtIn && kind.kind === "Secret") object.type ??= "Opaque";
}
