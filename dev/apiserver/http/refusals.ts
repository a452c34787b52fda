/** Refusals of requests as such, before it matters which object they are about, in Kubernetes' words. */
import { StatusError } from "../status_error.ts";

/** The path is there, the method is not. */
export function methodNotAllowed(): StatusError {
  const message = "the server does not allow this method on the requested resource";
  return new StatusError(405, "MethodNotAllowed", message, {});
}

/** The token is missing, unknown or expired. */
export function unauthorized(): StatusError {
  return new StatusError(401, "Unauthorized", "Unauthorized");
}

/** The body is longer than the limit. */
export function tooLarge(limit: number): StatusError {
  return new StatusError(413, "RequestEntityTooLarge", `Request entity too large: limit is ${limit}`);
}

/** The body is in a format that this resource does not read. */
export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${
    accepted.join(", ")
  }`;
  return new StatusError(415, "UnsupportedMediaType", message);
}

/** The client takes nothing that this resource can be written as. */
export function notAcceptable(offered: readonly string[]): StatusError {
  const message = `only the following media types are accepted: ${offered.join(", ")}`;
  return new StatusError(406, "NotAcceptable", message);
}

/** More at a time than the server takes: the client is to try again in a second. */
export function tooManyRequests(): StatusError {
  return new StatusError(429, "TooManyRequests", "Too many requests, please try again later.");
}

/** The body did not come in time. */
export function timedOut(): StatusError {
  const message = "Timeout: request did not complete within requested timeout - context deadline exceeded";
  return new StatusError(504, "Timeout", message, {});
}

/** The path is longer than anything sensible. */
export function headTooLong(): StatusError {
  return new StatusError(414, "BadRequest", "Request URI too long");
}

/** A fault of the server; the log says more. */
export function internalError(): StatusError {
  const message = "Internal error occurred: see the log of the development API server";
  return new StatusError(500, "InternalError", message, {});
}
