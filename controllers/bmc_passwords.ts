/** Passwords of BMCs, from the Secrets that Machines name: kept for a minute, never shown. */
import type { Clock } from "../base/clock.ts";
import { ApiError } from "../k8s/errors.ts";
import type { ObjectKeyRef } from "../machine/types.ts";

/** A password that cannot be had; the message names the Secret and the way out. */
export class PasswordError extends Error {
  /** The class, in logs. */
  override name = "PasswordError";
}

/** `data` of a Secret as the API gives it (base64); undefined when there is no such Secret. */
export type ReadSecret = (
  namespace: string,
  name: string,
  signal: AbortSignal,
) => Promise<Readonly<Record<string, string>> | undefined>;

const KEEP_MS = 60_000;
/** More Secrets than Machines are not kept. */
const MAX_KEPT = 20_000;

/** Reads passwords. */
export class BmcPasswords {
  readonly #readSecret: ReadSecret;
  readonly #clock: Clock;
  readonly #kept = new Map<string, { readonly password: string; readonly atMs: number }>();

  /** Nothing is read before it is asked for. */
  constructor(readSecret: ReadSecret, clock: Clock) {
    this.#readSecret = readSecret;
    this.#clock = clock;
  }

  /** The password. @throws {PasswordError} */
  async read(ref: ObjectKeyRef, signal: AbortSignal): Promise<string> {
    const key = keyOf(ref);
    const kept = this.#kept.get(key);
    const keptMs = kept === undefined ? Infinity : this.#clock.now() - kept.atMs;
    // A clock that was set back says nothing.
    if (keptMs >= 0 && keptMs < KEEP_MS) return kept!.password;
    const password = passwordIn(await this.#secret(ref, signal), ref);
    this.#kept.delete(key);
    this.#kept.set(key, { password, atMs: this.#clock.now() });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MAX_KEPT) break;
      this.#kept.delete(oldest);
    }
    return password;
  }

  /** A password was refused: the Secret is read again the next time. */
  forget(ref: ObjectKeyRef): void {
    this.#kept.delete(keyOf(ref));
  }

  async #secret({ namespace, name }: ObjectKeyRef, signal: AbortSignal) {
    try {
      return await this.#readSecret(namespace, name, signal);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 403) throw error;
      const way = error.missingRight ?? "grant get on Secrets there";
      throw new PasswordError(`Secret ${namespace}/${name} (spec.pxe.redfish.passwordRef) may not be read; ${way}`);
    }
  }
}

function keyOf({ namespace, name, key }: ObjectKeyRef): string {
  return JSON.stringify([namespace, name, key]);
}

function passwordIn(data: Readonly<Record<string, string>> | undefined, { namespace, name, key }: ObjectKeyRef) {
  const what = `Secret ${namespace}/${name} (spec.pxe.redfish.passwordRef)`;
  if (data === undefined) throw new PasswordError(`${what} does not exist`);
  if (!Object.hasOwn(data, key)) {
    const keys = Object.keys(data).slice(0, 10).join(", ");
    throw new PasswordError(`${what} has no key ${key}${keys === "" ? ", it is empty" : `; it has ${keys}`}`);
  }
  let password: string;
  try {
    const bytes = Uint8Array.fromBase64(data[key]!);
    // What `kubectl create secret --from-file` of an edited file ends with is not part of it.
    password = new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r?\n$/, "");
  } catch {
    throw new PasswordError(`${what} holds in ${key} what is not text`);
  }
  if (password === "") throw new PasswordError(`${what} holds an empty ${key}`);
  return password;
}
