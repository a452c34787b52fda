/** From the firmware to the kernel's first instruction: who asks for which file, in which order and how (measured). */
import { formatIpv4 } from "../../base/address.ts";
import type { Lease } from "./dhcp_client.ts";
import { runGrub } from "./grub_run.ts";
import type { GrubAnswer, GrubAsk, GrubFile, GrubOutcome } from "./grub_types.ts";
import { AGENT, loadOverHttp, sizeOverHttp } from "./http_load.ts";
import { LoadError } from "./load_error.ts";
import { NotBootable, type Power, Stopped } from "./power.ts";
import { loadOverTftp, type Patience } from "./tftp_client.ts";

/** EDK2's: 4 s, 6 tries. */
const FIRMWARE_PATIENCE: Patience = { timeoutMs: 4000, tries: 6 };
/** GRUB's: 0.4 s, 40 tries. */
const GRUB_PATIENCE: Patience = { timeoutMs: 400, tries: 40 };
const OVMF_TFTP = { blockSize: 1468, window: 4 } as const;
const SHIM_TFTP = { blockSize: 512, window: 4 } as const;
const GRUB_TFTP = { blockSize: 1024, askSize: true } as const;
/** What shim asks for before GRUB; it does without. */
const SHIM_OPTIONAL = ["revocations_sku.efi", "revocations_sbat.efi", "shim_certificate_0.efi"] as const;
const SHIM_LOADS = "grubx64.efi";
/** What GRUB reads before its configuration; it does without. */
const GRUB_OPTIONAL = ["command.lst", "fs.lst", "crypto.lst", "terminal.lst"] as const;
const GRUB_CONFIG = "/grub/grub.cfg";
const MAX_TEXT = 1 << 20;
/** Of a configuration's output, so much is told. */
const MAX_LINES = 100;
/** Of shim and GRUB, from their loading to their first request. */
const START_MS = 200;

/** How the boot chain ends: with the kernel's command line, or without a kernel. */
export type ChainEnd = Exclude<GrubOutcome, { kind: "prompt" }>;

/** Loads by the protocol that the firmware was told to use. */
interface Source {
  /** The first loader, as the firmware loads it. */
  firmware(): Promise<void>;
  /** @param name beside the first loader */
  shim(name: string): Promise<void>;
  /** `net_default_server` and the device that GRUB's files are on. */
  readonly server: string;
  readonly device: string;
}

function tftpSource(power: Power, lease: Lease): Source {
  const { bootFile, fileField } = lease;
  const server = formatIpv4(lease.bootServer);
  // shim takes its folder from the header field, not from option 67.
  const folder = fileField.slice(0, fileField.lastIndexOf("/") + 1);
  const patience = FIRMWARE_PATIENCE;
  return {
    server,
    device: `tftp,${server}`,
    async firmware() {
      await loadOverTftp(power, server, { path: bootFile, ...OVMF_TFTP, sizeOnly: true }, { patience });
      power.say("boot loader", `${bootFile} over TFTP`);
      await loadOverTftp(power, server, { path: bootFile, ...OVMF_TFTP }, { patience });
    },
    async shim(name) {
      if (lease.nextServer === 0) throw new NotBootable("shim: the DHCP answer has no next server (siaddr)");
      await loadOverTftp(power, server, { path: `${folder}${name}`, ...SHIM_TFTP }, { patience });
    },
  };
}

function httpSource(power: Power, { bootFile }: Lease): Source {
  const { host, origin } = new URL(bootFile);
  const folder = bootFile.slice(0, bootFile.lastIndexOf("/"));
  const get = (url: string) => loadOverHttp(power, url, { agent: AGENT.firmware, sink: () => {} });
  return {
    server: host,
    device: `http,${host}`,
    async firmware() {
      await sizeOverHttp(power, bootFile, AGENT.firmware);
      power.say("boot loader", `${bootFile.slice(origin.length + 1)} over HTTP`);
      await get(bootFile);
    },
    async shim(name) {
      // With two slashes, as it is on the wire.
      await get(name === SHIM_LOADS ? `${folder}//${name}` : `${folder}/${name}`);
    },
  };
}

/** Loads what may be missing; says whether it was there. */
async function optional(load: Promise<unknown>): Promise<void> {
  try {
    await load;
  } catch (error) {
    if (!(error instanceof LoadError) || error.kind === "silent") throw error;
  }
}

/** Firmware and shim: what cannot be loaded sends the firmware to its next boot device. */
async function firmwareAndShim(power: Power, source: Source): Promise<void> {
  try {
    await source.firmware();
    await power.wait(START_MS);
    for (const name of SHIM_OPTIONAL) await optional(source.shim(name));
    power.say("boot loader", `${SHIM_LOADS} for shim`);
    await source.shim(SHIM_LOADS);
    await power.wait(START_MS);
  } catch (error) {
    if (error instanceof LoadError) throw new NotBootable(`${error.message}. Look at the Machine's image`);
    throw error;
  }
}

/** GRUB's files, over either protocol. */
async function grubLoad(
  power: Power,
  { protocol, server, path }: GrubFile,
  sink: (piece: Uint8Array) => void,
): Promise<number> {
  if (protocol === "http") return await loadOverHttp(power, `http://${server}${path}`, { agent: AGENT.grub, sink });
  return await loadOverTftp(power, server, { path, ...GRUB_TFTP }, { patience: GRUB_PATIENCE, sink });
}

async function grubRead(power: Power, file: GrubFile): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  await grubLoad(power, file, (piece) => {
    text += decoder.decode(piece, { stream: true });
    if (text.length > MAX_TEXT) throw new LoadError(`${file.path}: longer than ${MAX_TEXT}`, "refused", "too long");
  });
  return text + decoder.decode();
}

function variablesFor({ identity }: Power, lease: Lease, { server, device }: Source): Map<string, string> {
  return new Map([
    ["prefix", `(${device})/grub`],
    ["root", device],
    ["cmdpath", `(${device})`],
    ["grub_platform", "efi"],
    ["grub_cpu", "x86_64"],
    ["net_default_server", server],
    ["net_default_interface", "efinet0"],
    ["net_default_mac", identity.mac],
    ["net_default_ip", formatIpv4(lease.address)],
    ["net_efinet0_boot_file", lease.bootFile],
    ["net_efinet0_next_server", formatIpv4(lease.nextServer)],
  ]);
}

/** What GRUB shows. */
interface GrubConsole {
  stage: "boot loader" | "kernel";
  linesLeft: number;
}

/** Does what the configuration asks for. */
async function carryOut(power: Power, ask: GrubAsk, console: GrubConsole): Promise<GrubAnswer> {
  switch (ask.kind) {
    case "print":
      if (console.linesLeft-- > 0) power.say(console.stage, `GRUB: ${ask.text}`);
      return undefined;
    case "wait":
      await power.wait(ask.seconds * 1000);
      return undefined;
    case "read":
    case "load":
      break;
  }
  try {
    if (ask.kind === "read") return { text: await grubRead(power, ask.file) };
    console.stage = "kernel";
    power.say("kernel", `${ask.role} ${ask.file.path} over ${ask.file.protocol.toUpperCase()}`);
    await grubLoad(power, ask.file, () => {});
    return undefined;
  } catch (error) {
    if (error instanceof LoadError) return { error: error.message };
    throw error;
  }
}

async function grub(power: Power, lease: Lease, source: Source): Promise<ChainEnd> {
  const [protocol, server = ""] = source.device.split(",") as ["tftp" | "http", string];
  power.say("boot loader", `${GRUB_CONFIG} over ${protocol.toUpperCase()}`);
  let text: string;
  try {
    for (const name of GRUB_OPTIONAL) {
      await optional(grubLoad(power, { protocol, server, path: `/grub/x86_64-efi/${name}` }, () => {}));
    }
    text = await grubRead(power, { protocol, server, path: GRUB_CONFIG });
  } catch (error) {
    if (!(error instanceof LoadError)) throw error;
    throw new Stopped(`GRUB waits at its prompt: ${error.message}. Look at grub/grub.cfg.tmpl in the Machine's image`);
  }
  const machine = { uuid: power.identity.uuid, diskFiles: power.diskFiles() };
  const run = runGrub(text, variablesFor(power, lease, source), machine);
  const console: GrubConsole = { stage: "boot loader", linesLeft: MAX_LINES };
  let step = run.next();
  while (!step.done) step = run.next(await carryOut(power, step.value, console));
  if (step.value.kind !== "prompt") return step.value;
  throw new Stopped(`GRUB stops: ${step.value.reason}. Look at grub/grub.cfg.tmpl in the Machine's image`);
}

/**
 * Boots from the network with this lease, up to the kernel.
 * @throws {NotBootable} when the firmware has nothing to start here
 * @throws {Stopped} when GRUB cannot go on
 */
export async function networkBoot(power: Power, kind: "pxe" | "http", lease: Lease): Promise<ChainEnd> {
  power.say("boot loader", `${lease.bootFile} from ${formatIpv4(lease.bootServer)}`);
  const source = kind === "pxe" ? tftpSource(power, lease) : httpSource(power, lease);
  await firmwareAndShim(power, source);
  return await grub(power, lease, source);
}
