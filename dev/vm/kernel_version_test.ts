import assert from "node:assert/strict";
import { kernelVersions } from "./kernel_version.ts";

Deno.test("kernelVersions() puts the newest first, by number, and leaves out what has no modules", () => {
  const boot = [
    "vmlinuz-6.1.0-9-amd64",
    "vmlinuz-6.1.0-56-cloud-amd64",
    "vmlinuz-6.1.0-60-amd64",
    "initrd.img-6.1.0-9",
    "grub",
  ];
  assert.deepEqual(kernelVersions(boot, ["6.1.0-9-amd64", "6.1.0-56-cloud-amd64", "5.10.0"]), [
    "6.1.0-56-cloud-amd64",
    "6.1.0-9-amd64",
  ]);
  assert.deepEqual(kernelVersions([], []), []);
});
