/** The TPM 2.0 of a virtual machine: swtpm, whose keys stay the same in the machine's folder. */
import { Program } from "./program_host.ts";
import { VmUnavailableError } from "./requirements.ts";

/** How a TPM is started. */
export interface TpmOptions {
  /** Path of swtpm. */
  readonly swtpm: string;
  /** Path of setpriv (util-linux). */
  readonly setpriv: string;
  /** The machine's folder. */
  readonly folder: string;
  /** Where QEMU is to find it. */
  readonly socket: string;
}

/** One that does not listen by then never will. */
const START_MS = 10_000;
const LOOK_MS = 20;

/**
 * Starts it; it ends with QEMU, and with this process.
 * @throws {VmUnavailableError} when it does not start, with what it says
 */
export async function startTpm({ swtpm, setpriv, folder, socket }: TpmOptions): Promise<Program> {
  await Deno.mkdir(`${folder}/tpm`, { recursive: true });
  await Deno.remove(socket).catch(() => {});
  const program = new Program(setpriv, [
    ...["--pdeathsig", "KILL", swtpm, "socket", "--tpm2", "--tpmstate", `dir=${folder}/tpm`],
    ...["--ctrl", `type=unixio,path=${socket}`, "--terminate"],
  ]);
  let ended = false;
  program.status.then(() => ended = true);
  // It says nothing when it is ready.
  for (const late = Date.now() + START_MS; !await listens(socket);) {
    if (ended || Date.now() > late) {
      await program.stop("SIGKILL");
      throw new VmUnavailableError(
        `swtpm does not start: ${program.output.trim().split("\n").at(-1) || "it is silent"}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return program;
}

async function listens(path: string): Promise<boolean> {
  try {
    using _connection = await Deno.connect({ transport: "unix", path });
    return true;
  } catch {
    return false;
  }
}
