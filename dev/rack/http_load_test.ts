import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { askText, download, loadOverHttp, sizeOverHttp } from "./http_load.ts";
import { LoadError } from "./load_error.ts";
import { benchPower, settle } from "./testdata/bench_power.ts";
import type { HttpRequest } from "./wire.ts";

/** An answer: status, headers, the pieces that come, and whether the connection breaks then. */
interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly pieces?: readonly string[];
  readonly breaks?: boolean;
}

/** A machine whose requests get these answers, the last one again and again. */
function bench(...replies: readonly Reply[]) {
  const asked: HttpRequest[] = [];
  const b = benchPower({
    async http(request, onHead) {
      asked.push(request);
      const { status = 200, headers = {}, pieces = [], breaks } = replies[Math.min(asked.length, replies.length) - 1]!;
      const take = onHead({ status, headers: new Map(Object.entries(headers)) });
      for (const piece of pieces) await take(new TextEncoder().encode(piece));
      if (breaks) throw new Error("connection reset");
    },
  });
  return { ...b, asked };
}

const URL_ = "http://192.0.2.1/x";
const length = (count: number) => ({ "content-length": String(count) });
const GET = { method: "GET", url: URL_, headers: {} } as const;

function receiver() {
  const seen = { text: "", restarts: 0 };
  return {
    seen,
    take: (piece: Uint8Array) => void (seen.text += new TextDecoder().decode(piece)),
    restart: () => {
      seen.text = "";
      seen.restarts++;
    },
  };
}

Deno.test("sizeOverHttp(): firmware asks with HEAD, and needs Content-Length (facts: UEFI HTTP boot)", async () => {
  const good = bench({ headers: length(7) });
  equal(await settle(good.clock, sizeOverHttp(good.power, URL_, "UefiHttpBoot/1.0")), 7);
  deepEqual([good.asked[0]!.method, good.asked[0]!.headers], ["HEAD", {
    Host: "192.0.2.1",
    Accept: "*/*",
    "User-Agent": "UefiHttpBoot/1.0",
  }]);
  for (const reply of [{}, { status: 405, headers: length(7) }]) {
    const bad = bench(reply);
    await rejects(settle(bad.clock, sizeOverHttp(bad.power, URL_, "x")), LoadError);
  }
});

const sink = () => {};
const LOADS: readonly [name: string, reply: Reply, wanted: RegExp][] = [
  ["without Content-Length (facts)", { pieces: ["abc"] }, /no Content-Length/],
  ["too short", { headers: length(9), pieces: ["abc"] }, /ended at 3 of 9 bytes/],
  ["broken", { headers: length(9), pieces: ["abc"], breaks: true }, /connection reset/],
  ["not there", { status: 404, headers: length(9), pieces: ["not found\nsecond line"] }, /HTTP 404, not found$/],
  ["half of it, which nobody asked for", {
    status: 206,
    headers: { ...length(3), "content-range": "bytes 5-7/9" },
    pieces: ["abc"],
  }, /another part/],
];
for (const [name, reply, wanted] of LOADS) {
  Deno.test(`loadOverHttp(): a file ${name}`, async () => {
    const b = bench(reply);
    await rejects(settle(b.clock, loadOverHttp(b.power, URL_, { agent: "x", sink })), wanted);
  });
}

Deno.test("loadOverHttp(): what is not a URL is refused", async () => {
  const b = bench({});
  await rejects(settle(b.clock, loadOverHttp(b.power, "http://a b:c/", { agent: "x", sink })), /is not a URL/);
});

Deno.test("askText(): what is not whole, or more than a text, is an error", async () => {
  const short = bench({ headers: length(9), pieces: ["abc"] });
  await rejects(settle(short.clock, askText(short.power, GET)), /3 of 9 bytes came/);
  const long = bench({ pieces: Array.from({ length: 20 }, () => "x".repeat(100_000)) });
  await rejects(settle(long.clock, askText(long.power, GET)), /more than 1048576 bytes/);
  const good = bench({ status: 500, pieces: ["template ", "failed"] });
  deepEqual(await settle(good.clock, askText(good.power, GET)), { status: 500, text: "template failed" });
});

Deno.test("download(): each broken connection is taken up where it broke, with If-Range (RFC 9110 section 13.1.5)", async () => {
  const part = (from: number) => ({ status: 206, headers: { "content-range": `bytes ${from}-5/6` } });
  const b = bench(
    { headers: { ...length(6), etag: '"1"' }, pieces: ["a"], breaks: true },
    ...[1, 2, 3, 4].map((from) => ({ ...part(from), pieces: ["abcdef"[from]!], breaks: true })),
    { ...part(5), pieces: ["f"] },
  );
  const to = receiver();
  equal(await settle(b.clock, download(b.power, URL_, to)), 6);
  deepEqual(to.seen, { text: "abcdef", restarts: 0 });
  deepEqual(b.asked.map(({ headers }) => [headers.Range, headers["If-Range"]]), [
    [undefined, undefined],
    ...[1, 2, 3, 4, 5].map((from) => [`bytes=${from}-`, '"1"']),
  ]);
});

Deno.test("download(): so many broken connections in a row without a byte are the end; any byte starts the count anew", async () => {
  const dead = bench({ breaks: true });
  await rejects(settle(dead.clock, download(dead.power, URL_, receiver())), /connection reset/);
  equal(dead.asked.length, 5);
  const first = { headers: length(9), pieces: ["a"], breaks: true };
  const again = (from: number) => ({
    status: 206,
    headers: { "content-range": `bytes ${from}-8/9` },
    pieces: ["b"],
    breaks: true,
  });
  const slow = bench(first, ...[1, 2, 3, 4, 5, 6, 7].map(again), { ...again(8), breaks: false });
  equal(await settle(slow.clock, download(slow.power, URL_, receiver())), 9);
});

Deno.test("download(): a server that sends another part than was asked for is refused, a whole file is taken from its start", async () => {
  const first = { headers: length(3), pieces: ["a"], breaks: true };
  const wrong = bench(first, { status: 206, headers: { "content-range": "bytes 0-2/3" }, pieces: ["abc"] });
  await rejects(settle(wrong.clock, download(wrong.power, URL_, receiver())), /another part/);
  const whole = bench(first, { headers: length(3), pieces: ["xyz"] });
  const to = receiver();
  equal(await settle(whole.clock, download(whole.power, URL_, to)), 3);
  deepEqual(to.seen, { text: "xyz", restarts: 1 });
});

Deno.test("download(): Retry-After is waited for, up to 30 s at a time and 60 times", async () => {
  const b = bench({ status: 503, headers: { "retry-after": "5" }, pieces: ["not here yet"] });
  const startMs = b.clock.now();
  await rejects(settle(b.clock, download(b.power, URL_, receiver())), (error: Error) => {
    match(error.message, /HTTP 503, not here yet/);
    return true;
  });
  deepEqual([b.asked.length, (b.clock.now() - startMs) / 1000], [60, 59 * 5]);
});
