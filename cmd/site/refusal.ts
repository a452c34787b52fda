/** What an operator is told when the cluster refuses an object: pure, from an error to a line. */
import { ApiError } from "../../k8s/errors.ts";
import { errorLine } from "../machine/cluster.ts";

/** The server lists conflicts on lines of their own. */
function conflicts(detail: string): string {
  return detail.replace(/^Apply failed with \d+ conflicts?: /, "").replace(
    /:?\n- /g,
    (found) => found.startsWith(":") ? ": " : ", ",
  ).replace(/\s*\n\s*/g, "; ");
}

/**
 * One line; undefined: it is a fault of ours.
 * @param object what it is about, `Kind/NAME`
 */
export function refusalLine(error: unknown, object: string): string | undefined {
  if (!(error instanceof ApiError)) return errorLine(error);
  const { status, reason, detail } = error;
  if (status === 409 && detail.startsWith("Apply failed")) {
    return `Error: ${object}: others have set fields of it since: ${conflicts(detail)}; ` +
      "give the same values, or take them over with --force-conflicts";
  }
  if (status === 404 && (reason === "" || detail === "the server could not find the requested resource")) {
    return `Error: ${object}: this cluster does not serve this kind of object`;
  }
  return errorLine(error)?.replace(/\s*\n\s*/g, "; ");
}
