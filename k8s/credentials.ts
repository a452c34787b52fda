/** Keeps what proves who we are fresh: files are read again, plugins run again. */
import type { Clock } from "../base/clock.ts";
import type { Access, ExecPlugin, Source } from "./access.ts";
import { ConfigError } from "./errors.ts";
import { type ExecCredential, runExecPlugin } from "./exec_plugin.ts";
import type { Host } from "./host.ts";

/** What the next request is made with. */
export interface Material {
  /** Authorization and Impersonate-*. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** Trusted authorities, PEM. */
  readonly ca?: string;
  /** Client certificate, PEM. */
  readonly cert?: string;
  /** Its key, PEM. */
  readonly key?: string;
}

/** Files are looked at again after this time; a 401 makes it at once. */
const FILE_LIFE_MS = 60_000;
const MAX_FILE_BYTES = 1024 * 1024;

/** The credentials of one {@link Access}. */
export class CredentialKeeper {
  readonly #access: Access;
  readonly #host: Host;
  readonly #clock: Clock;
  readonly #lastRead = new Map<string, string>();
  #current: { material: Material; untilMs: number } | undefined;
  #loading: Promise<Material> | undefined;
  #exec: ExecCredential | undefined;

  /**
   * Reads nothing yet.
   * @param host where files and plugins are
   */
  constructor(access: Access, host: Host, clock: Clock) {
    this.#access = access;
    this.#host = host;
    this.#clock = clock;
  }

  /**
   * What to use now.
   * @throws {ConfigError} when a file or a plugin cannot be used
   */
  material(): Promise<Material> {
    if (this.#current !== undefined && this.#clock.now() < this.#current.untilMs) {
      return Promise.resolve(this.#current.material);
    }
    // Many requests may wait for one plugin.
    this.#loading ??= this.#load().finally(() => this.#loading = undefined);
    return this.#loading;
  }

  /** Says that the server did not accept `used`; returns whether there may be something newer. */
  refuse(used: Material): boolean {
    const { token, exec } = this.#access.credentials;
    if (exec === undefined && (token === undefined || !("file" in token))) return false;
    if (this.#current?.material === used) {
      this.#current = undefined;
      this.#exec = undefined;
    }
    return true;
  }

  async #load(): Promise<Material> {
    const { ca, credentials } = this.#access;
    const { token, basic, exec, certificate, impersonate } = credentials;
    let untilMs = this.#clock.now() + FILE_LIFE_MS;
    const tokenText = token === undefined ? undefined : (await this.#read(token)).trim();
    let [cert, key] = certificate === undefined
      ? []
      : [await this.#read(certificate.cert), await this.#read(certificate.key)];
    let authorization: string | undefined;
    if (tokenText !== undefined) authorization = `Bearer ${tokenText}`;
    else if (basic !== undefined) authorization = `Basic ${base64(`${basic.username}:${basic.password}`)}`;
    else if (exec !== undefined) {
      if (this.#exec?.expiresMs !== undefined && this.#exec.expiresMs <= this.#clock.now()) this.#exec = undefined;
      this.#exec ??= await this.#runPlugin(exec);
      if (this.#exec.token !== undefined) authorization = `Bearer ${this.#exec.token}`;
      if (this.#exec.cert !== undefined) [cert, key] = [this.#exec.cert, this.#exec.key];
      untilMs = Math.min(untilMs, this.#exec.expiresMs ?? Infinity);
    }
    const material: Material = {
      headers: { ...impersonate, ...(authorization === undefined ? {} : { Authorization: authorization }) },
      ...(ca === undefined ? {} : { ca: await this.#read(ca) }),
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
    };
    this.#current = { material, untilMs };
    return material;
  }

  async #runPlugin(plugin: ExecPlugin): Promise<ExecCredential> {
    const { ca } = this.#access;
    const authority = ca === undefined ? {} : { "certificate-authority-data": base64(await this.#read(ca)) };
    return await runExecPlugin({ ...plugin, cluster: { ...plugin.cluster, ...authority } }, this.#host);
  }

  /** A file that is gone for a moment, as while it is replaced, counts as unchanged. */
  async #read(source: Source): Promise<string> {
    if ("data" in source) return source.data;
    let text: string | undefined;
    try {
      text = await this.#host.readText(source.file, MAX_FILE_BYTES);
    } catch (error) {
      if (!this.#lastRead.has(source.file)) throw error;
    }
    text = text || this.#lastRead.get(source.file);
    if (text === undefined) {
      throw new ConfigError(`${source.file}: missing or empty; ${this.#access.origin} names it`);
    }
    this.#lastRead.set(source.file, text);
    return text;
  }
}

function base64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}
