/** What the API server refuses of a Machine (contract 1), and what it lets be: deploy/crd.yaml. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import { AddressError, parseHostIpv4, parseMac, parseMask } from "../../base/address.ts";
import { readMachine } from "../../machine/types.ts";
import { API_SERVER, type KubeObject, startApiServer, type TestApiServer } from "../peers/apiserver.ts";
import { manifest } from "../peers/manifest.ts";
import { peerTest } from "../peers/peer.ts";
import { until } from "./loopback_site.ts";

const MACHINES = "/apis/unbounded-cloud.io/v1alpha3/machines";
const [CRD] = manifest("deploy/crd.yaml") as [KubeObject];
const passwordRef = { name: "p", namespace: "default" };

type Fields = Record<string, unknown>;

function lease(more: Fields = {}): Fields {
  return { mac: "aa:bb:cc:dd:ee:01", ipv4: "10.0.0.11", subnetMask: "255.255.255.0", gateway: "10.0.0.1", ...more };
}

function machine(name: string, spec: Fields): KubeObject {
  return { apiVersion: "unbounded-cloud.io/v1alpha3", kind: "Machine", metadata: { name }, spec };
}

const withLeases = (...dhcpLeases: Fields[]): Fields => ({ pxe: { image: "i", dhcpLeases } });
const withBmc = (url: string): Fields => ({ pxe: { image: "i", redfish: { url, username: "u", passwordRef } } });
const withKeys = (...ekPublicKeySHA256: string[]): Fields => ({ attestation: { ekPublicKeySHA256 } });

/** Fields and what is said of them, with what to do. */
async function refusal(api: TestApiServer, spec: Fields): Promise<string[]> {
  try {
    await api.request("POST", `${MACHINES}?dryRun=All`, machine("tried", spec));
    return [];
  } catch (error) {
    const { details } = JSON.parse((error as Error).message.replace(/^[^{]*/, ""));
    return (details.causes as { field: string; message: string }[]).map(({ field, message }) => `${field}: ${message}`);
  }
}

const LEASE = "spec\\.pxe\\.dhcpLeases\\[0\\]";
const KEY = "AB".repeat(32);
const REFUSED: readonly (readonly [string, Fields, string])[] = [
  ["a MAC that is none", withLeases(lease({ mac: "aa:bb:cc:dd:ee" })), `^${LEASE}\\.mac: .*want six bytes such as`],
  ["a MAC of mixed forms", withLeases(lease({ mac: "aa:bb:cc-dd-ee-01" })), `^${LEASE}\\.mac: `],
  ["an IPv6 address", withLeases(lease({ ipv4: "fd00::1" })), `^${LEASE}\\.ipv4: .*want four numbers such as`],
  ["a number above 255", withLeases(lease({ ipv4: "10.0.0.256" })), `^${LEASE}\\.ipv4: `],
  ["a leading zero", withLeases(lease({ ipv4: "10.0.0.011" })), `^${LEASE}\\.ipv4: `],
  ["a multicast address", withLeases(lease({ ipv4: "224.0.0.1" })), `^${LEASE}\\.ipv4: `],
  [
    "a mask with a hole",
    withLeases(lease({ subnetMask: "255.0.255.0" })),
    `^${LEASE}\\.subnetMask: .*want one such as`,
  ],
  ["a mask as bits", withLeases(lease({ subnetMask: "/24" })), `^${LEASE}\\.subnetMask: `],
  ["a gateway that is none", withLeases(lease({ gateway: "router" })), `^${LEASE}\\.gateway: .*want one such as`],
  ["a name server by name", withLeases(lease({ dns: ["10.0.0.1", "dns"] })), `^${LEASE}\\.dns\\[1\\]: .*want an IPv4`],
  [
    "one MAC in two spellings",
    withLeases(lease(), lease({ mac: "AABB.CCDD.EE01", ipv4: "10.0.0.12" })),
    "^spec\\.pxe\\.dhcpLeases: .*same mac, .*leave one of them out$",
  ],
  [
    "one address for two cards",
    withLeases(lease(), lease({ mac: "aa:bb:cc:dd:ee:02" })),
    "^spec\\.pxe\\.dhcpLeases: .*same ipv4; give each card an address of its own$",
  ],
  ["a counter below zero", { operations: { rebootCounter: -1 } }, "^spec\\.operations\\.rebootCounter: .*greater than"],
  [
    "a counter too large",
    { operations: { repaveCounter: 2 ** 53 } },
    "^spec\\.operations\\.repaveCounter: .*less than",
  ],
  ["a BMC over HTTP", withBmc("http://10.0.0.1"), "^spec\\.pxe\\.redfish\\.url: .*want https and a host"],
  ["a BMC with a password", withBmc("https://root:calvin@10.0.0.1"), "^spec\\.pxe\\.redfish\\.url: "],
  ["a BMC with a path", withBmc("https://10.0.0.1/redfish/v1/Systems/1"), "^spec\\.pxe\\.redfish\\.url: "],
  ["a BMC by its name alone", withBmc("bmc-1"), "^spec\\.pxe\\.redfish\\.url: "],
  ["a key's digest that is none", withKeys(KEY, "12"), "^spec\\.attestation\\.ekPublicKeySHA256\\[1\\]: .*want 64 hex"],
  [
    "more leases than anybody has",
    withLeases(...Array.from({ length: 33 }, () => lease())),
    "^spec\\.pxe\\.dhcpLeases: Too many: 33: must have at most 32",
  ],
];

const ACCEPTED: readonly (readonly [string, Fields])[] = [
  ...["aa-bb-cc-dd-ee-01", "AA:BB:CC:DD:EE:01", "aabb.ccdd.ee01", "AABBCCDDEE01"].map((mac) =>
    [`the MAC ${mac}`, withLeases(lease({ mac }))] as const
  ),
  ["no router, and a host route", withLeases(lease({ gateway: "", subnetMask: "255.255.255.255", dns: [] }))],
  ["a router beyond the subnet", withLeases(lease({ gateway: "192.168.0.1" }))],
  ...["https://bmc.example.com", "https://10.0.0.1:8443/", "https://[fd00::1]", "HTTPS://bmc_1/redfish/v1"].map((url) =>
    [`the BMC ${url}`, withBmc(url)] as const
  ),
  ["digests with and without colons", withKeys(KEY, "ab:".repeat(31) + "ab")],
  ["the most leases", withLeases(...Array.from({ length: 32 }, (_, i) => lease({ mac: mac(i), ipv4: `10.0.1.${i}` })))],
  ["nothing but a name", {}],
];

function mac(i: number): string {
  return `aa:bb:cc:dd:ef:${i.toString(16).padStart(2, "0")}`;
}

peerTest("kube-apiserver refuses Machines with bad fields, and says which and what to do", API_SERVER, async (t) => {
  await using api = await startApiServer();
  await api.installCrd();
  for (const [name, spec, wanted] of REFUSED) {
    await t.step(`refused: ${name}`, async () => {
      const said = (await refusal(api, spec)).filter((line) => !line.startsWith("<nil>"));
      equal(said.filter((line) => new RegExp(wanted).test(line)).length, said.length, said.join("\n"));
      ok(said.length > 0, "accepted");
    });
  }
  for (const [name, spec] of ACCEPTED) {
    await t.step(`accepted: ${name}`, async () => deepEqual(await refusal(api, spec), []));
  }
});

const LIMITS = ["x-kubernetes-validations", "maxLength", "maxItems", "minimum", "maximum"];

/** Our definition as the peer's is, as far as rules go: it has none. */
function withoutRules(definition: KubeObject): KubeObject {
  return JSON.parse(JSON.stringify(definition), (key, value) => LIMITS.includes(key) ? undefined : value);
}

const BAD_LEASES = [
  lease({ mac: "not a MAC", ipv4: "300.1.2.3", subnetMask: "x", gateway: "y", dns: ["z"] }),
  ...Array.from({ length: 40 }, () => lease({ mac: "AA:BB:CC:DD:EE:01" })),
];
const BAD: Fields = {
  pxe: { image: "i", dhcpLeases: BAD_LEASES, redfish: { url: "http://bmc", username: "u", passwordRef } },
  operations: { rebootCounter: -3, repaveCounter: 1 },
  attestation: { ekPublicKeySHA256: ["12"] },
};

peerTest(
  "a Machine that was stored before with bad fields stays readable and goes on (contract 1)",
  API_SERVER,
  async () => {
    await using api = await startApiServer();
    const [crd] = manifest("deploy/crd.yaml") as [KubeObject];
    await api.apply({ ...crd, spec: withoutRules(crd.spec) });
    await until(() => api.request("GET", MACHINES).then(() => true, () => false), Boolean);
    await api.request("POST", MACHINES, machine("old", BAD));
    await api.installCrd();
    await until(() => refusal(api, withBmc("http://bmc")), (said) => said.length > 0);

    const { spec, status: _none, ...rest } = await api.request("GET", `${MACHINES}/old`);
    deepEqual(spec.pxe.dhcpLeases, BAD_LEASES);
    const conditions = [{
      ...{ type: "Repaved", status: "False", reason: "Pending", message: "image=i" },
      lastTransitionTime: "2026-01-02T03:04:05Z",
    }];
    const status = { operations: { rebootCounter: -4, repaveCounter: 0 }, conditions };
    const written = await api.request("PUT", `${MACHINES}/old/status`, { ...rest, spec, status });
    deepEqual(written.status, status);

    const patch = (body: Fields) => api.request("PATCH", `${MACHINES}/old`, body, "application/merge-patch+json");
    const repaved = await patch({ spec: { operations: { rebootCounter: 4, repaveCounter: 2 } } });
    deepEqual(repaved.spec.operations, { rebootCounter: 4, repaveCounter: 2 });
    await patch({ metadata: { labels: { "unbounded-cloud.io/site": "a" } } });
    const worse = await patch({ spec: { pxe: { redfish: { url: "ftp://bmc" } } } }).catch((error) => error.message);
    match(worse, /spec\.pxe\.redfish\.url: Invalid value: .*want https and a host/);
    await patch({ spec: { pxe: { redfish: { url: "https://bmc" }, dhcpLeases: [lease()] } } });
  },
);

/** The regular expressions of the rules, by the name of the field. */
function rules(schema: Fields, name: string, found = new Map<string, RegExp>()): Map<string, RegExp> {
  const [first] = (schema["x-kubernetes-validations"] ?? []) as { rule: string }[];
  const text = /self\.matches\('(.*)'\)/.exec(first?.rule ?? "")?.[1];
  if (text !== undefined) found.set(name, new RegExp(text));
  const { properties = {}, items } = schema as { properties?: Record<string, Fields>; items?: Fields };
  for (const [field, inner] of Object.entries(properties)) rules(inner, field, found);
  if (items !== undefined) rules(items, name, found);
  return found;
}

const RULES = rules(CRD.spec.versions[0].schema.openAPIV3Schema, "");

function reads(parse: (text: string) => unknown, text: string): boolean {
  try {
    parse(text);
    return true;
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    return false;
  }
}

/** Texts of these pieces: many are nearly right. */
const made = (...pieces: string[]) =>
  fc.array(fc.oneof(fc.constantFrom(...pieces), fc.nat(300).map(String)), { maxLength: 9 }).map((parts) =>
    parts.join("")
  );
const octets = fc.array(fc.oneof(fc.nat(260), fc.constantFrom(0, 128, 192, 252, 255)), { minLength: 3, maxLength: 5 })
  .map((parts) => parts.join("."));

Deno.test("the rules of addresses accept what metalman reads, and nothing else (contract 1)", () => {
  const addresses = fc.oneof(octets, fc.ipV4(), made(".", "0", "00", "255", "-", " ", "\n"));
  const macs = fc.oneof(
    fc.tuple(fc.uint8Array({ minLength: 5, maxLength: 7 }), fc.constantFrom(":", "-", "", ".")).map((
      [bytes, between],
    ) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(between)),
    made("aa", "B", "aabb", ":", "-", ".", " "),
  );
  const cases = [
    ["ipv4", parseHostIpv4, addresses],
    ["dns", parseHostIpv4, addresses],
    ["subnetMask", parseMask, addresses],
    // metalman forgives blanks around it, which the API server need not.
    ["mac", (text: string) => reads(parseMac, text) && text !== text.trim() ? parseMac("") : parseMac(text), macs],
  ] as const;
  for (const [field, parse, texts] of cases) {
    fc.assert(fc.property(texts, (text) => equal(RULES.get(field)!.test(text), reads(parse, text), text)));
  }
});

Deno.test("the rules of addresses hold for each number in each place (contract 1)", () => {
  const numbers = [...Array.from({ length: 1000 }, (_, i) => String(i)), "00", "01", "010", "0255", "", "+1", "1 "];
  for (
    const like of [["10", "0", "0", "1"], ["255", "255", "255", "0"], ["255", "255", "0", "0"], ["255", "0", "0", "0"]]
  ) {
    for (const place of like.keys()) {
      for (const text of numbers.map((number) => like.with(place, number).join("."))) {
        equal(RULES.get("ipv4")!.test(text), reads(parseHostIpv4, text), text);
        equal(RULES.get("subnetMask")!.test(text), reads(parseMask, text), text);
        for (const same of ["dns", "gateway"]) equal(RULES.get(same)!.test(text), RULES.get("ipv4")!.test(text), text);
      }
    }
  }
});

Deno.test("a BMC's URL that the rule accepts is one that metalman can use (contract 9)", () => {
  const urls = fc.tuple(
    fc.constantFrom("https://", "HTTPS://", "http://", "https:", ""),
    fc.constantFrom("bmc", "bmc-1.example.com", "10.0.0.1", "[fd00::1]", "u:p@bmc", "b c", "bmc?", ""),
    fc.constantFrom("", ":443", ":8443", ":", ":x"),
    fc.constantFrom("", "/", "//", "/redfish", "/redfish/v1/", "/redfish/v1/Systems", "/?x", "#x"),
  ).map((parts) => parts.join(""));
  const rule = RULES.get("url")!;
  let accepted = 0;
  fc.assert(fc.property(urls, (url) => {
    if (!rule.test(url)) return;
    accepted++;
    const { problems } = readMachine(machine("m", withBmc(url)) as Parameters<typeof readMachine>[0]);
    deepEqual(problems, []);
  }));
  ok(accepted > 0);
});
