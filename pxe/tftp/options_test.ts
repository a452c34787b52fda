import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_BLOCK_SIZE, MAX_WINDOW, negotiate } from "./options.ts";

const SIZE = 1_048_504;
const ask = (text: string) =>
  text.split(" ").filter((pair) => pair !== "").map((pair) => {
    const [name = "", value = ""] = pair.split("=");
    return { name, value };
  });

const CASES: [name: string, asked: string, oack: string, blockSize: number, window: number, timeoutMs: number][] = [
  ["no options: RFC 1350's own terms", "", "", 512, 1, 1000],
  ["OVMF's size query", "tsize=0 blksize=1468 windowsize=4", "tsize=1048504 blksize=1468 windowsize=4", 1468, 4, 1000],
  ["GRUB", "blksize=1024 tsize=0", "blksize=1024 tsize=1048504", 1024, 1, 1000],
  ["blksize 8, the least (RFC 2348)", "blksize=8", "blksize=8", 8, 1, 1000],
  ["blksize 7 is left out (RFC 2348)", "blksize=7", "", 512, 1, 1000],
  ["blksize 65464 is answered with what fits a frame (RFC 2348)", "blksize=65464", "blksize=1468", 1468, 1, 1000],
  ["blksize 65465 is left out (RFC 2348)", "blksize=65465", "", 512, 1, 1000],
  ["blksize that is no number", "blksize=-1 tsize=0x", "", 512, 1, 1000],
  ["timeout 255, the most (RFC 2349)", "timeout=255", "timeout=255", 512, 1, 255_000],
  ["timeout 0 and 256 are left out (RFC 2349)", "timeout=0 Timeout=256", "", 512, 1, 1000],
  ["tsize of whatever the client sends (RFC 2349)", "tsize=4096", "tsize=1048504", 512, 1, 1000],
  ["windowsize 1 (RFC 7440)", "windowsize=1", "windowsize=1", 512, 1, 1000],
  ["windowsize 65535 is answered with less (RFC 7440 3)", "windowsize=65535", "windowsize=64", 512, 64, 1000],
  ["windowsize 0 is left out (RFC 7440 3)", "windowsize=0", "", 512, 1, 1000],
  ["names without case, spelled as asked (RFC 2347)", "BlkSize=600 TSIZE=0", "BlkSize=600 TSIZE=1048504", 600, 1, 1000],
  ["unknown options are left out (RFC 2347)", "multicast= utimeout=9 blksize=600", "blksize=600", 600, 1, 1000],
  ["an option asked twice: the first counts", "blksize=600 blksize=700", "blksize=600", 600, 1, 1000],
  ["__proto__ is an unknown option", "__proto__=1 constructor=2", "", 512, 1, 1000],
];
for (const [name, asked, oack, blockSize, window, timeoutMs] of CASES) {
  Deno.test(`negotiate(): ${name}`, () => {
    const { accepted, ...terms } = negotiate(ask(asked), SIZE);
    assert.equal(accepted.map((option) => `${option.name}=${option.value}`).join(" "), oack);
    assert.deepEqual(terms, { blockSize, window, timeoutMs });
  });
}

Deno.test("negotiate() never answers more than was asked for, nor more than its bounds (RFC 2348, 7440)", () => {
  fc.assert(fc.property(fc.nat(70_000), fc.nat(70_000), (blksize, windowsize) => {
    const { blockSize, window, accepted } = negotiate(ask(`blksize=${blksize} windowsize=${windowsize}`), SIZE);
    for (const { name, value } of accepted) {
      assert.ok(Number(value) <= (name === "blksize" ? blksize : windowsize));
      assert.equal(Number(value), name === "blksize" ? blockSize : window);
    }
    assert.ok(blockSize >= 8 && blockSize <= MAX_BLOCK_SIZE && window >= 1 && window <= MAX_WINDOW);
  }));
});
