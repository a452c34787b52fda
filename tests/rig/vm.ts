/** A UEFI machine in QEMU without KVM (OVMF): power, serial console, QMP. */
import { Peer } from "../peers/peer.ts";
import { Qmp } from "./qmp.ts";

/** What a test that boots a machine needs installed. */
export const VM_PROGRAMS: readonly string[] = ["qemu-system-x86_64", "ip"];

/**
 * The firmware's Secure Boot: `off`; `microsoft`: enforced, with the keys that real machines have;
 * `snakeoil`: enforced, and Debian's test key counts too.
 */
export type SecureBoot = "off" | "microsoft" | "snakeoil";

/** How a machine is made. */
export interface MachineOptions {
  /** Network namespace of the tap. */
  readonly netns: string;
  /** The interface that is its cable. */
  readonly tap: string;
  /** Its MAC address. */
  readonly mac: string;
  /** A folder for its firmware variables, sockets and log; it outlives a power cycle. */
  readonly folder: string;
  /** What the firmware tries: PXE, or an http:// URL. */
  readonly bootFrom: "pxe" | "http";
  /** Whether the firmware checks signatures. @default "off" */
  readonly secureBoot?: SecureBoot;
  /** SMBIOS system UUID. @default "6d6d0001-0000-4000-8000-525400aabb01" */
  readonly uuid?: string;
  /** Its memory. @default 1024 */
  readonly memoryMiB?: number;
}

const OVMF = "/usr/share/OVMF";
const VARIABLES: Readonly<Record<SecureBoot, string>> = {
  off: `${OVMF}/OVMF_VARS_4M.fd`,
  microsoft: `${OVMF}/OVMF_VARS_4M.ms.fd`,
  snakeoil: `${OVMF}/OVMF_VARS_4M.snakeoil.fd`,
};

/** QEMU's command line. */
export function qemuArguments(options: MachineOptions): string[] {
  const { tap, mac, folder, bootFrom, secureBoot = "off", memoryMiB = 1024 } = options;
  const secure = secureBoot !== "off";
  const args = [
    ["-machine", `q35,smm=${secure ? "on" : "off"}`],
    ["-accel", "tcg,thread=multi"],
    ["-cpu", "max"],
    ["-smp", "2"],
    ["-m", String(memoryMiB)],
    ["-uuid", options.uuid ?? "6d6d0001-0000-4000-8000-525400aabb01"],
    ["-nodefaults"],
    ["-display", "none"],
    ["-drive", `if=pflash,unit=0,format=raw,readonly=on,file=${OVMF}/OVMF_CODE_4M${secure ? ".secboot" : ""}.fd`],
    ["-drive", `if=pflash,unit=1,format=raw,file=${variablesFile(options)}`],
    ["-netdev", `tap,id=n0,ifname=${tap},script=no,downscript=no`],
    // Without romfile= QEMU's iPXE takes the place of the firmware's own PXE.
    ["-device", `virtio-net-pci,id=net0,netdev=n0,mac=${mac},bootindex=1,romfile=`],
    ["-device", "virtio-rng-pci"],
    ["-chardev", `stdio,id=serial0,signal=off,logfile=${folder}/serial.log,logappend=on`],
    ["-serial", "chardev:serial0"],
    ["-qmp", `unix:${folder}/qmp.sock,server=on,wait=off`],
  ];
  if (secure) args.push(["-global", "driver=cfi.pflash01,property=secure,value=on"]);
  // PXE and HTTP are both options of the network card: HTTP comes first only where PXE is switched off.
  const skipped = bootFrom === "http" ? ["IPv4", "IPv6"] : ["IPv6"];
  for (const family of skipped) args.push(["-fw_cfg", `name=opt/org.tianocore/${family}PXESupport,string=n`]);
  return args.flat();
}

function variablesFile({ folder, secureBoot = "off" }: MachineOptions): string {
  return `${folder}/variables-${secureBoot}.fd`;
}

/** A machine; off until {@link VirtualMachine.on}. */
export class VirtualMachine implements AsyncDisposable {
  readonly #options: MachineOptions;
  #qemu: Peer | undefined;

  /** Makes it, switched off. */
  constructor(options: MachineOptions) {
    this.#options = options;
  }

  /** Path of all that its serial console ever said. */
  get serialLog(): string {
    return `${this.#options.folder}/serial.log`;
  }

  /** What the serial console (and QEMU) said since it was switched on, without terminal control. */
  get console(): string {
    // deno-lint-ignore no-control-regex
    return (this.#qemu?.output ?? "").replace(/\x1b\[[0-9;=?]*[A-Za-z]|\r/g, "");
  }

  /** Switches it on. */
  async on(): Promise<void> {
    if (this.#qemu !== undefined) throw new Error("Cannot switch on: the machine is on");
    const variables = variablesFile(this.#options);
    const isNew = await Deno.stat(variables).then(() => false, () => true);
    if (isNew) await Deno.copyFile(VARIABLES[this.#options.secureBoot ?? "off"], variables);
    this.#qemu = new Peer("qemu-system-x86_64", qemuArguments(this.#options), { netns: this.#options.netns });
  }

  /**
   * Resolves with the match once the console has said it.
   * @param timeoutMs a boot takes 15 to 20 s alone, and twice that beside other work
   * @throws when the machine goes off or the time is over first, with the last that the console said
   */
  async waitFor(pattern: RegExp, timeoutMs = 120_000): Promise<RegExpExecArray> {
    const qemu = this.#running();
    try {
      return await qemu.waitFor(pattern, timeoutMs);
    } catch (error) {
      const [reason] = (error as Error).message.split("\n");
      throw new Error(`${reason} the console's last words:\n${this.console.slice(-2000)}`);
    }
  }

  /** Runs one QMP command. */
  async qmp(command: string, args: Record<string, unknown> = {}): Promise<unknown> {
    this.#running();
    using qmp = await Qmp.connect(`${this.#options.folder}/qmp.sock`);
    return await qmp.execute(command, args);
  }

  /** Pulls its plug. */
  async off(): Promise<void> {
    await this.#qemu?.stop();
    this.#qemu = undefined;
  }

  #running(): Peer {
    if (this.#qemu === undefined) throw new Error("the machine is off");
    return this.#qemu;
  }

  /** Switches it off. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.off();
  }
}
