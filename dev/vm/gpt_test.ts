import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { FIRST_SECTOR, gptDisk, guid, PARTITION_TYPE } from "./gpt.ts";

Deno.test("guid() swaps the first three groups (UEFI 2.10, appendix A: the EFI system partition's type)", () => {
  const bytes = Uint8Array.from(guid(PARTITION_TYPE.efiSystem));
  assert.equal(bytes.toHex(), "28732ac11ff8d211ba4b00a0c93ec93b");
});

Deno.test("gptDisk() has two headers that name each other and the same partitions (UEFI 2.10, 5.3.2)", () => {
  const id = "6d6d0000-0000-4000-8000-000000000001";
  const first = new Uint8Array(3 << 20).fill(1);
  const second = Uint8Array.of(2, 2);
  const disk = gptDisk(id, [
    { type: PARTITION_TYPE.efiSystem, id, name: "one", content: first },
    { type: PARTITION_TYPE.linuxData, id, name: "two", content: second },
  ]);
  const view = new DataView(disk.buffer);
  const last = disk.length / 512 - 1;
  assert.equal(disk.length % (1 << 20), 0);
  for (const [own, other] of [[1, last], [last, 1]] as const) {
    const at = own * 512;
    assert.equal(new TextDecoder().decode(disk.subarray(at, at + 8)), "EFI PART");
    assert.equal(Number(view.getBigUint64(at + 24, true)), own);
    assert.equal(Number(view.getBigUint64(at + 32, true)), other);
    const header = disk.slice(at, at + 92);
    header.fill(0, 16, 20);
    assert.equal(view.getUint32(at + 16, true), crc32(header), "its own checksum");
    const entriesAt = Number(view.getBigUint64(at + 72, true)) * 512;
    const entries = disk.subarray(entriesAt, entriesAt + 128 * 128);
    assert.equal(view.getUint32(at + 88, true), crc32(entries), "the entries' checksum");
  }
  const sectors = (index: number) =>
    [32, 40].map((field) => Number(view.getBigUint64(1024 + index * 128 + field, true)));
  assert.deepEqual(sectors(0), [FIRST_SECTOR, FIRST_SECTOR + 6143]);
  assert.deepEqual(sectors(1), [FIRST_SECTOR + 6144, FIRST_SECTOR + 6144]);
  assert.deepEqual(disk.subarray((FIRST_SECTOR + 6144) * 512).subarray(0, 3), Uint8Array.of(2, 2, 0));
  assert.equal(disk[450], 0xee, "the protective MBR");
});
