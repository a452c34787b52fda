// Loaded into the process by NODE_OPTIONS: tries what the process should not be able to do, at its start and when it is
// asked to by SIGUSR2, and says what came of it.
const { spawnSync } = require("node:child_process");

const [cache, outside] = Deno.env.get("PROBE_FOLDERS").split(":");
const write = (folder) => Deno.writeTextFileSync(`${folder}/probe`, "x");

const ATTEMPTS = {
  "write in the cache": () => write(cache),
  "write outside": () => write(outside),
  "write through ..": () => write(`${cache}/../${outside.split("/").at(-1)}`),
  "make a link out of the cache": () => Deno.symlinkSync(outside, `${cache}/link-${Deno.pid}-${performance.now()}`),
  "run a program": () => new Deno.Command("true").outputSync(),
  "run a program as Node does": () => {
    // Node's way of saying no is a status; the file would tell.
    const { status } = spawnSync("touch", [`${outside}/by-node`]);
    if (status !== 0) throw new Deno.errors.NotCapable(String(status));
  },
  "load a library": () => Deno.dlopen("libc.so.6", {}).close(),
  "listen on all addresses": () => Deno.listen({ hostname: "0.0.0.0", port: 0 }).close(),
  "listen on loopback": () => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close(),
  "listen for datagrams": () => Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 }).close(),
  "ask for more": async () => {
    const { state } = await Deno.permissions.request({ name: "run" });
    if (state !== "granted") throw new Deno.errors.NotCapable(state);
  },
  "give a worker more": () => {
    const url = URL.createObjectURL(new Blob([""], { type: "text/javascript" }));
    new Worker(url, { type: "module", deno: { permissions: { run: true } } }).terminate();
  },
};

async function tryAll() {
  const results = {};
  for (const [what, attempt] of Object.entries(ATTEMPTS)) {
    try {
      await attempt();
      results[what] = "done";
    } catch (error) {
      results[what] = error.name === "NotCapable" || error.code === "EPERM" ? "refused" : String(error);
    }
  }
  return results;
}

function say(report) {
  Deno.stderr.writeSync(new TextEncoder().encode(`PROBE ${JSON.stringify({ pid: Deno.pid, ...report })}\n`));
}

Deno.addSignalListener("SIGUSR2", async () => say({ when: "asked", results: await tryAll() }));
const KINDS = ["net", "write", "run", "ffi"];
say({
  when: "start",
  results: Object.fromEntries(KINDS.map((name) => [name, Deno.permissions.querySync({ name }).state])),
});
