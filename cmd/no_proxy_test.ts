import { deepEqual, equal } from "node:assert/strict";
import { reachThisMachineDirectly, withThisMachine } from "./no_proxy.ts";

Deno.test("withThisMachine() adds to what is there", () => {
  equal(withThisMachine(undefined), "localhost,127.0.0.0/8,::1");
  equal(withThisMachine("a.example,10.0.0.0/8"), "a.example,10.0.0.0/8,localhost,127.0.0.0/8,::1");
});

const VARIABLES = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "NO_PROXY", "no_proxy"];

Deno.test("this machine's registry is reached past the proxy, another host through it (contract 9; net/http ProxyFromEnvironment)", async () => {
  const before = VARIABLES.map((name) => [name, Deno.env.get(name)] as const);
  await using registry = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("direct"),
  );
  await using proxy = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => new Response("proxy"));
  try {
    for (const name of VARIABLES) Deno.env.delete(name);
    for (const name of ["HTTP_PROXY", "http_proxy", "ALL_PROXY"]) {
      Deno.env.set(name, `http://127.0.0.1:${proxy.addr.port}`);
    }
    reachThisMachineDirectly((name) => Deno.env.get(name));
    using client = Deno.createHttpClient({ http2: false });
    const ask = async (host: string) =>
      await (await fetch(`http://${host}:${registry.addr.port}/v2/`, { client })).text();
    deepEqual(
      [
        await ask("127.0.0.1"),
        await ask("localhost"),
        await ask("127.3.4.5").catch(() => "refused"),
        await ask("10.99.0.9"),
      ],
      ["direct", "direct", "refused", "proxy"],
    );
  } finally {
    for (const [name, value] of before) value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
  }
});
