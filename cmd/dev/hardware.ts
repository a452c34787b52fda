/** What the machines of `metalman dev` are made of: emulated servers on loopback, or virtual machines on a bridge. */
import type { Clock } from "../../base/clock.ts";
import type { ImageFiles } from "../../dev/image/build.ts";
import { sampleImage, sampleTexts } from "../../dev/image/sample_store.ts";
import { startRack } from "../../dev/rack/rack_host.ts";
import type { MachineEvent, Rack } from "../../dev/rack/types.ts";
import { readBootChain } from "../../dev/vm/boot_chain_store.ts";
import { vmPrograms } from "../../dev/vm/disk_image.ts";
import { probe } from "../../dev/vm/parts_host.ts";
import { requireParts } from "../../dev/vm/requirements.ts";
import { VmRack } from "../../dev/vm/vm_rack_host.ts";
import type { FlagValues } from "../flags.ts";
import type { Surroundings } from "../serve/serve.ts";
import { EMULATED_NETWORK, type MachineNetwork, virtualNetwork } from "./network.ts";
import type { DevPorts } from "./ports.ts";

/** A rack, and what fits it. */
export interface Hardware {
  readonly rack: Pick<Rack, "add" | "get" | "remove"> & AsyncDisposable;
  /** What its machines boot. */
  readonly files: ImageFiles;
  /** Addresses of its Machines. */
  readonly network: MachineNetwork;
  /** Where serve-pxe finds its machines. */
  readonly flags: FlagValues;
  readonly surroundings: Pick<Surroundings, "relayPort" | "clientAddress">;
}

/** What both kinds are made with. */
export interface HardwareOptions {
  readonly ports: DevPorts;
  readonly onEvent: (event: MachineEvent) => void;
  readonly clock: Clock;
}

const ADDRESS = "127.0.0.1";
/** Firmware that waits as long as real firmware does would be half of the time of a boot. */
const HURRY = 8;

/** Emulated servers: no rights, nothing installed. */
export function emulatedHardware({ ports, onEvent, clock }: HardwareOptions): Hardware {
  const files = sampleImage();
  const network = { dhcp: { address: ADDRESS, port: ports.dhcp }, tftpPort: ports.tftp };
  const rack = startRack({ network, onEvent, clock, random: Math.random, hurry: HURRY });
  return {
    rack,
    files,
    network: EMULATED_NETWORK,
    flags: { "bind-address": ADDRESS, "tftp-port": String(ports.tftp), "dhcp-port": String(ports.dhcp) },
    surroundings: { relayPort: rack.relay.port, clientAddress: (seen) => rack.addressOf(seen) },
  };
}

/**
 * Virtual machines, with the programs of this system's packages or of a folder.
 * @throws {VmUnavailableError} with what is missing
 */
export async function virtualHardware(
  { onEvent, clock }: HardwareOptions,
  { folder, files }: { readonly folder: string; readonly files?: string },
): Promise<Hardware> {
  const found = await probe(files === undefined ? {} : { folder: files });
  const programs = vmPrograms(await readBootChain(requireParts(found)));
  const texts = sampleTexts();
  const rack = await VmRack.start({ probe: found, folder, onEvent, clock });
  const { subnet, interfaceName } = rack;
  return {
    rack,
    files: new Map([...texts, ...programs]),
    network: virtualNetwork(subnet),
    flags: { "bind-address": subnet.server, "dhcp-interface": interfaceName },
    surroundings: {},
  };
}
