import { equal } from "node:assert/strict";
import { shellWord } from "./shell_word.ts";

const WORDS: readonly (readonly [text: string, word: string])[] = [
  ["/tmp/rack-1/kubeconfig", "/tmp/rack-1/kubeconfig"],
  ["system:serviceaccount:a:b", "system:serviceaccount:a:b"],
  ["", "''"],
  ["my rack", "'my rack'"],
  ["it's", "'it'\\''s'"],
  ["$HOME;`id`", "'$HOME;`id`'"],
  ["~", "'~'"],
  ["a\nb", "'a\nb'"],
];

Deno.test("shellWord(): what the shell would read otherwise stands in quotes (POSIX XCU 2.2)", () => {
  for (const [text, word] of WORDS) equal(shellWord(text), word);
});
