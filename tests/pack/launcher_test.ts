/** How the packed file unpacks and starts what is in it (tools/pack/launcher.sh), with a script in the place of Deno. */
import { deepEqual, equal, match } from "node:assert/strict";
import { Peer, peerTest } from "../peers/peer.ts";
import { PROGRAMS, StandIn } from "./stand_in.ts";

const NEEDS = { programs: PROGRAMS };
const HELLO = 'shift; echo "args $*"; exit 0';
const said = /^called as metalman, pid \d+\nflag run\nflag --usual\nargs a b {2}c\n$/;

peerTest("the packed file hands on its name, its flags and its arguments", NEEDS, async () => {
  await using standIn = await StandIn.with(HELLO);
  match((await standIn.run(["a", "b  c"])).output, said);
  await Deno.symlink("metalman", `${standIn.folder}/kubectl-unbounded`);
  match((await standIn.run([], {}, "kubectl-unbounded")).output, /^called as kubectl-unbounded,/);
  match((await standIn.run(["dev", "--once"])).output, /, arenas 2\nflag run\nflag --usual\nargs dev --once\n/);
  equal((await standIn.names(standIn.cache)).length, 1);
});

for (const shell of ["dash", "bash", "busybox"]) {
  peerTest(
    `the packed file is read by ${shell}, with its own tar and gzip where it has them`,
    { programs: [...PROGRAMS, shell] },
    async () => {
      await using standIn = await StandIn.with('shift; echo "args $*"; exit 3');
      const path = `${standIn.folder}/metalman`;
      const run = () => {
        const program = shell === "busybox" ? ["busybox", "sh"] : [shell];
        return standIn.run([...program.slice(1), path, "x"], { PATH: "/usr/bin:/bin" }, `/usr/bin/${program[0]}`);
      };
      for (let i = 0; i < 2; i++) {
        const { code, output } = await run();
        deepEqual([code, /\nargs x\n$/.test(output)], [3, true], output);
      }
    },
  );
}

peerTest(
  "the packed file becomes the program: same process id, signals reach it, its exit code is the one",
  NEEDS,
  async () => {
    await using standIn = await StandIn.with(`trap 'echo terminated; exit 7' TERM
echo waiting
while :; do sleep 0.01; done`);
    for (let i = 0; i < 2; i++) {
      await using peer = standIn.start();
      const [, pid] = await peer.waitFor(/pid (\d+)[^]*waiting/);
      equal(Number(pid), peer.pid);
      deepEqual([(await peer.stop("SIGTERM")).code, /terminated/.test(peer.output)], [7, true]);
    }
  },
);

peerTest(
  "the packed file leaves standard input and the terminal to the program",
  { programs: [...PROGRAMS, "script", "sh"] },
  async () => {
    await using standIn = await StandIn.with(
      '[ -t 0 ] && [ -t 1 ] && echo terminal; read -r line; echo "read $line"; exit 0',
    );
    const path = `${standIn.folder}/metalman`;
    const env = { PATH: "/usr/bin:/bin" };
    match((await standIn.run(["-c", `echo hello | ${path}`], env, "/bin/sh")).output, /\nread hello\n$/);
    match(
      (await standIn.run(["-c", `echo hello | script -qec ${path} /dev/null`], env, "/bin/sh")).output,
      /terminal\r\n[^]*read hello/,
    );
  },
);

peerTest("eight first starts at once: each runs, one copy is left", NEEDS, async () => {
  await using standIn = await StandIn.with(HELLO, [{ name: "big.js", content: new Uint8Array(4 << 20) }]);
  const all = await Promise.all(Array.from({ length: 8 }, () => standIn.run(["a", "b  c"])));
  for (const { code, output } of all) deepEqual([code, said.test(output)], [0, true], output);
  const copy = await standIn.copy(standIn.cache);
  deepEqual(await standIn.names(copy), ["big.js", "deno", "main.js", "ok", "used"]);
});

/** A program in the PATH of the launcher that stops in its middle; it says so through a pipe with a name. */
async function stoppingTar(standIn: StandIn): Promise<string> {
  const { folder } = standIn;
  const pipe = `${folder}/pipe`;
  await new Deno.Command("mkfifo", { args: [pipe] }).output();
  await Deno.mkdir(`${folder}/slow`);
  await Deno.writeTextFile(
    `${folder}/slow/tar`,
    `#!/bin/sh\nhead -c 2000 >"$4/deno"; echo half >${pipe}; exec cat ${pipe}\n`,
    { mode: 0o755 },
  );
  return pipe;
}

peerTest(
  "killed while it unpacks: what was half there is never run, and is removed by the next start",
  NEEDS,
  async () => {
    await using standIn = await StandIn.with(HELLO);
    const pipe = await stoppingTar(standIn);
    await using peer = standIn.start([], { PATH: `${standIn.folder}/slow:${standIn.folder}/bin` });
    equal(await Deno.readTextFile(pipe), "half\n");
    const stopped = peer.stop("SIGKILL");
    await peer.status;
    const [half = "", ...others] = await standIn.names(standIn.cache);
    deepEqual([/^\.new-/.test(half), others], [true, []]);
    // Its tar still waits for what comes through the pipe.
    await Deno.writeTextFile(pipe, "");
    await stopped;
    match((await standIn.run(["a", "b  c"])).output, said);
    await standIn.copy(standIn.cache);
  },
);

peerTest("stopped by a signal while it unpacks: nothing is left", NEEDS, async () => {
  await using standIn = await StandIn.with(HELLO);
  const pipe = await stoppingTar(standIn);
  await using peer = standIn.start([], { PATH: `${standIn.folder}/slow:${standIn.folder}/bin` });
  equal(await Deno.readTextFile(pipe), "half\n");
  const stopped = peer.stop("SIGTERM");
  // A shell hears of a signal when the program that it waits for has ended.
  await Deno.writeTextFile(pipe, "");
  equal((await stopped).code, 143);
  deepEqual(await standIn.names(standIn.cache), []);
});

/** Ways in which a copy can be other than it was made. */
const CHANGES: readonly [what: string, change: (copy: string) => Promise<unknown>][] = [
  ["a file that is cut short", (copy) => Deno.truncate(`${copy}/deno`, 10)],
  ["a file that is missing", (copy) => Deno.remove(`${copy}/main.js`)],
  [
    "a file with other content of the same size",
    (copy) => Deno.writeTextFile(`${copy}/main.js`, HELLO.replace("args", "evil")),
  ],
  ["a copy without its mark", (copy) => Deno.remove(`${copy}/ok`)],
  ["a copy that others may write to", (copy) => Deno.chmod(copy, 0o777)],
  ["a file in the place of the copy", async (copy) => {
    await Deno.remove(copy, { recursive: true });
    await Deno.writeTextFile(copy, "x");
  }],
];

for (const [what, change] of CHANGES) {
  peerTest(`${what} is unpacked anew`, NEEDS, async () => {
    await using standIn = await StandIn.with(HELLO);
    await standIn.run();
    const copy = await standIn.copy(standIn.cache);
    await change(copy);
    match((await standIn.run(["a", "b  c"])).output, said);
    equal(await standIn.copy(standIn.cache), copy);
    deepEqual(await standIn.names(copy), ["deno", "main.js", "ok", "used"]);
    equal((await Deno.stat(copy)).mode! & 0o777, 0o700);
  });
}

/** Places that cannot be used, or must not; then it is unpacked below TMPDIR. */
const PLACES: readonly [what: string, prepare: (standIn: StandIn) => Promise<Record<string, string>>][] = [
  ["HOME is not set", () => Promise.resolve({ HOME: "" })],
  ["HOME does not exist and cannot be made", () => Promise.resolve({ HOME: "/proc/nowhere" })],
  ["others may write to HOME", async ({ folder }) => {
    await Deno.chmod(`${folder}/home`, 0o777);
    return {};
  }],
  ["the cache is a link", async ({ folder, cache }) => {
    await Deno.mkdir(`${folder}/elsewhere`);
    await Deno.mkdir(cache.replace(/\/metalman$/, ""), { recursive: true });
    await Deno.symlink(`${folder}/elsewhere`, cache);
    return {};
  }],
];

for (const [what, prepare] of PLACES) {
  peerTest(`where ${what}, a private folder below TMPDIR is used`, NEEDS, async () => {
    await using standIn = await StandIn.with(HELLO);
    const env = await prepare(standIn);
    for (let i = 0; i < 2; i++) match((await standIn.run(["a", "b  c"], env)).output, said);
    await standIn.copy(standIn.temporary);
    equal((await Deno.stat(standIn.temporary)).mode! & 0o777, 0o700);
  });
}

peerTest("where nothing can be used, one line says so and what helps; exit code 1", NEEDS, async () => {
  await using standIn = await StandIn.with(HELLO);
  deepEqual(await standIn.run([], { HOME: "", TMPDIR: "/proc" }), {
    code: 1,
    output: "metalman: no folder to unpack to: it has to be ours alone, with 1 MB; name one by METALMAN_HOME\n",
  });
});

peerTest("without what unpacks it in PATH, one line says what is missing; exit code 1", NEEDS, async () => {
  await using standIn = await StandIn.with(HELLO);
  const missing = (program: string) => ({
    code: 1,
    output: `metalman: ${program} is not in PATH, which the first start needs to unpack\n`,
  });
  deepEqual(await standIn.run([], { PATH: "/nonexistent" }), missing("ls"));
  await Deno.remove(`${standIn.folder}/bin/gzip`);
  deepEqual(await standIn.run([]), missing("gzip"));
});

peerTest("METALMAN_HOME comes before XDG_CACHE_HOME, that before HOME", NEEDS, async () => {
  await using standIn = await StandIn.with(HELLO);
  const { folder } = standIn;
  const env = { XDG_CACHE_HOME: `${folder}/xdg` };
  await standIn.run([], { ...env, METALMAN_HOME: `${folder}/of its own/x` });
  await standIn.copy(`${folder}/of its own/x`);
  await standIn.run([], env);
  await standIn.copy(`${folder}/xdg/metalman`);
  deepEqual(await standIn.names(standIn.cache), []);
});

peerTest(
  "another user's folder is not used, though it holds the same",
  { programs: [...PROGRAMS, "chown"], root: true },
  async () => {
    await using standIn = await StandIn.with(HELLO);
    await standIn.run();
    await new Deno.Command("chown", { args: ["-R", "65534", standIn.cache] }).output();
    match((await standIn.run(["a", "b  c"])).output, said);
    await standIn.copy(standIn.temporary);
  },
);

peerTest(
  "on a full disk the next place is used, and nothing is left",
  { programs: [...PROGRAMS, "unshare", "mount"], root: true },
  async () => {
    const noise = Uint8Array.from({ length: 3 << 20 }, (_, i) => (i * 2654435761) >>> 13);
    await using standIn = await StandIn.with(HELLO, [{ name: "big.js", content: noise }]);
    const { folder } = standIn;
    const script =
      `mount -t tmpfs -o size=1m,mode=700 tmpfs ${folder}/home && ${folder}/metalman a 'b  c' && ls -A ${folder}/home/.cache/metalman`;
    const env = { PATH: "/usr/bin:/bin" };
    match((await standIn.run(["-m", "sh", "-c", script], env, "/usr/bin/unshare")).output, said);
    await standIn.copy(standIn.temporary);
  },
);

peerTest(
  "a version that nobody has started for a month goes when a new one comes, unless it still runs",
  NEEDS,
  async () => {
    await using standIn = await StandIn.with(HELLO);
    const { cache } = standIn;
    const days = (count: number) => (Date.now() - count * 86_400_000) / 1000;
    await standIn.run();
    const unused = await standIn.copy(cache);
    const others: string[] = [];
    for (const name of ["running", "recent"]) {
      await standIn.run([], {}, await standIn.pack(name, `${HELLO} # ${name}`));
      others.push(...(await standIn.names(cache)).map((copy) => `${cache}/${copy}`));
    }
    const [running, recent] = [...new Set(others)].filter((copy) => copy !== unused) as [string, string];
    await Deno.copyFile(await Deno.realPath(`${standIn.folder}/bin/sleep`), `${running}/deno`);
    await using process = new Peer(`${running}/deno`, ["60"]);
    for (const [copy, age] of [[unused, 40], [running, 40], [recent, 20]] as const) {
      await Deno.utime(`${copy}/used`, days(age), days(age));
    }
    await standIn.run([], {}, await standIn.pack("new", `${HELLO} # new`));
    const left = await standIn.names(cache);
    deepEqual([running, recent, unused].map((copy) => left.includes(copy.slice(cache.length + 1))), [
      true,
      true,
      false,
    ]);
    equal(left.length, 3);
    await process.stop();
  },
);

peerTest(
  "with a read-only home it runs all the same",
  { programs: [...PROGRAMS, "unshare", "mount"], root: true },
  async () => {
    await using standIn = await StandIn.with(HELLO);
    const { folder } = standIn;
    const readOnly = `mount --bind ${folder}/home ${folder}/home && mount -o remount,bind,ro ${folder}/home`;
    const twice = `${folder}/metalman >/dev/null && ${folder}/metalman a 'b  c'`;
    const env = { PATH: "/usr/bin:/bin" };
    match((await standIn.run(["-m", "sh", "-c", `${readOnly} && ${twice}`], env, "/usr/bin/unshare")).output, said);
    await standIn.copy(standIn.temporary);
    deepEqual(await standIn.names(`${folder}/home`), []);
  },
);
