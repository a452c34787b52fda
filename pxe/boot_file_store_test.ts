import { deepEqual, rejects } from "node:assert/strict";
import { readBootFile } from "./boot_file_store.ts";

Deno.test("readBootFile() gives the file's own bytes of one that several share", async () => {
  const absolutePath = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(absolutePath, "beforecontentbehind");
    const file = { absolutePath, offset: 6, size: 7 };
    deepEqual(new TextDecoder().decode(await readBootFile(file)), "content");
    await rejects(readBootFile({ ...file, size: 100 }), /shorter/);
  } finally {
    await Deno.remove(absolutePath);
  }
});
