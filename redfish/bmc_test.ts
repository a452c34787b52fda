import assert from "node:assert/strict";
import { originOf } from "./bmc.ts";
import { explainConnection } from "./tls_error.ts";
import { BmcError, type BmcFault } from "./types.ts";

Deno.test("a BMC's URL is https, a host and a port, and nothing else", () => {
  const good: readonly [string, string][] = [
    ["https://10.0.10.11", "https://10.0.10.11"],
    ["https://10.0.10.11/", "https://10.0.10.11"],
    ["https://10.0.10.11:443//", "https://10.0.10.11"],
    ["https://BMC-1.lab:8443", "https://bmc-1.lab:8443"],
    ["https://[2001:db8::1]", "https://[2001:db8::1]"],
    ["https://bmc/redfish/v1/", "https://bmc"],
  ];
  for (const [url, origin] of good) assert.equal(originOf(url).origin, origin);
  const bad: readonly [string, BmcFault, RegExp][] = [
    ["http://10.0.10.11", "tls", /10\.0\.10\.11: .*https:\/\//],
    ["10.0.10.11", "unreachable", /no URL/],
    ["", "unreachable", /no URL/],
    ["https://root:calvin@10.0.10.11", "login", /passwordRef/],
    // Behind a proxy the path may name another machine.
    ["https://proxy/bmc7", "unreachable", /end after the host/],
    ["https://bmc/?x=1", "unreachable", /end after the host/],
  ];
  for (const [url, fault, words] of bad) {
    assert.throws(() => originOf(url), (error) => {
      assert.ok(error instanceof BmcError);
      assert.equal(error.fault, fault, url);
      assert.match(error.message, words);
      return !error.message.includes("calvin");
    });
  }
});

Deno.test("explainConnection() says what to do, for each kind of failure", () => {
  const cases: readonly [string, BmcFault, RegExp][] = [
    ["ENOTFOUND", "unreachable", /name cannot be resolved/],
    ["EAI_AGAIN", "unreachable", /name cannot be resolved just now/],
    ["ECONNREFUSED", "unreachable", /refuses the connection/],
    ["EHOSTUNREACH", "unreachable", /no way/],
    ["ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", "tls", /TLS 1\.0 or 1\.1/],
    ["ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE", "tls", /firmware/],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "tls", /new certificate/],
    ["ERR_SSL_SOMETHING_NEW", "tls", /what was said \(ERR_SSL_SOMETHING_NEW\)/],
    ["EWHATEVER", "unreachable", /what was said/],
    ["constructor", "unreachable", /what was said/],
  ];
  for (const [code, fault, words] of cases) {
    const explained = explainConnection(code, "what was said");
    assert.equal(explained.fault, fault, code);
    assert.match(explained.text, words);
  }
});
