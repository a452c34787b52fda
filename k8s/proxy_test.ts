import assert from "node:assert/strict";
import { ConfigError } from "./errors.ts";
import { proxyFor } from "./proxy.ts";

const proxied = (target: string, environment: Record<string, string>, configured?: string) =>
  proxyFor(new URL(target), configured, { env: (name) => environment[name] })?.href;
const HTTPS = { HTTPS_PROXY: "http://proxy:3128" };
const THROUGH = "http://proxy:3128/";

for (
  const [target, environment, wanted] of [
    ["https://api:6443", {}, undefined],
    ["https://api:6443", HTTPS, THROUGH],
    ["http://api:8080", HTTPS, undefined],
    ["http://api:8080", { HTTP_PROXY: "proxy:3128" }, THROUGH],
    ["https://api:6443", { https_proxy: "proxy:3128" }, THROUGH],
    ["https://api", { HTTPS_PROXY: "http://one:1", https_proxy: "http://two:2" }, "http://one:1/"],
    ["https://localhost:6443", HTTPS, undefined],
    ["https://127.0.0.1:6443", HTTPS, undefined],
    ["https://[::1]:6443", HTTPS, undefined],
    ["https://api.example.com", { ...HTTPS, NO_PROXY: "*" }, undefined],
    ["https://api.example.com", { ...HTTPS, NO_PROXY: "example.com" }, undefined],
    ["https://example.com", { ...HTTPS, NO_PROXY: "example.com" }, undefined],
    ["https://notexample.com", { ...HTTPS, NO_PROXY: "example.com" }, THROUGH],
    ["https://example.com", { ...HTTPS, NO_PROXY: ".example.com" }, THROUGH],
    ["https://api.example.com", { ...HTTPS, NO_PROXY: "a, .example.com ,b" }, undefined],
    ["https://api.example.com", { ...HTTPS, NO_PROXY: "*.EXAMPLE.com" }, undefined],
    ["https://api.example.com:6443", { ...HTTPS, no_proxy: "api.example.com:443" }, THROUGH],
    ["https://api.example.com", { ...HTTPS, no_proxy: "api.example.com:443" }, undefined],
    ["https://10.1.2.3:6443", { ...HTTPS, NO_PROXY: "10.0.0.0/8" }, undefined],
    ["https://11.1.2.3:6443", { ...HTTPS, NO_PROXY: "10.0.0.0/8" }, THROUGH],
    ["https://api:6443", { ...HTTPS, NO_PROXY: "10.0.0.0/8" }, THROUGH],
    ["https://10.1.2.3:6443", { ...HTTPS, NO_PROXY: "10.0.0.0/99,10.0.0.0/x,a/8" }, THROUGH],
    ["https://10.1.2.3:6443", { ...HTTPS, NO_PROXY: "10.1.2.3" }, undefined],
    // Names are compared as text, as Go does it, even with addresses.
    ["https://10.1.2.3:6443", { ...HTTPS, NO_PROXY: "2.3" }, undefined],
    ["https://[fd00::5]:6443", { ...HTTPS, NO_PROXY: "fd00::/8" }, undefined],
    ["https://[fd00::5]:6443", { ...HTTPS, NO_PROXY: "[fd00::5]:6443" }, undefined],
    ["https://api", { ...HTTPS, NO_PROXY: "" }, THROUGH],
  ] as [string, Record<string, string>, string | undefined][]
) {
  Deno.test(`proxyFor(${target}) with ${JSON.stringify(environment)}`, () => {
    assert.equal(proxied(target, environment), wanted);
  });
}

Deno.test("proxyFor(): a kubeconfig's proxy-url wins over everything", () => {
  assert.equal(proxied("https://localhost", { ...HTTPS, NO_PROXY: "*" }, "http://other:1"), "http://other:1/");
});

Deno.test("proxyFor() says plainly which proxies are not supported", () => {
  for (const kind of ["socks5", "https"]) {
    assert.throws(
      () => proxied("https://api", {}, `${kind}://user:secret@proxy:1`),
      (error: Error) =>
        error instanceof ConfigError && /proxy-url: .* not supported/.test(error.message) &&
        !error.message.includes("secret"),
    );
  }
  assert.throws(() => proxied("https://api", { HTTPS_PROXY: "http://[" }), /HTTPS_PROXY: not a URL/);
});
