/** The BMCs of the rack's servers: one at each URL that a Machine names, as long as the URL is one of ours. */
import { formatIpv4, parseIpv4 } from "../../base/address.ts";
import { bmcCertificate, type BmcOptions, type EmulatedBmc, startBmc } from "../../dev/bmc/server.ts";
import type { BmcMachine } from "../../dev/bmc/types.ts";
import type { ServerCertificate } from "../../dev/certificate/certificate.ts";

/** Each BMC has an address in 127.78.0.0/16, so that one port is enough for all. */
const NETWORK = parseIpv4("127.78.0.0");
/** Who logs in to all of them. */
export const BMC_USERNAME = "admin";
/** As on a server that is not slow. */
const TIMES = { callMs: 20, offMs: 1000, onMs: 500 };

/** Where the BMC of server number `index` is, from 0. */
export function bmcUrl(index: number, port: number): string {
  return `https://${formatIpv4(NETWORK + index + 1)}:${port}`;
}

/** The address that a URL of one of our BMCs names, whatever its port; undefined for all other URLs. */
export function bmcAddress(url: string): string | undefined {
  const [, address] = /^https:\/\/(127\.78\.\d{1,3}\.\d{1,3}):\d+\/?$/.exec(url) ?? [];
  return address !== undefined && URL.parse(`https://${address}`)?.hostname === address ? address : undefined;
}

/** What {@link RackBmcs} needs. */
export interface RackBmcsOptions extends Pick<BmcOptions, "password" | "log"> {
  /** Of all of them. */
  readonly port: number;
  /** Of all of them: what was pinned counts in the next run too. */
  readonly certificate: ServerCertificate;
}

/** The certificate of an earlier run, or a new one, which is kept. */
export async function keptCertificate(path: string, nowMs: number): Promise<ServerCertificate> {
  const kept = await Deno.readTextFile(path).then(JSON.parse).catch(() => undefined);
  if (typeof kept?.certPem === "string" && typeof kept.keyPem === "string") return kept;
  const made = await bmcCertificate(nowMs);
  await Deno.writeTextFile(path, `${JSON.stringify(made)}\n`, { mode: 0o600 });
  return made;
}

/** The BMCs that run; all end when it is disposed. */
export class RackBmcs implements AsyncDisposable {
  readonly #options: RackBmcsOptions;
  readonly #running = new Map<string, { readonly bmc: EmulatedBmc; readonly machine: BmcMachine }>();
  /** What is asked for is done one after another. */
  #work: Promise<void> = Promise.resolve();

  /** None runs yet. */
  constructor(options: RackBmcsOptions) {
    this.#options = options;
  }

  /** Starts the BMC of a server; does nothing where the URL is not one of ours. */
  plugIn(url: string, machine: BmcMachine): void {
    const hostname = bmcAddress(url);
    if (hostname === undefined || new URL(url).port !== String(this.#options.port)) return;
    this.#do(url, async () => {
      if (this.#running.has(hostname)) throw new Error("another server has this BMC");
      const user = { username: BMC_USERNAME, password: this.#options.password };
      const bmc = await startBmc({ ...this.#options, ...user, hostname, machine, times: TIMES });
      this.#running.set(hostname, { bmc, machine });
    });
  }

  /** Ends the BMC at a URL, if it is the server's. */
  unplug(url: string, machine: BmcMachine): void {
    const hostname = bmcAddress(url) ?? "";
    this.#do(url, async () => {
      const running = this.#running.get(hostname);
      if (running?.machine !== machine) return;
      this.#running.delete(hostname);
      await running.bmc[Symbol.asyncDispose]();
    });
  }

  #do(bmc: string, work: () => Promise<void>): void {
    const { log } = this.#options;
    this.#work = this.#work.then(work).catch((error) => log.warn("no emulated BMC for this server", { bmc, error }));
  }

  /** Ends all. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#work;
    await Promise.all([...this.#running.values()].map(({ bmc }) => bmc[Symbol.asyncDispose]()));
    this.#running.clear();
  }
}
