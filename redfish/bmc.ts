/** Opens a BMC: checks its URL and joins the layers. */
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import { RedfishBmc } from "./redfish_bmc.ts";
import type { TransportLimits } from "./exchange_transport.ts";
import { HttpsTransport } from "./transport.ts";
import { type Bmc, BmcError, type BmcTarget } from "./types.ts";
import { checked } from "./wire.ts";

/** What {@link openBmc} is given. */
export interface OpenOptions {
  /** For time limits and pauses. */
  readonly clock: Clock;
  /** Told what is tried. */
  readonly log: Logger;
  /** Called right before each request that logs in or changes something; throws where it may not be sent. @default all may */
  readonly check?: () => void;
  /** Where the defaults do not fit. */
  readonly limits?: TransportLimits;
}

/**
 * A system behind a BMC; nothing is sent yet.
 * @throws {BmcError} where the URL is none that can be used
 */
export function openBmc(target: BmcTarget, { clock, log, check, limits }: OpenOptions): Bmc {
  const { fingerprint } = target;
  const wire = new HttpsTransport({
    origin: originOf(target.url),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    clock,
    ...(limits === undefined ? {} : { limits }),
  });
  return new RedfishBmc(target, { wire: check === undefined ? wire : checked(check, wire), clock, log });
}

/**
 * The URL, when it names a BMC and nothing else: a path could be another machine's BMC behind a proxy, and plain HTTP
 * would send the password to anyone (contract 9 wants a pinned certificate).
 * @throws {BmcError}
 */
export function originOf(url: string): URL {
  if (!URL.canParse(url)) throw new BmcError("unreachable", "spec.pxe.redfish.url is no URL");
  const parsed = new URL(url);
  const shown = parsed.host;
  if (parsed.protocol !== "https:") {
    throw new BmcError(
      "tls",
      `BMC ${shown}: spec.pxe.redfish.url has to begin with https://; a password is not sent without TLS`,
    );
  }
  if (parsed.username !== "" || parsed.password !== "") {
    throw new BmcError(
      "login",
      `BMC ${shown}: spec.pxe.redfish.url holds a user; username and passwordRef are the place for it`,
    );
  }
  if (!/^\/*$|^\/redfish(\/v1)?\/*$/.test(parsed.pathname) || parsed.search !== "" || parsed.hash !== "") {
    throw new BmcError("unreachable", `BMC ${shown}: spec.pxe.redfish.url has to end after the host and its port`);
  }
  return new URL(parsed.origin);
}
