/** Which failures of a start an operator can mend: they become one line; others are faults of ours. */
import { InterfaceError } from "../pxe/dhcp/interface_for.ts";
import { BindError } from "../pxe/bind_error.ts";
import { ConfigError } from "../k8s/errors.ts";
import { PullError } from "../registry/errors.ts";
import { StartError } from "./usage.ts";

type ErrorClass = abstract new (...args: never[]) => Error;

/**
 * The error to end with.
 * @param more classes whose messages are for operators too, of parts that only one command loads
 */
export function startError(error: unknown, more: readonly ErrorClass[] = []): unknown {
  if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
    return new StartError(error.message, { cause: error });
  }
  if (error instanceof Error && "code" in error && error.code === "EMFILE") {
    return new StartError(`${error.message}; raise the limit (ulimit -n), or ask for less`, { cause: error });
  }
  const known = [BindError, InterfaceError, ConfigError, PullError, ...more].some((kind) => error instanceof kind);
  return known ? new StartError((error as Error).message, { cause: error }) : error;
}
