import assert from "node:assert/strict";
import { QmpClient, type QmpEvent } from "./qmp_client.ts";

/** QEMU's side of a socket, and ours. */
async function connected(): Promise<{ qemu: Deno.UnixConn; ours: Deno.UnixConn } & AsyncDisposable> {
  const folder = await Deno.makeTempDir({ prefix: "metalman-qmp-" });
  const path = `${folder}/qmp.sock`;
  using listener = Deno.listen({ transport: "unix", path });
  const [ours, qemu] = await Promise.all([listener.accept(), Deno.connect({ transport: "unix", path })]);
  return { qemu, ours, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

const say = (qemu: Deno.UnixConn, text: string) => qemu.write(new TextEncoder().encode(text));

Deno.test("QmpClient pairs answers with commands by their id, whatever comes between", async () => {
  await using sockets = await connected();
  const { qemu, ours } = sockets;
  const events: QmpEvent[] = [];
  {
    await using qmp = new QmpClient(ours, (event) => events.push(event));
    const [first, second] = [qmp.execute("one"), qmp.execute("two", { path: "/x" })];
    const refused = assert.rejects(second, /^Error: QMP two: GenericError: no \/x$/);
    await say(qemu, '{"QMP": {"version": {}}}\n{"event": "RESET", "data": {"guest": true}}\n');
    await say(
      qemu,
      '{"id": 2, "error": {"class": "GenericError", "desc": "no /x"}}\n{"id": 9, "return": 0}\n{"id": 1, "ret',
    );
    await say(qemu, 'urn": {"running": true}}\n');
    assert.deepEqual(await first, { running: true });
    await refused;
    assert.deepEqual(events, [{ event: "RESET", data: { guest: true } }]);
  }
  qemu.close();
});

Deno.test("QmpClient tells all who wait when QEMU ends, sends what is no JSON, or never ends a message", async () => {
  const ends: readonly ((qemu: Deno.UnixConn) => Promise<unknown>)[] = [
    (qemu) => Promise.resolve(qemu.closeWrite()),
    (qemu) => say(qemu, "Segmentation fault\n"),
    async (qemu) => {
      const piece = "x".repeat(1 << 16);
      for (let sent = 0; sent <= 17; sent++) await say(qemu, piece).catch(() => {});
    },
  ];
  for (const end of ends) {
    await using sockets = await connected();
    const { qemu, ours } = sockets;
    {
      await using qmp = new QmpClient(ours, () => {});
      const refused = assert.rejects(qmp.execute("stop"), /^Error: QMP stop: QEMU has closed its QMP socket$/);
      await end(qemu);
      await refused;
      await assert.rejects(qmp.execute("cont"), /QMP cont: QEMU has closed/);
    }
    qemu.close();
  }
});
