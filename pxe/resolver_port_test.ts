import assert from "node:assert/strict";
import { answerQuestions, Asker, portResolver, RESOLVE } from "./resolver_port.ts";

/** An asker and what answers it, each at its end of a channel; closed when disposed. */
function joined(answerers: Parameters<typeof answerQuestions>[1]) {
  const { port1, port2 } = new MessageChannel();
  answerQuestions(port1, answerers);
  return {
    asker: new Asker(port2),
    [Symbol.dispose]() {
      port1.close();
      port2.close();
    },
  };
}

Deno.test("a resolver behind a port answers what the one before it answers", async () => {
  using ends = joined({
    [RESOLVE]: (client: number, path: string) => ({ kind: "notFound", reason: `${client} ${path}` }),
  });
  const resolve = portResolver(ends.asker);
  assert.deepEqual(await resolve(5, "/x"), { kind: "notFound", reason: "5 /x" });
});

Deno.test("answers find their questions, whatever their order", async () => {
  const first = Promise.withResolvers<string>();
  using ends = joined({ late: () => first.promise, now: (value: string) => value });
  const late = ends.asker.ask("late");
  assert.equal(await ends.asker.ask("now", "b"), "b");
  first.resolve("a");
  assert.equal(await late, "a");
});

Deno.test("a failing answer rejects its own question only", async () => {
  using ends = joined({
    throws: () => {
      throw new Error("boom");
    },
    rejects: () => Promise.reject(new Error("bang")),
    fine: () => 1,
  });
  await assert.rejects(ends.asker.ask("throws"), /^Error: boom$/);
  await assert.rejects(ends.asker.ask("rejects"), /^Error: bang$/);
  await assert.rejects(ends.asker.ask("unheard"), Error);
  assert.equal(await ends.asker.ask("fine"), 1);
});

Deno.test("too many open questions are refused, and asked again later", async () => {
  const gate = Promise.withResolvers<number>();
  using ends = joined({ wait: () => gate.promise });
  const open = Array.from({ length: 4096 }, () => ends.asker.ask("wait"));
  await assert.rejects(ends.asker.ask("wait"), /too many questions are open/);
  gate.resolve(1);
  await Promise.all(open);
  assert.equal(await ends.asker.ask("wait"), 1);
});
