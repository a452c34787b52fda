import { deepEqual, equal, rejects } from "node:assert/strict";
import { StartError } from "../usage.ts";
import { DevFolder } from "./folder.ts";

async function marked(mark: string, run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "dev-folder-test-" });
  try {
    await Deno.writeTextFile(`${folder}/metalman-dev.json`, mark);
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("what is no port in a mark is passed over: that part gets a port as on the first run", async () => {
  const ports = { api: 1, registry: 99_999_999, http: 65_535, health: 0, tftp: "x", dhcp: 1.5, bmc: -1 };
  await marked(JSON.stringify({ version: 1, ports }), async (path) => {
    await using folder = await DevFolder.open(path);
    deepEqual(folder.ports, { api: 1, http: 65_535 });
  });
});

for (const mark of ["", "{", "null", "[]", '{"ports":{}}', '{"version":1,"ports":null}']) {
  Deno.test(`a mark that cannot be read (${mark}) is not of this version`, () =>
    marked(mark, (path) =>
      rejects(
        DevFolder.open(path),
        new StartError(
          `--state ${path} is of another version of metalman (unreadable, this one writes 1): name a new folder, or remove it`,
        ),
      )));
}

Deno.test("a loss of power at any moment leaves a whole mark: the old one is replaced, never written to", () =>
  marked('{"version":1,"ports":{"api":1}}', async (path) => {
    using before = await Deno.open(`${path}/metalman-dev.json`);
    await using folder = await DevFolder.open(path);
    await folder.keep({ api: 2 });
    equal(await new Response(before.readable).text(), '{"version":1,"ports":{"api":1}}');
    deepEqual(JSON.parse(await Deno.readTextFile(`${path}/metalman-dev.json`)), { version: 1, ports: { api: 2 } });
  }));

Deno.test("a folder is for one run at a time, whatever that run has written meanwhile", () =>
  marked('{"version":1}', async (path) => {
    const refusal = new StartError(
      `--state ${path} is in use by another metalman dev: end that one, or name another folder`,
    );
    {
      await using first = await DevFolder.open(path);
      await rejects(DevFolder.open(path), refusal);
      await first.keep({ api: 2 });
      await rejects(DevFolder.open(path), refusal);
    }
    await using second = await DevFolder.open(path);
    deepEqual(second.ports, { api: 2 });
  }));

Deno.test("two starts at once in one new folder: one is refused in one line", () =>
  marked("", async (path) => {
    const started = await Promise.allSettled([DevFolder.open(`${path}/new`), DevFolder.open(`${path}/new`)]);
    for (const start of started) if (start.status === "fulfilled") await start.value[Symbol.asyncDispose]();
    deepEqual(started.map((start) => start.status === "rejected" ? start.reason : undefined).filter(Boolean), [
      new StartError(`--state ${path}/new is in use by another metalman dev: end that one, or name another folder`),
    ]);
  }));

Deno.test("a colon, with which KUBECONFIG would be two paths, is refused in one line, also where a link hides it", () =>
  marked("", async (path) => {
    const refusal = (of: string) =>
      new StartError(`--state ${of}: a path with a colon cannot be used, as KUBECONFIG is a list; rename it`);
    await rejects(DevFolder.open(`${path}/a:b`), refusal(`${path}/a:b`));
    await rejects(Deno.stat(`${path}/a:b`), Deno.errors.NotFound);
    await Deno.mkdir(`${path}/a:b`);
    await Deno.symlink("a:b", `${path}/link`);
    await rejects(DevFolder.open(`${path}/link`), refusal(`${path}/a:b`));
    deepEqual(Array.from(Deno.readDirSync(`${path}/a:b`)), []);
  }));

Deno.test("what a first start that was cut off has left is no obstacle", () =>
  marked("", async (path) => {
    for (const name of ["metalman-dev.lock", "metalman-dev.json.part"]) await Deno.writeTextFile(`${path}/${name}`, "");
    await Deno.remove(`${path}/metalman-dev.json`);
    await using folder = await DevFolder.open(path);
    deepEqual(folder.ports, {});
  }));

Deno.test("a temporary folder that something has removed meanwhile ends without a word", async () => {
  await using folder = await DevFolder.open(undefined);
  await Deno.remove(folder.path);
});

// So are /proc and /sys, of whatever user, for a program without all of Deno's permissions.
Deno.test("a folder that Deno keeps its programs out of: no word of Deno's flags", {
  permissions: { read: true, write: false },
}, () =>
  rejects(
    DevFolder.open("/tmp/rack"),
    new StartError("cannot use --state /tmp/rack: no permission; name a folder that you may write to"),
  ));
