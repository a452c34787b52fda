import { deepEqual } from "node:assert/strict";
import { type InstallOrder, readInstallOrder } from "./kernel_arguments.ts";

const I = "metalman.image=http://h/disk.img";
const image = "http://h/disk.img";
const CASES: readonly [line: string, wanted: InstallOrder | { problem: string }][] = [
  [I, { image }],
  [`quiet ${I} metalman.done=http://h/pxe/disable ds=nocloud;s=http://h/cloud-init/`, {
    image,
    done: "http://h/pxe/disable",
    dataSource: "http://h/cloud-init/",
  }],
  [`${I} ds=nocloud-net;h=name;s=http://h/x/`, { image, dataSource: "http://h/x/" }],
  [`${I} ds=ec2`, { image }],
  [`metalman.image=http://old/ ${I}`, { image }],
  ["", { problem: "metalman.image=URL is missing" }],
  ["metalman.image=", { problem: "metalman.image=URL is missing" }],
  ["metalman.image=https://h/d", { problem: "metalman.image=https://h/d is not an http:// URL" }],
  [`${I} metalman.done=/pxe/disable`, { problem: "metalman.done=/pxe/disable is not an http:// URL" }],
  [`${I} ds=nocloud;s=/data`, { problem: "ds=nocloud;s=/data is not an http:// URL" }],
];
for (const [line, wanted] of CASES) {
  Deno.test(`readInstallOrder(${JSON.stringify(line)})`, () => deepEqual(readInstallOrder(line), wanted));
}
