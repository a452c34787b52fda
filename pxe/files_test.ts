import assert from "node:assert/strict";
import { parseIpv4 } from "../base/address.ts";
import { type Machine, readMachine } from "../machine/types.ts";
import type { FileAnswer } from "./answer.ts";
import { createFileResolver, type UserDataAnswer } from "./files.ts";
import type { BootImage, ImageMissing } from "./image.ts";

const CLIENT = parseIpv4("10.0.0.5");
const encoder = new TextEncoder();
const EMPTY = { kind: "bytes", body: "#cloud-config\n" };

function machineOf(cloudInit?: unknown): Machine {
  const lease = { ipv4: "10.0.0.5", mac: "02:00:00:00:00:01", subnetMask: "255.255.255.0" };
  return readMachine({ metadata: { name: "m1" }, spec: { pxe: { image: "img", dhcpLeases: [lease], cloudInit } } })
    .machine;
}

const IMAGE: BootImage = {
  digest: "sha256:" + "0123456789abcdef".repeat(4),
  dhcpBootImageName: "",
  bootFiles: {},
  file: (path) =>
    ["shim.efi", "both", "both.tmpl", "only.tmpl", "broken.tmpl", "cloud-init/user-data"].includes(path)
      ? { absolutePath: `/cache/${path}`, offset: 0, size: 7 }
      : undefined,
};

interface Site {
  machine?: Machine;
  image?: BootImage | ImageMissing;
  userData?: UserDataAnswer;
}

function siteOf({ machine = machineOf(), image = IMAGE, userData = { kind: "notYet" } }: Site = {}) {
  const failures: string[] = [];
  const starts: boolean[] = [];
  const hit = { machine, lease: machine.leases[0]! };
  const resolve = createFileResolver({
    directory: {
      byIp: (ip) => ip === CLIENT ? hit : undefined,
      byMac: () => undefined,
      byName: () => undefined,
      all: () => [machine],
    },
    images: {
      imageFor: (_machine, starting) => {
        starts.push(starting);
        return image;
      },
    },
    userData: () => userData,
    render: ({ key, absolutePath }, { name }) => {
      if (absolutePath.includes("broken")) throw new Error("template: x: boom");
      const body = encoder.encode(`rendered ${key.slice(-4)} for ${name}`);
      return key.endsWith("only") ? Promise.resolve(body) : body;
    },
    onTemplateFailure: ({ name }, path, reason) => failures.push(`${name} ${path} ${reason}`),
  });
  return { resolve, failures, starts };
}

/** The parts of an answer that a client can tell apart. */
async function plain(answer: FileAnswer | Promise<FileAnswer>): Promise<Record<string, unknown>> {
  const settled = await answer;
  if (settled.kind === "bytes") return { kind: "bytes", body: new TextDecoder().decode(settled.body) };
  return settled.kind === "file" ? { kind: "file", path: settled.absolutePath, size: settled.size } : { ...settled };
}

for (
  const [name, path, wanted] of [
    ["a file as it is", "/shim.efi", { kind: "file", path: "/cache/shim.efi", size: 7 }],
    ["two slashes", "//shim.efi", { kind: "file", path: "/cache/shim.efi", size: 7 }],
    ["the template goes before the file", "both", { kind: "bytes", body: "rendered both for m1" }],
    ["a template alone", "only", { kind: "bytes", body: "rendered only for m1" }],
    ["a template's own text", "only.tmpl", { kind: "file", path: "/cache/only.tmpl", size: 7 }],
    ["no such file", "nope", { kind: "notFound", reason: "the image has no such file" }],
    ["out of the image", "/../shim.efi", { kind: "notFound", reason: "not a path of a file" }],
    ["a template that fails", "broken", { kind: "failed", reason: "template: x: boom" }],
    ["user-data of a machine that names none, though the image has a file", "/cloud-init/user-data", EMPTY],
  ] as const
) {
  Deno.test(`resolve(): ${name} (contract 6, 7, 11.7, 11.14)`, async () => {
    assert.deepEqual(await plain(siteOf().resolve(CLIENT, path)), wanted);
  });
}

Deno.test("resolve() knows no other client (contract 6)", async () => {
  const answer = await plain(siteOf().resolve(CLIENT + 1, "shim.efi"));
  assert.deepEqual(answer, { kind: "notFound", reason: "no Machine has a lease with this address" });
});

Deno.test("resolve() says that the image is not here yet, and why", async () => {
  const { resolve } = siteOf({ image: { reason: "img is being pulled" } });
  assert.deepEqual(await resolve(CLIENT, "shim.efi"), { kind: "notYet", reason: "img is being pulled" });
  assert.deepEqual(await plain(resolve(CLIENT, "cloud-init/user-data")), EMPTY);
});

Deno.test("resolve() keeps to the image that the boot began with (design 6)", async () => {
  const { resolve, starts } = siteOf();
  await resolve(CLIENT, "shim.efi");
  assert.deepEqual(starts, [false]);
});

Deno.test("resolve() tells of a template's failure with machine, path and reason (contract 11.14)", async () => {
  const { resolve, failures } = siteOf();
  await resolve(CLIENT, "//broken");
  assert.deepEqual(failures, ["m1 broken template: x: boom"]);
});

Deno.test("resolve() tags a file by its image and what was rendered by its bytes", async () => {
  const tag = async (machine: Machine, path: string, image = IMAGE) =>
    (await siteOf({ machine, image }).resolve(CLIENT, path) as { etag: string }).etag;
  const [m1, m2] = [machineOf(), { ...machineOf(), name: "m2" }];
  const moved = { ...IMAGE, digest: "sha256:ff" };
  assert.equal(await tag(m1, "shim.efi"), '"0123456789abcdef0123456789abcdef"');
  assert.notEqual(await tag(m1, "shim.efi"), await tag(m1, "shim.efi", moved));
  assert.equal(await tag(m1, "both"), await tag(m1, "both", moved));
  assert.notEqual(await tag(m1, "both"), await tag(m2, "both"));
});

const REF = { userDataConfigMapRef: { name: "cm", namespace: "ns", key: "k" } };
for (
  const [name, userData, wanted] of [
    ["the ConfigMap's key", { kind: "found", body: encoder.encode("hello") }, { kind: "bytes", body: "hello" }],
    ["no such ConfigMap", { kind: "noConfigMap" }, EMPTY],
    ["no such key", { kind: "noKey" }, { kind: "notFound", reason: "ConfigMap ns/cm has no key k" }],
    ["ConfigMaps not read yet", { kind: "notYet" }, { kind: "notYet", reason: "ConfigMaps are not read yet" }],
  ] as const
) {
  Deno.test(`resolve(): user-data, ${name} (contract 7)`, async () => {
    const { resolve } = siteOf({ machine: machineOf(REF), userData });
    assert.deepEqual(await plain(resolve(CLIENT, "/cloud-init/user-data")), wanted);
  });
}
