/** The load clients of bench/load: built once a run, each prints one line of JSON. */
import { run } from "../tests/peers/peer.ts";
import { machineAddress, RELAY } from "./wire.ts";

/** What bench/load/dhcp.c prints; times in microseconds. */
export interface DhcpResult {
  /** Complete ones. */
  readonly exchanges: number;
  /** It ran so long. */
  readonly seconds: number;
  /** Without an answer in one second. */
  readonly lost: number;
  /** With an answer of the wrong type or address. */
  readonly wrong: number;
  /** Time of both answers of an exchange together, the middle one. */
  readonly p50us: number;
  /** The same, exceeded by one in a hundred. */
  readonly p99us: number;
  /** The longest. */
  readonly maxus: number;
}

/** What bench/load/tftp.c prints. */
export interface TftpResult {
  /** File bytes that came. */
  readonly bytes: number;
  /** It ran so long. */
  readonly seconds: number;
  /** Whole files. */
  readonly transfers: number;
  /** Packets sent again: something was lost. */
  readonly resent: number;
  /** Transfers that ended with an error. */
  readonly failed: number;
  /** What the server said in the last error. */
  readonly lastError: string;
}

/** What bench/load/http.c prints. */
export interface HttpResult {
  /** File bytes that came. */
  readonly bytes: number;
  /** It ran so long. */
  readonly seconds: number;
  /** Whole files. */
  readonly responses: number;
  /** Transfers that ended with an error. */
  readonly failed: number;
}

/** A load under way. */
export interface RunningLoad<T> {
  /** Ends it early (SIGTERM) and gives what it has measured. */
  stop(): Promise<T>;
  /** Its result, when it has come to its own end. */
  readonly result: Promise<T>;
}

/** The built clients. */
export class LoadClients {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Builds them into a folder with the C compiler. */
  static async build(folder: string): Promise<LoadClients> {
    for (const name of ["dhcp", "tftp", "http"]) {
      const source = new URL(`load/${name}.c`, import.meta.url).pathname;
      await run("gcc", ["-O2", "-o", `${folder}/load-${name}`, source]);
    }
    return new LoadClients(folder);
  }

  #start<T>(name: string, args: readonly (string | number)[]): RunningLoad<T> {
    const child = new Deno.Command(`${this.#folder}/load-${name}`, {
      args: args.map(String),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const result = child.output().then(({ success, stdout, stderr }) => {
      const decoder = new TextDecoder();
      if (!success) throw new Error(`load client ${name}: ${decoder.decode(stderr)}`);
      return JSON.parse(decoder.decode(stdout)) as T;
    });
    return {
      result,
      stop: () => {
        try {
          child.kill("SIGTERM");
        } catch {
          // It has ended already.
        }
        return result;
      },
    };
  }

  /** Whole DHCP exchanges: `rate` a second, or as many as `window` open ones give. */
  dhcp(
    { server, machines, seconds, rate = 0, window = 32 }: {
      server: string;
      machines: number;
      seconds: number;
      rate?: number;
      window?: number;
    },
  ): RunningLoad<DhcpResult> {
    return this.#start("dhcp", [server, RELAY, machineAddress(0), machines, seconds, rate, window]);
  }

  /** TFTP downloads, again and again. */
  tftp(
    { server, port, path, blksize, window, clients, seconds, roundTripUs = 0 }: {
      server: string;
      port: number;
      path: string;
      blksize: number;
      window: number;
      clients: number;
      seconds: number;
      roundTripUs?: number;
    },
  ): RunningLoad<TftpResult> {
    return this.#start("tftp", [
      server,
      port,
      path,
      blksize,
      window,
      clients,
      machineAddress(0),
      seconds,
      roundTripUs,
    ]);
  }

  /** HTTP downloads, again and again. */
  http(
    { server, port, path, connections, seconds }: {
      server: string;
      port: number;
      path: string;
      connections: number;
      seconds: number;
    },
  ): RunningLoad<HttpResult> {
    return this.#start("http", [server, port, path, connections, machineAddress(0), seconds]);
  }
}
