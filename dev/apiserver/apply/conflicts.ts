/** Fields that an applier wants otherwise than their owners. */
import { applyConflict, type StatusError } from "../status_error.ts";
import { difference, type FieldSet, isEmpty, paths } from "./field_set.ts";
import type { Owner } from "./owners.ts";
import { showElement } from "./path_element.ts";

/** What an owner stands to lose. */
export interface Conflict {
  /** Who has the fields. */
  readonly owner: Owner;
  /** The fields. */
  readonly fields: FieldSet;
}

/** Conflicts without some fields. */
export function conflictsWithout(conflicts: readonly Conflict[], fields: FieldSet): Conflict[] {
  return conflicts.map((conflict) => ({ ...conflict, fields: difference(conflict.fields, fields) }))
    .filter((conflict) => !isEmpty(conflict.fields));
}

/** The refusal, in kube-apiserver's words. */
export function conflictError(conflicts: readonly Conflict[]): StatusError {
  const named = conflicts.map(({ owner, fields }) => ({
    key: sortKey(owner),
    who: shown(owner),
    paths: paths(fields).map((path) => path.map(showElement).join("")),
  })).sort((a, b) => a.key < b.key ? -1 : 1);
  const causes = named.flatMap(({ who, paths }) =>
    paths.map((field) => ({ reason: "FieldManagerConflict", message: `conflict with ${who}`, field }))
  );
  const [first] = causes;
  const text = causes.length === 1
    ? `1 conflict: ${first!.message}: ${first!.field}`
    : `${causes.length} conflicts: ${
      named.map(({ who, paths }) => [`conflicts with ${who}:`, ...paths.map((path) => `- ${path}`)].join("\n")).join(
        "\n",
      )
    }`;
  return applyConflict(`Apply failed with ${text}`, causes);
}

/** What kube-apiserver sorts managers by. */
function sortKey({ manager, operation, apiVersion, subresource }: Owner): string {
  const version = operation === "Apply" ? {} : { apiVersion };
  return JSON.stringify({ manager, operation, ...version, ...(subresource === "" ? {} : { subresource }) });
}

function shown({ manager, operation, apiVersion, subresource }: Owner): string {
  const part = subresource === "" ? "" : ` with subresource ${JSON.stringify(subresource)}`;
  return `${JSON.stringify(manager)}${part}${operation === "Update" ? ` using ${apiVersion}` : ""}`;
}
