/** The system that the network boot brings up: it writes the disk image and says that it is done. */
import { createHash, type Hash } from "node:crypto";
import { acquire } from "./dhcp_exchange.ts";
import { AGENT, askText, download, statusError } from "./http_load.ts";
import { type InstallOrder, readInstallOrder } from "./kernel_arguments.ts";
import { LoadError } from "./load_error.ts";
import { NotBootable, type Power, Stopped } from "./power.ts";
import type { Faults } from "./types.ts";

/** What is on a disk. */
export interface Disk {
  /** SHA-256 of the image, in hex. */
  readonly sha256: string;
  /** Where the installed system asks for its cloud-init data; absent when it was not told. */
  readonly dataSource?: string;
  /** Whether the installed system got a bootstrap token, which it then keeps. */
  readonly hasToken?: boolean;
}

/** From the kernel's start to the installer's first line. */
const KERNEL_MS = 2500;
const DONE_TRIES = 10;
const DONE_PAUSE_MS = 2000;

/** Bytes after which an installer fails on purpose. */
function failsAt({ at }: NonNullable<Faults["failInstall"]>, total: number | undefined): number {
  return total === undefined ? 0 : Math.floor(total * Math.min(1, Math.max(0, at)));
}

/** Writes an image to the disk, which here means: hashes it. */
class DiskWriter {
  #hash: Hash = createHash("sha256");
  #bytes = 0;

  take(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
  }

  restart(): void {
    this.#hash = createHash("sha256");
    this.#bytes = 0;
  }

  get bytes(): number {
    return this.#bytes;
  }

  finish(): string {
    return this.#hash.digest("hex");
  }
}

/**
 * Runs the installer.
 * @param fault the installation fails on purpose
 * @throws {Stopped} when it cannot install
 */
export async function install(power: Power, commandLine: string, fault: Faults["failInstall"]): Promise<Disk> {
  power.say("installing", "the installer starts");
  await power.wait(KERNEL_MS);
  const order = readInstallOrder(commandLine);
  if ("problem" in order) {
    throw new Stopped(
      `the installer does not know what to do: ${order.problem}; look at the kernel's arguments in grub.cfg`,
    );
  }
  try {
    await acquire("system", power);
    const disk = await writeDisk(power, order, fault);
    await reportDone(power, order);
    return disk;
  } catch (error) {
    if (error instanceof LoadError || error instanceof NotBootable) {
      throw new Stopped(`the installer gives up: ${error.message}`);
    }
    throw error;
  }
}

async function writeDisk(power: Power, order: InstallOrder, fault: Faults["failInstall"]): Promise<Disk> {
  const writer = new DiskWriter();
  power.say("installing", order.image);
  let size: number | undefined;
  const watched: Power = {
    ...power,
    progress(bytes, total) {
      size = total;
      if (fault !== undefined && bytes >= failsAt(fault, total)) {
        throw new Stopped(
          `the installer failed at ${bytes} of ${total ?? "?"} bytes, as it was told to; reset the machine`,
        );
      }
      power.progress(bytes, total);
    },
  };
  await download(watched, order.image, writer);
  if (writer.bytes === 0) throw new Stopped(`the installer gives up: ${order.image} is empty (${size ?? 0} bytes)`);
  return { sha256: writer.finish(), ...(order.dataSource === undefined ? {} : { dataSource: order.dataSource }) };
}

/** Tells the server that the disk is written, so that it does not network-boot the machine again. */
async function reportDone(power: Power, { done }: InstallOrder): Promise<void> {
  if (done === undefined) return;
  power.say("installing", `POST ${done}`);
  const headers = { Host: new URL(done).host, "User-Agent": AGENT.installer, "Content-Length": "0" };
  const ask = { method: "POST", url: done, headers, body: "" } as const;
  for (let tries = 1;; tries++) {
    try {
      const { status, text } = await askText(power, ask);
      if (status < 300) return;
      throw statusError(ask, status, text);
    } catch (error) {
      if (!(error instanceof LoadError) || error.kind === "missing" || tries === DONE_TRIES) throw error;
    }
    await power.wait(DONE_PAUSE_MS);
  }
}
