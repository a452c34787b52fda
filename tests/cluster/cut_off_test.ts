/** contract 4: a leader that alone loses the API has ended what it leads before another begins, and follows when it is back. */
import { equal, ok } from "node:assert/strict";
import { peerTest } from "../peers/peer.ts";
import { machine, until } from "./loopback_site.ts";
import { NO_IMAGE, REPLICA_NEEDS, Replicas, Witness } from "./replicas.ts";

const MAC = "aa:bb:cc:dd:ee:01";
const IP = "127.0.0.11";

/** A way to a server that can be cut. */
class Way implements AsyncDisposable {
  readonly #port: number;
  readonly #ends = new Set<Deno.TcpConn>();
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #running: Promise<void>;
  isCut = false;

  /** To a port of this host. */
  constructor(port: number) {
    this.#port = port;
    this.#running = this.#accept();
  }

  /** Where it begins. */
  get port(): number {
    return this.#listener.addr.port;
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      if (this.isCut) {
        client.close();
        continue;
      }
      const server = await Deno.connect({ hostname: "127.0.0.1", port: this.#port });
      for (const end of [client, server]) this.#ends.add(end);
      // Either side's end, or the cut, ends both.
      client.readable.pipeTo(server.writable).catch(() => {});
      server.readable.pipeTo(client.writable).catch(() => {});
    }
  }

  /** Nothing gets through any more. */
  cut(): void {
    this.isCut = true;
    for (const end of this.#ends) {
      try {
        end.close();
      } catch {
        // It has ended already.
      }
    }
    this.#ends.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#listener.close();
    await this.#running;
  }
}

peerTest(
  "a leader that alone is cut off ends before another leads, and follows when it is back (contract 4)",
  REPLICA_NEEDS,
  async () => {
    await using site = await Replicas.create();
    await using way = new Way(Number(new URL(site.api.url).port));
    await site.api.apply(machine("node-01", NO_IMAGE, MAC, IP));
    const first = await site.start({ flags: ["--dhcp-interface=lo"], server: `https://127.0.0.1:${way.port}` });
    await first.peer.waitFor(/"msg":"this instance leads"/);
    const second = await site.start({ flags: ["--dhcp-interface=lo"] });
    await using witness = new Witness(site, MAC, IP);
    way.cut();
    await second.peer.waitFor(/"msg":"this instance leads"/);
    await first.peer.waitFor(/"msg":"this instance leads no more"/);
    const [endedMs] = first.said("this instance leads no more");
    const [beganMs] = second.said("this instance leads");
    ok(endedMs! < beganMs!, `ended at ${endedMs}, the other began at ${beganMs}`);
    way.isCut = false;
    await first.peer.waitFor(/"msg":"another instance leads"/);
    // What it had sent before may still be on its way.
    const from = witness.acts.length;
    const acts = await until(() => Promise.resolve(witness.acts.slice(from)), ({ length }) => length > 20);
    equal(new Set(acts.slice(10).map(({ port }) => port)).size, 1, "only one answers again");
  },
);
