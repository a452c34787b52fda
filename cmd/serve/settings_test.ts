import { deepEqual, equal, throws } from "node:assert/strict";
import { parseCidr } from "../../base/address.ts";
import type { FlagValues } from "../flags.ts";
import { serveSettings, settingsFields } from "./settings.ts";
import { UsageError } from "../usage.ts";

Deno.test("serveSettings() has the peer's defaults (contract 3)", () => {
  deepEqual(serveSettings({}, "/home/op"), {
    site: "",
    cacheDir: "/home/op/.unbounded/metalman/cache",
    bindAddress: 0,
    httpPort: 8880,
    healthPort: 8081,
    tftpPort: 69,
    dhcpPort: 67,
    dhcp: { kind: "relay" },
    trustedProxies: [],
    bmcConcurrency: 64,
    repaveTimeoutMs: 30 * 60_000,
    repaveMaxAttempts: 5,
    requireEkCert: false,
    attestOnlyInstalling: false,
    logLevel: "info",
    logFormat: "text",
    leaderElect: { leaseMs: 15_000, renewMs: 10_000, retryMs: 2000 },
  });
});

Deno.test("serveSettings() reads every flag", () => {
  const settings = serveSettings({
    "dhcp-interface": "eth0",
    "serve-url": "http://10.0.0.2:8880/",
    "trusted-proxy": ["10.0.0.0/8", "192.0.2.1"],
    "leader-elect-lease-duration": "1m",
    "bmc-concurrency": "8",
    "repave-timeout": "1h5m",
    "repave-max-attempts": "0",
  }, "/");
  deepEqual(settings.dhcp, { kind: "interface", name: "eth0" });
  equal(settings.serveUrl, "http://10.0.0.2:8880");
  deepEqual(settings.trustedProxies, [parseCidr("10.0.0.0/8"), parseCidr("192.0.2.1/32")]);
  equal(settingsFields(settings).trustedProxies, "10.0.0.0/8,192.0.2.1/32");
  equal(settings.leaderElect.leaseMs, 60_000);
  deepEqual([settings.bmcConcurrency, settings.repaveTimeoutMs, settings.repaveMaxAttempts], [8, 65 * 60_000, 0]);
  equal(settingsFields(settings).repaveTimeout, "1h5m0s");
});

Deno.test("serveSettings() names the flag, its value and what it wants", () => {
  const cases: [FlagValues, string][] = [
    [{ "http-port": "0" }, 'invalid argument "0" for "--http-port": want a port from 1 to 65535'],
    [{ "tftp-port": "69x" }, 'invalid argument "69x" for "--tftp-port": want a port from 1 to 65535'],
    [{ "bind-address": "eth0" }, 'invalid argument "eth0" for "--bind-address": "eth0" is not an IPv4 address'],
    [{ "log-level": "loud" }, 'invalid argument "loud" for "--log-level": want one of debug, info, warn, error'],
    [
      { "serve-url": "10.0.0.2" },
      'invalid argument "10.0.0.2" for "--serve-url": want a URL such as http://10.0.0.2:8880',
    ],
    [
      { "serve-url": "http:10.0.0.2" },
      'invalid argument "http:10.0.0.2" for "--serve-url": want a URL such as http://10.0.0.2:8880',
    ],
    [
      { "serve-url": "http://10.0.0.2/\n" },
      'invalid argument "http://10.0.0.2/\n" for "--serve-url": want a URL such as http://10.0.0.2:8880',
    ],
    [
      { site: "rack-a,b" },
      'invalid argument "rack-a,b" for "--site": want a label value: up to 63 letters, digits, "-", "_" and "."',
    ],
    [{ "serve-url": "ftp://x" }, 'invalid argument "ftp://x" for "--serve-url": want http:// or https://'],
    [{ "trusted-proxy": ["10/8"] }, 'invalid argument "10/8" for "--trusted-proxy": "10" is not an IPv4 address'],
    [
      { "leader-elect-retry-period": "2" },
      'invalid argument "2" for "--leader-elect-retry-period": invalid duration "2" (want for example 90s, 5m or 1h30m)',
    ],
    [
      { "bmc-concurrency": "0" },
      'invalid argument "0" for "--bmc-concurrency": want a number from 1 to 999999',
    ],
    [
      { "repave-max-attempts": "-1" },
      'invalid argument "-1" for "--repave-max-attempts": want a number from 0 to 999999',
    ],
    [{ "repave-timeout": "0s" }, 'invalid argument "0s" for "--repave-timeout": want a duration above zero'],
    [
      { "leader-elect-lease-duration": "24h1s" },
      "--leader-elect-lease-duration must be at most 24h: nobody acts for so long after a crash",
    ],
    [
      { "leader-elect-lease-duration": "5s" },
      "--leader-elect-lease-duration must be longer than --leader-elect-renew-deadline",
    ],
    [
      { "dhcp-interface": "eth0", "dhcp-auto-interface": true },
      "--dhcp-interface and --dhcp-auto-interface are mutually exclusive",
    ],
    [{ "require-ek-cert": true }, "--require-ek-cert needs --ek-ca, which says whose certificates count"],
  ];
  for (const [values, message] of cases) throws(() => serveSettings(values, "/"), new UsageError(message));
});
