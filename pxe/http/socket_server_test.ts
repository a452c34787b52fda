import { equal, match } from "node:assert/strict";
import { LIMITS_MS } from "./connection.ts";
import { type Handler, textReply } from "./message.ts";
import { SocketServer } from "./socket_server.ts";

const REQUEST = new TextEncoder().encode("GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
const ok: Handler = ({ method }) => textReply(method, 200, "ok");

function start({ hostname = "127.0.0.1", ...options }: {
  hostname?: string;
  handle?: Handler;
  maxConnections?: number;
  now?: () => number;
  tickMs?: number;
} = {}) {
  const listener = Deno.listen({ hostname, port: 0 });
  const server = new SocketServer({ listener, handle: ok, ...options });
  return { server, port: listener.addr.port };
}

async function read(socket: Deno.TcpConn): Promise<string | null> {
  const buffer = new Uint8Array(4096);
  const count = await socket.read(buffer).catch(() => null);
  return count === null ? null : new TextDecoder().decode(buffer.subarray(0, count));
}

Deno.test("SocketServer ends a connection whose time is over (slow heads, idle clients)", async () => {
  let now = 0;
  const { server, port } = start({ now: () => now, tickMs: 1 });
  await using _ = server;
  using slow = await Deno.connect({ port });
  await slow.write(REQUEST.subarray(0, 5));
  using fine = await Deno.connect({ port });
  await fine.write(REQUEST);
  match((await read(fine))!, /^HTTP\/1.1 200/);
  now = LIMITS_MS.head + 1;
  equal(await read(slow), null);
  await fine.write(REQUEST);
  match((await read(fine))!, /^HTTP\/1.1 200/);
  now += LIMITS_MS.idle + 1;
  equal(await read(fine), null);
  equal(server.connections, 0);
});

Deno.test("SocketServer makes room by ending the longest idle connection", async () => {
  let now = 0;
  const { server, port } = start({ maxConnections: 2, now: () => now });
  await using _ = server;
  const sockets: Deno.TcpConn[] = [];
  for (let i = 0; i < 3; i++) {
    const socket = await Deno.connect({ port });
    sockets.push(socket);
    await socket.write(REQUEST);
    match((await read(socket))!, /^HTTP\/1.1 200/);
    now += 10;
  }
  equal(await read(sockets[0]!), null);
  await sockets[1]!.write(REQUEST);
  match((await read(sockets[1]!))!, /^HTTP\/1.1 200/);
  for (const socket of sockets) socket.close();
});

Deno.test("SocketServer keeps a quarter of the room for other addresses, also when one never lets its requests end", async () => {
  const end = Promise.withResolvers<void>();
  let begun = Promise.withResolvers<void>();
  // Both loopback addresses: two clients.
  const { server, port } = start({
    hostname: "::",
    maxConnections: 4,
    handle: async ({ method, target }) => {
      if (target === "/x") return textReply(method, 200, "ok");
      begun.resolve();
      await end.promise;
      return textReply(method, 200, "late");
    },
  });
  await using _ = server;
  const hostile: Deno.TcpConn[] = [];
  for (let i = 0; i < 3; i++) {
    const socket = await Deno.connect({ hostname: "127.0.0.1", port });
    hostile.push(socket);
    begun = Promise.withResolvers();
    await socket.write(new TextEncoder().encode("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"));
    await begun.promise;
  }
  using fourth = await Deno.connect({ hostname: "127.0.0.1", port });
  equal(await read(fourth), null);
  using other = await Deno.connect({ hostname: "::1", port });
  await other.write(REQUEST);
  match((await read(other))!, /^HTTP\/1.1 200/);
  equal(server.connections, 4);
  end.resolve();
  for (const socket of hostile) socket.close();
});

Deno.test("SocketServer.shutdown() lets the answer under way be sent, ends idle connections and accepts nobody", async () => {
  const asked = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const { server, port } = start({
    handle: async ({ method, target }) => {
      if (target === "/x") return textReply(method, 200, "ok");
      asked.resolve();
      await go.promise;
      return textReply(method, 200, "late");
    },
  });
  using idle = await Deno.connect({ port });
  await idle.write(REQUEST);
  await read(idle);
  using busy = await Deno.connect({ port });
  await busy.write(new TextEncoder().encode("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"));
  await asked.promise;
  const down = server.shutdown();
  equal(await read(idle), null);
  go.resolve();
  match((await read(busy))!, /Connection: close\r\n\r\nlate$/);
  equal(await read(busy), null);
  await down;
  equal(server.connections, 0);
  equal(await Deno.connect({ port }).then(() => "accepted", () => "refused"), "refused");
});
