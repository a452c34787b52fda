import assert from "node:assert/strict";
import { obstacles, type Part, PARTS, type Probe, requireParts, VmUnavailableError } from "./requirements.ts";

const ALL_CAPABILITIES = 0x1ffffffffffn;
const found = Object.fromEntries((Object.keys(PARTS) as Part[]).map((part) => [part, `/${part}`]));
const ready: Probe = {
  ...{
    system: "linux x86_64",
    distribution: "debian",
    capabilities: ALL_CAPABILITIES,
    hasTun: true,
    hasKvm: false,
    found,
  },
};
const without = (...parts: Part[]) =>
  Object.fromEntries(Object.entries(found).filter(([part]) => !parts.includes(part as Part)));

const CASES: readonly (readonly [name: string, probe: Partial<Probe>, wanted: readonly RegExp[]])[] = [
  ["all is there", {}, []],
  ["another system", { system: "darwin aarch64", found: {} }, [/^this is darwin aarch64, and only Linux on x86_64/]],
  ["no QEMU", { found: without("qemu") }, [
    /^QEMU not found: apt-get install --no-install-recommends qemu-system-x86$/,
  ]],
  [
    "one package brings two parts",
    { found: without("firmware", "variables", "shim") },
    [/: apt-get install --no-install-recommends ovmf shim-signed$/],
  ],
  ["Ubuntu's kernel", { distribution: "ubuntu", found: without("kernel") }, [/linux-image-virtual$/]],
  ["Debian's kernel", { found: without("kernel") }, [/linux-image-cloud-amd64$/]],
  ["not root", { capabilities: 0n }, [/run the same command with sudo/]],
  ["root of a container", { capabilities: ALL_CAPABILITIES & ~(1n << 12n) }, [/--cap-add=NET_ADMIN/]],
  ["no tap", { hasTun: false }, [/modprobe tun/]],
  ["nothing and nobody", { capabilities: 0n, hasTun: false, found: {} }, [/^QEMU, .*not found/, /sudo/]],
];
for (const [name, probe, wanted] of CASES) {
  Deno.test(`obstacles(): ${name}`, () => {
    const all = obstacles({ ...ready, ...probe });
    assert.equal(all.length, wanted.length, all.join("\n"));
    for (const [index, pattern] of wanted.entries()) assert.match(all[index]!, pattern);
  });
}

Deno.test("requireParts() gives the paths, or one line with all that is in the way", () => {
  assert.equal(requireParts(ready).qemu, "/qemu");
  const poor = { ...ready, capabilities: 0n, found: without("busybox") };
  assert.throws(() => requireParts(poor), (error) => {
    assert.ok(error instanceof VmUnavailableError);
    assert.match(
      error.message,
      /^Cannot start a virtual machine: a static busybox not found: .*busybox-static; no right .*$/,
    );
    return true;
  });
});
