/** A UEFI machine in QEMU: power, boot order, serial console, QMP, and a TPM where there is swtpm. */
import type { BootDevice } from "../rack/types.ts";
import { withoutTerminalControl } from "./console.ts";
import { Program } from "./program_host.ts";
import { bootIndex, DEVICE_ID, type Hardware, type MachineFiles, qemuArguments } from "./qemu_arguments.ts";
import { QmpClient, type QmpEvent } from "./qmp_client.ts";
import { VmUnavailableError } from "./requirements.ts";
import { startTpm } from "./tpm_host.ts";

/** How a machine is made and watched. */
export interface VirtualMachineOptions extends Omit<Hardware, "hasTpm"> {
  /** Path of qemu-system-x86_64. */
  readonly qemu: string;
  /** Path of setpriv (util-linux). */
  readonly setpriv: string;
  /** Path of swtpm. @default a machine without a TPM */
  readonly swtpm?: string;
  /** Command and arguments that go before QEMU's own. @default none */
  readonly enter?: readonly string[];
  /** A folder for its firmware variables, disk, TPM, sockets and log; it outlives a power cycle. */
  readonly folder: string;
  /** Told of what its console says, as it comes. */
  readonly onConsole?: (text: string) => void;
  /** Told of what QEMU tells by itself. */
  readonly onEvent?: (event: QmpEvent) => void;
}

/** Longest path of a Unix socket (unix(7)). */
const MAX_SOCKET_PATH = 107;

/** Paths of a machine's files. */
function filesOf({ folder, firmware }: VirtualMachineOptions): MachineFiles {
  return {
    variables: `${folder}/${firmware.variables.split("/").at(-1)}`,
    disk: `${folder}/disk.img`,
    serialLog: `${folder}/serial.log`,
    qmpSocket: `${folder}/qmp.sock`,
    tpmSocket: `${folder}/tpm.sock`,
  };
}

/** A QEMU that has not connected by then never will. */
const START_MS = 30_000;

/** QEMU's connection, which it makes before the machine runs. @throws {VmUnavailableError} when it does not */
async function connected(listener: Deno.UnixListener, program: Program): Promise<Deno.UnixConn> {
  const timer = setTimeout(() => program.stop("SIGKILL"), START_MS);
  try {
    const first = await Promise.race([listener.accept(), program.end()]);
    if (!("code" in first)) return first;
    const said = program.output.trim().split("\n").at(-1) || `exit code ${first.code}`;
    throw new VmUnavailableError(`QEMU does not start: ${said}`);
  } finally {
    clearTimeout(timer);
  }
}

/** What runs while a machine is on. */
interface Running {
  readonly program: Program;
  readonly qmp: QmpClient;
  readonly tpm: Program | undefined;
}

/** A machine; off until {@link VirtualMachine.on}. */
export class VirtualMachine implements AsyncDisposable {
  readonly #options: VirtualMachineOptions;
  #running: Running | undefined;
  /** Its files. */
  readonly files: MachineFiles;

  /** Makes it, switched off. */
  constructor(options: VirtualMachineOptions) {
    this.#options = options;
    this.files = filesOf(options);
  }

  /** Whether it was switched on and not off since. */
  get isOn(): boolean {
    return this.#running !== undefined;
  }

  /** What the serial console (and QEMU) said since it was switched on, without terminal control. */
  get console(): string {
    return withoutTerminalControl(this.#running?.program.output ?? "");
  }

  /** Resolves when QEMU has ended, by itself or not. @throws when the machine is off */
  get ended(): Promise<Deno.CommandStatus> {
    return this.#on().program.end();
  }

  async #prepare(): Promise<void> {
    const { firmware, diskMiB } = this.#options;
    const { variables, disk, qmpSocket } = this.files;
    if (qmpSocket.length > MAX_SOCKET_PATH) {
      throw new VmUnavailableError(`Cannot put a socket at ${qmpSocket}: choose a folder with a shorter path`);
    }
    const isThere = (path: string) => Deno.stat(path).then(() => true, () => false);
    if (!await isThere(variables)) await Deno.copyFile(firmware.variables, variables);
    if (diskMiB !== undefined && !await isThere(disk)) {
      using file = await Deno.open(disk, { write: true, createNew: true });
      await file.truncate(diskMiB * 1024 * 1024);
    }
    await Deno.remove(qmpSocket).catch(() => {});
  }

  /**
   * Switches it on.
   * @param order what its firmware tries, first to last
   * @throws {VmUnavailableError} when QEMU does not start, with what it says
   */
  async on(order: readonly BootDevice[]): Promise<void> {
    if (this.#running !== undefined) throw new Error("Cannot switch on: the machine is on");
    await this.#prepare();
    const { enter = [], setpriv, swtpm, qemu, folder, onConsole, onEvent = () => {} } = this.#options;
    await using stack = new AsyncDisposableStack();
    const socket = this.files.tpmSocket;
    const tpm = swtpm === undefined ? undefined : stack.use(await startTpm({ swtpm, setpriv, folder, socket }));
    const command = [...enter, setpriv, "--pdeathsig", "KILL", qemu];
    using listener = Deno.listen({ transport: "unix", path: this.files.qmpSocket });
    const hardware = { ...this.#options, hasTpm: tpm !== undefined };
    const args = [...command.slice(1), ...qemuArguments(hardware, this.files, order)];
    const program = new Program(command[0]!, args, onConsole === undefined ? {} : { onOutput: onConsole });
    const connection = await connected(listener, program);
    const qmp = new QmpClient(connection, onEvent);
    this.#running = { program, qmp, tpm };
    stack.move();
    await qmp.negotiate();
  }

  /**
   * Resolves with the match once the console has said it.
   * @param timeoutMs without KVM a boot takes 15 to 20 s alone, and twice that beside other work
   * @throws when the machine goes off or the time is over first, with the last that the console said
   */
  async waitFor(pattern: RegExp, timeoutMs = 120_000): Promise<RegExpExecArray> {
    const { program } = this.#on();
    try {
      return await program.waitFor(pattern, timeoutMs);
    } catch (error) {
      const [reason] = (error as Error).message.split("\n");
      throw new Error(`${reason} the console's last words:\n${this.console.slice(-2000)}`);
    }
  }

  /** Runs one QMP command. */
  async qmp(command: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    return await this.#on().qmp.execute(command, args);
  }

  /** What the firmware will try from the next reset on. */
  async setBootOrder(order: readonly BootDevice[]): Promise<void> {
    const devices: readonly BootDevice[] = this.#options.diskMiB === undefined ? ["network"] : ["network", "disk"];
    const set = (device: BootDevice, value: number) =>
      this.qmp("qom-set", { path: `/machine/peripheral/${DEVICE_ID[device]}`, property: "bootindex", value });
    // Two devices may not share an index, not even for a moment.
    for (const device of devices) await set(device, -1);
    for (const device of devices) await set(device, bootIndex(device, order));
  }

  /** Pulls its plug. */
  async off(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    await running.program.stop();
    await running.qmp[Symbol.asyncDispose]();
    await running.tpm?.stop();
    await Deno.remove(this.files.qmpSocket).catch(() => {});
    this.#running = undefined;
  }

  #on(): Running {
    if (this.#running === undefined) throw new Error("the machine is off");
    return this.#running;
  }

  /** Switches it off. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.off();
  }
}
