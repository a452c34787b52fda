import { equal } from "node:assert/strict";
import fc from "fast-check";
import { shellWord } from "../../base/shell_word.ts";
import { peerTest } from "./peer.ts";

peerTest("a shell reads each word back as it was", { programs: ["sh"] }, async () => {
  const texts = fc.sample(fc.string({ unit: fc.constantFrom(..." '\"\\$`~*?;&|<>()#!\n\tab-=%é") }), 300);
  const command = `printf '%s\\0' ${texts.map(shellWord).join(" ")}`;
  const { stdout } = await new Deno.Command("sh", { args: ["-c", command] }).output();
  equal(new TextDecoder().decode(stdout), texts.map((text) => `${text}\0`).join(""));
});
