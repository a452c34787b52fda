import assert from "node:assert/strict";
import { endpointsOf, isPrivateHost, parseChallenge } from "./endpoint.ts";
import { parseReference } from "./reference.ts";

const PRIVATE = [
  "localhost",
  "localhost:5000",
  "x.localhost",
  "127.0.0.1:5000",
  "127.9.9.9",
  "10.1.2.3",
  "172.16.0.1",
  "172.31.0.1:80",
  "192.168.1.1",
  "169.254.1.1",
  "[::1]:5000",
  "[fd00::1]",
  "[fe80::1]:80",
];
const PUBLIC = [
  "docker.io",
  "8.8.8.8",
  "172.32.0.1",
  "11.0.0.1",
  "10.0.0.1.example.com",
  "[2001:db8::1]:5000",
  "999.1.1.1",
  "localhost.example.com",
];

Deno.test("isPrivateHost(): localhost, loopback and private addresses, nothing else (contract 9)", () => {
  for (const host of PRIVATE) assert.equal(isPrivateHost(host), true, host);
  for (const host of PUBLIC) assert.equal(isPrivateHost(host), false, host);
});

const ENDPOINTS: readonly (readonly [reference: string, mirrors: Record<string, string[]>, wanted: string])[] = [
  ["debian", {}, "https://registry-1.docker.io=docker.io"],
  ["10.0.0.1:5000/a", {}, "http://10.0.0.1:5000=10.0.0.1:5000"],
  ["10.0.0.1:443/a", {}, "https://10.0.0.1:443=10.0.0.1:443"],
  ["ghcr.io/a", {}, "https://ghcr.io=ghcr.io"],
  [
    "debian",
    { "docker.io": ["10.0.0.2:5000", "https://m.example/sub/"] },
    "http://10.0.0.2:5000=10.0.0.2:5000 https://m.example/sub=m.example https://registry-1.docker.io=docker.io",
  ],
];
for (const [reference, mirrors, wanted] of ENDPOINTS) {
  Deno.test(`endpointsOf(${reference}) with ${Object.values(mirrors).flat().length} mirrors`, () => {
    const places = endpointsOf(parseReference(reference), mirrors);
    assert.equal(places.map(({ base, registry }) => `${base}=${registry}`).join(" "), wanted);
  });
}

const CHALLENGES: readonly (readonly [header: string | null, wanted: unknown])[] = [
  [null, undefined],
  ["", undefined],
  ["Negotiate", undefined],
  ['Basic realm="x"', { kind: "basic" }],
  ["basic", { kind: "basic" }],
  ['Bearer realm="https://a/t",service="s",scope="repository:x:pull,push"', {
    kind: "bearer",
    realm: "https://a/t",
    service: "s",
    scope: "repository:x:pull,push",
  }],
  ["bearer Realm=https://a/t", { kind: "bearer", realm: "https://a/t" }],
  ['Basic realm="x", Bearer realm="https://a/t"', { kind: "bearer", realm: "https://a/t" }],
  ['Bearer service="s"', undefined],
  ['Bearer realm="file:///etc/passwd"', undefined],
  ['Bearer realm="http://a/\\"q\\""', { kind: "bearer", realm: 'http://a/"q"' }],
  ["Bearer " + "a=b,".repeat(5000), undefined],
];
for (const [header, wanted] of CHALLENGES) {
  Deno.test(`parseChallenge(${String(header).slice(0, 60)}) (RFC 9110 11.6.1)`, () => {
    assert.deepEqual(parseChallenge(header), wanted);
  });
}
