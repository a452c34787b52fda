import { deepEqual, equal, rejects } from "node:assert/strict";
import { setImmediate } from "node:timers";
import { MalformedResponseError } from "./http_response.ts";
import { Loopback } from "./loopback_host.ts";
import type { HttpTake, Wire } from "./wire.ts";

const ADDRESS = "127.77.255.9";
const encoder = new TextEncoder();

/** A TCP server that answers each request with these bytes and closes; what it was asked, and by whom. */
class RawServer implements AsyncDisposable {
  readonly asked: string[] = [];
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #answer: string | Uint8Array;
  readonly #serving: Promise<void>;

  constructor(answer: string | Uint8Array) {
    this.#answer = answer;
    this.#serving = this.#serve();
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#listener.addr as Deno.NetAddr).port}`;
  }

  async #serve(): Promise<void> {
    for await (const connection of this.#listener) {
      const buffer = new Uint8Array(4096);
      const count = await connection.read(buffer);
      const peer = (connection.remoteAddr as Deno.NetAddr).hostname;
      this.asked.push(`${peer} ${new TextDecoder().decode(buffer.subarray(0, count ?? 0))}`);
      try {
        const bytes = typeof this.#answer === "string" ? encoder.encode(this.#answer) : this.#answer;
        for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
      } catch {
        // The client has had enough.
      }
      connection.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving;
  }
}

const wire: Wire = new Loopback().wire(ADDRESS, () => {
  throw new Error("not used");
});

/** Asks, and gives what came. */
async function get(url: string, take: HttpTake = () => {}, signal = new AbortController().signal): Promise<number> {
  let status = 0;
  await wire.http({ method: "GET", url, headers: { Host: "h", "User-Agent": "x" }, signal }, (head) => {
    status = head.status;
    return take;
  });
  return status;
}

Deno.test("Loopback: a request comes from the machine's own address, its path as it is written (facts: UEFI HTTP boot)", async () => {
  await using server = new RawServer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  let body = "";
  equal(await get(`${server.url}//grubx64.efi?a b#c`, (piece) => void (body += new TextDecoder().decode(piece))), 200);
  equal(body, "ok");
  deepEqual(server.asked, [`${ADDRESS} GET //grubx64.efi?a%20b HTTP/1.1\r\nHost: h\r\nUser-Agent: x\r\n\r\n`]);
});

Deno.test("Loopback: a slow taker holds the sender back, and gets every byte once", async () => {
  const size = 3_000_000;
  const head = encoder.encode(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
  const answer = new Uint8Array(head.length + size);
  answer.set(head);
  for (let i = 0; i < size; i++) answer[head.length + i] = i % 251;
  await using server = new RawServer(answer);
  let [at, wrong, busy] = [0, 0, false];
  await get(server.url, async (piece) => {
    if (busy) wrong++;
    busy = true;
    await new Promise((resolve) => setImmediate(resolve));
    for (const byte of piece) if (byte !== at++ % 251) wrong++;
    busy = false;
  });
  deepEqual([at, wrong], [size, 0]);
});

for (
  const [name, answer, wanted] of [
    ["closes at once", "", MalformedResponseError],
    ["is no HTTP server", "220 mail\r\n\r\n", MalformedResponseError],
    ["breaks off", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", MalformedResponseError],
  ] as const
) {
  Deno.test(`Loopback: a server that ${name} is an error`, async () => {
    await using server = new RawServer(answer);
    await rejects(get(server.url), wanted);
  });
}

Deno.test("Loopback: what the taker throws ends the connection and is thrown", async () => {
  await using server = new RawServer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  await rejects(get(server.url, () => Promise.reject(new RangeError("enough"))), RangeError);
  await rejects(
    get(server.url, () => {
      throw new RangeError("enough");
    }),
    RangeError,
  );
});

Deno.test("Loopback: where nobody listens the request is refused", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await rejects(get(`http://127.0.0.1:${port}/`), /refused/i);
});

Deno.test("Loopback: an aborted request ends at once, before the connection and in the middle of the answer", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${listener.addr.port}`;
  await rejects(get(url, () => {}, AbortSignal.abort("off")), (reason) => reason === "off");
  const plug = new AbortController();
  const asked = get(url, () => plug.abort("off"), plug.signal);
  using connection = await listener.accept();
  await connection.write(encoder.encode("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"));
  await rejects(asked, (reason) => reason === "off");
});

Deno.test("Loopback: a UDP port sends from the machine's address, and a packet that cannot leave counts as lost", async () => {
  const server = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const port = wire.udp();
  await port.send(Uint8Array.of(1), { transport: "udp", hostname: "not an address", port: 1 });
  await port.send(Uint8Array.of(2), {
    transport: "udp",
    hostname: "127.0.0.1",
    port: (server.addr as Deno.NetAddr).port,
  });
  const [packet, from] = await server.receive();
  deepEqual([packet[0], (from as Deno.NetAddr).hostname], [2, ADDRESS]);
  server.close();
  const waiting = port.receive();
  port.close();
  port.close();
  await rejects(waiting);
});
