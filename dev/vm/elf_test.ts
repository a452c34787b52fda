import assert from "node:assert/strict";
import { isStaticProgram } from "./elf.ts";

/** A program whose headers are of the given types. */
function program(...types: number[]): Uint8Array {
  const bytes = new Uint8Array(64 + types.length * 56);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x7f454c46);
  view.setUint16(4, 0x0201);
  view.setBigUint64(32, 64n, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, types.length, true);
  for (const [index, type] of types.entries()) view.setUint32(64 + index * 56, type, true);
  return bytes;
}

Deno.test("isStaticProgram() tells by the interpreter that a program asks for (System V ABI, PT_INTERP)", () => {
  assert.equal(isStaticProgram(program(1, 1, 4)), true);
  assert.equal(isStaticProgram(program(6, 3, 1)), false);
  assert.equal(isStaticProgram(program(1, 1).subarray(0, 70)), false, "cut short");
  assert.equal(isStaticProgram(new TextEncoder().encode("#!/bin/sh\n".padEnd(80))), false);
  assert.equal(isStaticProgram(new Uint8Array(0)), false);
});

Deno.test("isStaticProgram() knows a program that needs shared libraries: this test's own", async () => {
  using file = await Deno.open(Deno.execPath());
  const head = new Uint8Array(4096);
  await file.read(head);
  assert.equal(isStaticProgram(head), false);
});
