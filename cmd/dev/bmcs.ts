/** The BMCs of the rack's servers: one at each URL that a Machine names, as long as the URL is one of ours. */
import { formatIpv4, parseIpv4 } from "../../base/address.ts";
import { bmcCertificate, type BmcOptions, type EmulatedBmc, startBmc } from "../../dev/bmc/server.ts";
import type { BmcMachine } from "../../dev/bmc/types.ts";
import type { ServerCertificate } from "../../dev/certificate/certificate.ts";
import { replaceFile } from "./folder.ts";

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
  await replaceFile(path, `${JSON.stringify(made)}\n`);
  return made;
}

/** Where a server is plugged in: a BMC is there before its server is, and says that it is off. */
class Slot implements BmcMachine {
  machine: BmcMachine | undefined;

  get isOn(): boolean {
    return this.machine?.isOn ?? false;
  }

  get bootOrder(): BmcMachine["bootOrder"] {
    return this.machine?.bootOrder ?? ["disk", "network"];
  }

  set bootOrder(order: BmcMachine["bootOrder"]) {
    if (this.machine !== undefined) this.machine.bootOrder = order;
  }

  get bootOnce(): BmcMachine["bootOnce"] {
    return this.machine?.bootOnce;
  }

  set bootOnce(device: BmcMachine["bootOnce"]) {
    if (this.machine !== undefined) this.machine.bootOnce = device;
  }

  powerOn(): void {
    this.machine?.powerOn();
  }

  async powerOff(): Promise<void> {
    await this.machine?.powerOff();
  }
}

/** The BMCs that run; all end when it is disposed. */
export class RackBmcs implements AsyncDisposable {
  readonly #options: RackBmcsOptions;
  readonly #running = new Map<string, { readonly bmc: EmulatedBmc; readonly slot: Slot }>();
  /** What is asked for is done one after another. */
  #work: Promise<void> = Promise.resolve();

  /** None runs yet. */
  constructor(options: RackBmcsOptions) {
    this.#options = options;
  }

  /**
   * Starts BMCs before their Machines are made, so that metalman finds each at once.
   * @param indexes numbers of their servers
   * @throws {PortInUse}
   */
  async open(indexes: Iterable<number>): Promise<void> {
    const { port } = this.#options;
    for (const index of indexes) await this.#slot(bmcAddress(bmcUrl(index, port))!);
  }

  /** Gives its server to the BMC at a URL, which has none; does nothing where the URL is not one of ours. */
  plugIn(url: string, machine: BmcMachine): void {
    const hostname = bmcAddress(url);
    if (hostname === undefined || new URL(url).port !== String(this.#options.port)) return;
    this.#do(url, async () => {
      (await this.#slot(hostname)).machine = machine;
    });
  }

  /** Takes its server from the BMC at a URL; the BMC forgets what it was told. */
  unplug(url: string, machine: BmcMachine): void {
    const hostname = bmcAddress(url) ?? "";
    this.#do(url, async () => {
      const running = this.#running.get(hostname);
      if (running?.slot.machine !== machine) return;
      this.#running.delete(hostname);
      await running.bmc[Symbol.asyncDispose]();
      await this.#slot(hostname);
    });
  }

  /** Of the BMC at an address, which is started where there is none. */
  async #slot(hostname: string): Promise<Slot> {
    const known = this.#running.get(hostname);
    if (known !== undefined) return known.slot;
    const slot = new Slot();
    const user = { username: BMC_USERNAME, password: this.#options.password };
    const bmc = await startBmc({ ...this.#options, ...user, hostname, machine: slot, times: TIMES });
    this.#running.set(hostname, { bmc, slot });
    return slot;
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
