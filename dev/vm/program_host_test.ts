import assert from "node:assert/strict";
import { Program, runProgram } from "./program_host.ts";

const deno = (code: string, onOutput?: (text: string) => void) =>
  new Program(Deno.execPath(), ["eval", code], onOutput === undefined ? {} : { onOutput });

Deno.test("a program is waited for by what it says, told of, and ended", async () => {
  const heard: string[] = [];
  await using program = deno(`console.log("ready"); setInterval(() => {}, 1000)`, (text) => heard.push(text));
  assert.equal((await program.waitFor(/rea(dy)/))[1], "dy");
  assert.equal(heard.join(""), "ready\n");
  await assert.rejects(program.waitFor(/never/, 5), /no \/never\/ in 5 ms:\nready/);
  assert.equal((await program.stop()).signal, "SIGTERM");
  await assert.rejects(program.waitFor(/never/), /ended before \/never\/:\nready/);
});

Deno.test("runProgram() gives what a program printed, or says how it failed", async () => {
  await using good = deno(`console.log("out"); console.error("err")`);
  assert.match(await runProgram(good, "good"), /out[^]*err|err[^]*out/);
  await using bad = deno(`console.error("no such thing"); Deno.exit(3)`);
  await assert.rejects(runProgram(bad, "bad x"), /^Error: bad x exited 3:\nno such thing/);
});
