/** QEMU's control socket (QMP): JSON, one message a line. */

/** A connection to a running QEMU; one command at a time. */
export class Qmp implements Disposable {
  readonly #connection: Deno.UnixConn;
  readonly #decoder = new TextDecoder();
  readonly #chunk = new Uint8Array(4096);
  #text = "";

  private constructor(connection: Deno.UnixConn) {
    this.#connection = connection;
  }

  /** Connects and negotiates. */
  static async connect(path: string): Promise<Qmp> {
    const qmp = new Qmp(await Deno.connect({ transport: "unix", path }));
    try {
      await qmp.#message();
      await qmp.execute("qmp_capabilities");
    } catch (error) {
      qmp[Symbol.dispose]();
      throw error;
    }
    return qmp;
  }

  async #message(): Promise<Record<string, unknown>> {
    for (let end = this.#text.indexOf("\n"); end < 0; end = this.#text.indexOf("\n")) {
      const length = await this.#connection.read(this.#chunk);
      if (length === null) throw new Error("QEMU closed its QMP socket");
      this.#text += this.#decoder.decode(this.#chunk.subarray(0, length), { stream: true });
    }
    const end = this.#text.indexOf("\n");
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return JSON.parse(line);
  }

  /**
   * Runs a command and gives what it returns; events that come first are passed over.
   * @throws when QEMU answers with an error
   */
  async execute(command: string, args: Record<string, unknown> = {}): Promise<unknown> {
    const request = new TextEncoder().encode(JSON.stringify({ execute: command, arguments: args }) + "\n");
    for (let sent = 0; sent < request.length;) sent += await this.#connection.write(request.subarray(sent));
    while (true) {
      const message = await this.#message();
      if ("error" in message) throw new Error(`QMP ${command}: ${JSON.stringify(message.error)}`);
      if ("return" in message) return message.return;
    }
  }

  /** Closes the connection. */
  [Symbol.dispose](): void {
    this.#connection.close();
  }
}
