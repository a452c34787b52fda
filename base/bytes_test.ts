import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { ByteReader, BytesError, ByteWriter } from "./bytes.ts";

Deno.test("ByteReader gives back what ByteWriter wrote", () => {
  fc.assert(
    fc.property(fc.nat(0xff), fc.nat(0xffff), fc.nat(0xffffffff), fc.uint8Array({ maxLength: 9 }), (a, b, c, d) => {
      const writer = new ByteWriter(new Uint8Array(32));
      writer.u8(a);
      writer.u16(b);
      writer.u32(c);
      writer.bytes(d);
      writer.zeros(2);
      const reader = new ByteReader(writer.written());
      deepEqual([reader.u8(), reader.u16(), reader.u32()], [a, b, c]);
      deepEqual(reader.take(d.length), d);
      equal(reader.u16(), 0);
      equal(reader.remaining, 0);
    }),
  );
});

Deno.test("neither end can be passed", () => {
  throws(() => new ByteReader(new Uint8Array(3)).u32(), BytesError);
  throws(() => new ByteReader(new Uint8Array(3)).take(-1), BytesError);
  throws(() => new ByteWriter(new Uint8Array(3)).u32(1), BytesError);
  throws(() => new ByteWriter(new Uint8Array(3)).bytes(new Uint8Array(4)), BytesError);
});
