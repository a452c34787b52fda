/** One system behind one BMC: finds it, reads it, sets what it boots, switches it. */
import { type Clock, NOT_NEEDED } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import { bootFacts, type BootSetting, isWritten, settingsOf, settingsOwnBoot, wantsSettings, whyNot } from "./boot.ts";
import { RedfishClient, type Resource } from "./client.ts";
import { AnswerError } from "./failure.ts";
import { findSystem } from "./find_system.ts";
import { quirksOf } from "./quirks.ts";
import { Session } from "./session.ts";
import {
  actionInfoTypes,
  describe,
  isOnItsWay,
  isUpToSystem,
  managerOf,
  powerOf,
  resetAction,
  resetTypesFor,
} from "./system.ts";
import {
  type Bmc,
  BmcError,
  type BmcTarget,
  type BootOutcome,
  type BootWish,
  type PowerOutcome,
  type SystemView,
} from "./types.ts";
import type { Wire } from "./wire.ts";
import { writeBoot } from "./write_boot.ts";

/** What a BMC's client is given. */
export interface BmcOptions {
  /** Carries the requests, and compares the certificate. */
  readonly wire: Wire;
  /** For pauses and time limits. */
  readonly clock: Clock;
  /** Told what was tried. */
  readonly log: Logger;
}

/** A log-out is a courtesy; nobody waits for it longer. */
const LOG_OUT_MS = 5000;

/** A {@link Bmc} that speaks Redfish. */
export class RedfishBmc implements Bmc {
  readonly #target: BmcTarget;
  readonly #options: BmcOptions;
  readonly #session: Session;
  readonly #client: RedfishClient;
  #system: string | undefined;
  #description: string | undefined;
  /** The way to off that the running system was last asked to go. */
  #tried: string | undefined;
  /** Where an error has sent us to set the override. */
  #bootPlace: string | undefined;

  /** Sends nothing yet. */
  constructor(target: BmcTarget, options: BmcOptions) {
    this.#target = target;
    this.#options = options;
    this.#session = new Session(options.wire, target);
    this.#client = new RedfishClient(this.#session, options.clock);
  }

  /** Of the certificate that it showed, or has to show. */
  get fingerprint(): string | undefined {
    return this.#options.wire.fingerprint;
  }

  /** Reads the system. @throws {BmcError} */
  look(signal: AbortSignal): Promise<SystemView> {
    return this.#named(async () => {
      const { uri, system } = await this.#readSystem(signal);
      const place = await this.#readBoot(uri, system, signal);
      const boot = bootFacts(place.resource.document)?.override;
      this.#description ??= describe(system.document, await this.#readManager(system, signal));
      const { fingerprint } = this.#options.wire;
      if (fingerprint === undefined) throw new BmcError("protocol", "it has shown no certificate");
      return {
        fingerprint,
        system: uri,
        description: this.#description,
        power: powerOf(system.document),
        ...(boot === undefined ? {} : { boot }),
      };
    });
  }

  /** Makes the boot override as wished, and reads it back. @throws {BmcError} */
  setBoot(wish: BootWish, signal: AbortSignal): Promise<BootOutcome> {
    return this.#named(async () => {
      const { uri, system } = await this.#readSystem(signal);
      const place = await this.#readBoot(uri, system, signal);
      const facts = bootFacts(place.resource.document);
      if (facts === undefined) return { kind: "not supported", reason: "the BMC has no boot override" };
      if (isWritten(facts, wish)) return { kind: "set" };
      const quirks = quirksOf(await this.#client.root(signal));
      const setting = { facts, uri: place.uri, system: uri, settings: settingsOf(system.document), wish, quirks };
      const reason = whyNot(setting);
      return reason === undefined
        ? await this.#write(setting, place.resource, signal)
        : { kind: "not supported", reason };
    });
  }

  /** Asks for power or for none. @throws {BmcError} */
  power(to: "On" | "Off", signal: AbortSignal): Promise<PowerOutcome> {
    return this.#named(async () => {
      const { uri, system } = await this.#readSystem(signal);
      const power = powerOf(system.document);
      // Not where it is only on its way: it may have been so for long, and be asked for again.
      if (power === to) return { isUpToSystem: false };
      const action = resetAction(system.document);
      if (action === undefined) throw new BmcError("refused", `${uri} has no Reset action`);
      // Read each time: some offer only what fits the power state (iRMC).
      const offered = action.types.length > 0 || action.info === undefined
        ? action.types
        : await this.#infoTypes(action.info, signal);
      const types = resetTypesFor(to, { offered, power, tried: this.#tried });
      if (types.length === 0) {
        throw new BmcError(
          "refused",
          `${uri} cannot be switched ${to.toLowerCase()}: it offers only ${offered.join(", ").slice(0, 200)}`,
        );
      }
      let next = 0;
      while (!await this.#reset(action.target, { type: types[next]!, to, isLast: next === types.length - 1 }, signal)) {
        next++;
      }
      const type = types[next]!;
      this.#tried = isUpToSystem(to, type) ? type : undefined;
      return { isUpToSystem: this.#tried !== undefined };
    });
  }

  /** Closes the connection and keeps the session. */
  disconnect(): void {
    this.#options.wire.close();
  }

  /** Ends the session and the connection; never throws. */
  async close(): Promise<void> {
    const limit = new AbortController();
    const done = new AbortController();
    const timer = this.#options.clock.sleep(LOG_OUT_MS, { signal: done.signal })
      .then(() => limit.abort(new BmcError("unreachable", "no answer to the log-out")), () => {});
    try {
      await this.#session.close(limit.signal);
    } catch (error) {
      this.#options.log.debug("cannot log out of a BMC", { bmc: this.#target.url, error });
    } finally {
      done.abort(NOT_NEEDED);
      await timer;
      this.#options.wire.close();
    }
  }

  /** Says in every message of which BMC it speaks. */
  async #named<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof BmcError)) throw error;
      throw new BmcError(error.fault, `BMC ${this.#target.url}: ${error.message}`, { cause: error });
    }
  }

  async #readSystem(signal: AbortSignal): Promise<{ uri: string; system: Resource }> {
    const known = this.#system;
    const uri = this.#system ??= await findSystem(this.#client, this.#target.deviceId, signal);
    try {
      return { uri, system: await this.#client.get(uri, signal) };
    } catch (error) {
      if (!(error instanceof AnswerError && error.isGone)) throw error;
      this.#system = undefined;
      if (known === undefined) throw new BmcError("no system", error.message, { cause: error });
      return await this.#readSystem(signal);
    }
  }

  /** The document in which the override is set. */
  async #readBoot(uri: string, system: Resource, signal: AbortSignal): Promise<{ uri: string; resource: Resource }> {
    if (this.#bootPlace !== undefined) {
      return { uri: this.#bootPlace, resource: await this.#client.get(this.#bootPlace, signal) };
    }
    const settings = settingsOf(system.document);
    if (settings === undefined || !wantsSettings(system.document)) return { uri, resource: system };
    const resource = await this.#client.get(settings, signal);
    return settingsOwnBoot(system.document, resource.document)
      ? { uri: settings, resource }
      : { uri, resource: system };
  }

  /** For people only, so its failure is none. */
  async #readManager(system: Resource, signal: AbortSignal): Promise<unknown> {
    const manager = managerOf(system.document);
    if (manager === undefined) return undefined;
    try {
      return (await this.#client.get(manager, signal)).document;
    } catch (error) {
      if (!(error instanceof BmcError) || !["refused", "busy", "protocol"].includes(error.fault)) throw error;
      return undefined;
    }
  }

  async #write(setting: BootSetting, known: Resource, signal: AbortSignal): Promise<BootOutcome> {
    const { clock, log } = this.#options;
    const written = await writeBoot(
      this.#client,
      setting,
      { known, clock, log: log.with({ bmc: this.#target.url }) },
      signal,
    );
    if (written.kind === "not supported") return written;
    if (written.uri !== setting.uri) this.#bootPlace = written.uri;
    return { kind: "set" };
  }

  async #infoTypes(info: string, signal: AbortSignal): Promise<readonly string[]> {
    try {
      return actionInfoTypes((await this.#client.get(info, signal)).document);
    } catch (error) {
      if (!(error instanceof AnswerError) || error.fault !== "refused") throw error;
      return [];
    }
  }

  /** Whether it was taken; a refusal is none where the system is there already (400, 409, 500 by vendor). */
  async #reset(
    path: string,
    { type, to, isLast }: { type: string; to: "On" | "Off"; isLast: boolean },
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      await this.#client.post(path, { ResetType: type }, signal);
      return true;
    } catch (error) {
      if (!(error instanceof BmcError) || !["busy", "refused"].includes(error.fault)) throw error;
      const { system } = await this.#readSystem(signal);
      if (isOnItsWay(powerOf(system.document), to)) return true;
      if (isLast || error.fault === "busy") throw error;
      return false;
    }
  }
}
