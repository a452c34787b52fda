/** What each machine did since it was last switched on, for whoever asks why its installation did not come to an end. */

/** What is known of one machine. */
interface Trace {
  /** Whether its power on was seen; else it goes back to the start of this process. */
  fromPowerOn: boolean;
  /** DHCP messages that were answered. */
  answered: number;
  /** Why the last one that was not answered was not. */
  silence: string | undefined;
  files: number;
  last: { readonly path: string; readonly over: Protocol; readonly failure: string | undefined } | undefined;
}

/** How a file is asked for. */
export type Protocol = "TFTP" | "HTTP";

const MAX_TEXT = 200;

/** Remembers it, in memory. */
export class BootTrace {
  readonly #traces = new Map<string, Trace>();

  /** A machine is being switched on: what it did before does not matter. */
  poweringOn(machine: string): void {
    this.#traces.set(machine, { ...nothing(), fromPowerOn: true });
  }

  /** A DHCP message came; `silence` says why it was not answered. */
  dhcp(machine: string, silence?: string): void {
    const trace = this.#trace(machine);
    if (silence === undefined) trace.answered++;
    else trace.silence = silence.slice(0, MAX_TEXT);
  }

  /** A file was asked for; `failure` says why it was not to be had. */
  file(machine: string, path: string, over: Protocol, failure?: string): void {
    const trace = this.#trace(machine);
    trace.files++;
    trace.last = { path: path.slice(0, MAX_TEXT), over, failure: failure?.slice(0, MAX_TEXT) };
  }

  /** Whether it has asked this instance for files. */
  hasFiles(machine: string): boolean {
    return this.#traces.get(machine)?.last !== undefined;
  }

  /** Forgets a Machine that is gone. */
  forget(machine: string): void {
    this.#traces.delete(machine);
  }

  /** What was seen last of a machine whose installation is not done. */
  describe(machine: string): string {
    const trace = this.#traces.get(machine) ?? nothing();
    return trace.fromPowerOn ? last(trace) : `${last(trace)} (since metalman started)`;
  }

  #trace(machine: string): Trace {
    const known = this.#traces.get(machine);
    if (known !== undefined) return known;
    const trace = nothing();
    this.#traces.set(machine, trace);
    return trace;
  }
}

function nothing(): Trace {
  return { fromPowerOn: false, answered: 0, silence: undefined, files: 0, last: undefined };
}

function last({ answered, silence, files, last }: Trace): string {
  if (last !== undefined) {
    const { path, over, failure } = last;
    const what = `the last of ${files} file${files === 1 ? "" : "s"} was ${JSON.stringify(path)} over ${over}`;
    return failure === undefined ? `${what} but /pxe/disable was never asked` : `${what}, which failed: ${failure}`;
  }
  if (answered > 0) return "DHCP answered but no file was asked for";
  return silence === undefined ? "no DHCP request was seen" : `DHCP was asked but not answered: ${silence}`;
}
