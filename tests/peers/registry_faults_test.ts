import assert from "node:assert/strict";
import { parseDockerConfig } from "../../registry/credentials.ts";
import {
  CutShortError,
  DigestError,
  DnsError,
  PullError,
  UnauthorizedError,
  UnavailableError,
} from "../../registry/errors.ts";
import { freePort, peerTest } from "./peer.ts";
import { pushFolder, REGISTRY_PROGRAMS, REGISTRY_USER, startRegistry, type TestRegistry } from "./registry.ts";
import { hashFolder, hashImage, TestCache } from "./registry_cache.ts";
import { type Fault, type FaultyRegistry, startFaultyRegistry } from "./registry_faults.ts";

const needs = { programs: REGISTRY_PROGRAMS };
/** Incompressible, so that offsets in the blob are offsets in the file, roughly. */
const FILE_BYTES = 2_000_000;

/** A registry with image a/b:1 behind a proxy. */
class Stage implements AsyncDisposable {
  constructor(
    readonly registry: TestRegistry,
    readonly proxy: FaultyRegistry,
    readonly cache: TestCache,
    readonly folder: string,
  ) {}

  static async set(fault: Fault, { auth, ...options }: Parameters<typeof TestCache.open>[0] & { auth?: "basic" } = {}) {
    const folder = await Deno.makeTempDir();
    const bytes = new Uint8Array(FILE_BYTES);
    for (let at = 0; at < FILE_BYTES; at += 50_000) crypto.getRandomValues(bytes.subarray(at, at + 50_000));
    await Deno.writeFile(`${folder}/disk.img`, bytes);
    const registry = await startRegistry(auth ? { auth } : {});
    await pushFolder(folder, `${registry.host}/a/b:1`, { login: auth !== undefined });
    return new Stage(registry, startFaultyRegistry(registry.host, fault), await TestCache.open(options), folder);
  }

  get reference(): string {
    return `${this.proxy.host}/a/b:1`;
  }

  /** The pull succeeds and the content is right. */
  async succeeds(): Promise<void> {
    const wanted = await hashFolder(this.folder);
    assert.deepEqual(await hashImage(await this.cache.ensure(this.reference), wanted.keys()), wanted);
  }

  /** The pull fails as said and leaves nothing. */
  async fails(type: new (...args: never[]) => PullError, message: RegExp): Promise<void> {
    await assert.rejects(this.cache.ensure(this.reference), (error) => {
      assert.ok(error instanceof type, `${error}`);
      assert.match(error.message, message);
      return true;
    });
    assert.deepEqual(this.cache.entries(), []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cache[Symbol.asyncDispose]();
    await this.proxy[Symbol.asyncDispose]();
    await this.registry[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

const isBlob = (request: Request) => request.method === "GET" && request.url.includes("/blobs/");

/** The configuration is the first blob asked for, the layer the second. */
function onLayer(fault: Fault): Fault {
  let config: string | undefined;
  let layers = 0;
  return (request) => {
    if (!isBlob(request)) return;
    config ??= request.url;
    if (request.url !== config) return fault(request, ++layers);
  };
}

peerTest("a blob cut twice is resumed where it broke", needs, async () => {
  await using stage = await Stage.set(
    onLayer((_, count) => count <= 2 ? { kind: "cut", afterBytes: 600_000 } : undefined),
  );
  await stage.succeeds();
  const ranges = stage.proxy.requests.map(({ range }) => range).filter((range) => range !== null);
  assert.equal(ranges.length, 2);
  assert.ok(ranges.every((range) => /^bytes=\d{5,}-$/.test(range)), ranges.join());
});

peerTest("a blob cut again and again at one place is an error", needs, async () => {
  await using stage = await Stage.set(
    onLayer((_, count) => ({ kind: "cut", afterBytes: count === 1 ? 600_000 : 0 })),
  );
  await stage.fails(CutShortError, /blob sha256:[0-9a-f]{64} was cut short after \d+ of \d+ bytes/);
});

peerTest("a registry that ignores Range sends all, and the start is dropped", needs, async () => {
  await using stage = await Stage.set(
    onLayer((_, count) => count === 1 ? { kind: "cut", afterBytes: 600_000 } : { kind: "whole" }),
  );
  await stage.succeeds();
});

for (const at of [1_000_000, 20, FILE_BYTES]) {
  peerTest(`a layer with a wrong byte at ${at} is never served`, needs, async () => {
    await using stage = await Stage.set(onLayer(() => ({ kind: "flip", at })));
    await stage.fails(DigestError, /sent a layer with digest sha256:[0-9a-f]{64}, the manifest says sha256:/);
  });
}

peerTest("a registry that stalls is an error, and the next pull works", needs, async () => {
  let stall = true;
  await using stage = await Stage.set(
    onLayer((_, count) => stall ? { kind: "stall", afterBytes: count === 1 ? 100_000 : 0 } : undefined),
    { idleTimeoutMs: 100, headTimeoutMs: 1000 },
  );
  await stage.fails(CutShortError, /has (sent nothing for 0.1|not answered for 1) s/);
  stall = false;
  await stage.succeeds();
});

peerTest("a registry that answers 500 and 429 for a while is asked again", needs, async () => {
  const fault: Fault = (_, count) =>
    count <= 2 ? { kind: "answer", response: new Response("", { status: count === 1 ? 500 : 429 }) } : undefined;
  await using stage = await Stage.set(fault);
  await stage.succeeds();
});

peerTest("a registry that answers 500 for ever is unavailable", needs, async () => {
  await using stage = await Stage.set(() => ({
    kind: "answer",
    response: Response.json({ errors: [{ code: "UNKNOWN", message: "disk\non fire" }] }, { status: 503 }),
  }));
  await stage.fails(UnavailableError, /127.0.0.1:\d+ answered with status 503: UNKNOWN disk on fire/);
});

peerTest("a manifest by digest with other bytes is refused", needs, async () => {
  await using stage = await Stage.set((request) =>
    request.url.includes("/manifests/sha256:") ? { kind: "flip", at: 5 } : undefined
  );
  const digest = `sha256:${"0".repeat(64)}`;
  await assert.rejects(stage.cache.ensure(`${stage.proxy.host}/a/b@${digest}`), PullError);
});

peerTest("a blob redirected to another host gets no credentials there", {
  programs: [...REGISTRY_PROGRAMS, "htpasswd"],
}, async () => {
  let elsewhere = "";
  await using stage = await Stage.set(
    (request) =>
      isBlob(request)
        ? { kind: "answer", response: Response.redirect(request.url.replace(/\/\/[^/]+/, `//${elsewhere}`), 307) }
        : undefined,
    { auth: "basic" },
  );
  const authorization = `Basic ${btoa(`${REGISTRY_USER.username}:${REGISTRY_USER.password}`)}`;
  const upstream = stage.registry.host;
  const seen: (string | null)[] = [];
  await using storage = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    seen.push(request.headers.get("authorization"));
    return await fetch(request.url.replace(/\/\/[^/]+/, `//${upstream}`), { headers: { authorization } });
  });
  elsewhere = `127.0.0.1:${storage.addr.port}`;
  const auths = { [stage.proxy.host]: REGISTRY_USER };
  await stage.cache.ensure(stage.reference, { secret: parseDockerConfig(JSON.stringify({ auths }), "test") });
  assert.deepEqual(seen, [null, null]);
  assert.ok(stage.proxy.requests.some((request) => request.authorization !== null));
});

/** A registry and its token server in one: tokens are good for one request each. */
function tokenFault(tokens: { asked: URL[]; basic: (string | null)[] }, field: "token" | "access_token"): Fault {
  let good = "";
  return (request) => {
    const url = new URL(request.url);
    if (url.pathname === "/token") {
      tokens.asked.push(url);
      tokens.basic.push(request.headers.get("authorization"));
      good = `t${tokens.asked.length}`;
      return { kind: "answer", response: Response.json({ [field]: good, expires_in: 1 }) };
    }
    if (good !== "" && request.headers.get("authorization") === `Bearer ${good}`) {
      good = "";
      return undefined;
    }
    const challenge = `Bearer realm="http://${url.host}/token",service="reg",scope="repository:a/b:pull"`;
    return { kind: "answer", response: new Response("", { status: 401, headers: { "www-authenticate": challenge } }) };
  };
}

for (const field of ["token", "access_token"] as const) {
  peerTest(`a token server that answers with ${field}; expired tokens are renewed`, needs, async () => {
    const tokens: { asked: URL[]; basic: (string | null)[] } = { asked: [], basic: [] };
    await using stage = await Stage.set(tokenFault(tokens, field));
    const auths = { [stage.proxy.host]: { username: "u", password: "p" } };
    await stage.cache.ensure(stage.reference, { secret: parseDockerConfig(JSON.stringify({ auths }), "test") });
    assert.ok(tokens.asked.length >= 3);
    assert.equal(tokens.asked[0]!.search, "?scope=repository%3Aa%2Fb%3Apull&service=reg");
    assert.equal(tokens.basic[0], `Basic ${btoa("u:p")}`);
    assert.ok(
      stage.proxy.requests.filter(({ line }) => line.includes("/v2/")).every(({ authorization }) =>
        authorization === null || authorization.startsWith("Bearer ")
      ),
    );
  });
}

peerTest("a token that is refused is refused once more and no oftener", needs, async () => {
  const challenge = 'Bearer realm="http://127.0.0.1:9/token"';
  await using stage = await Stage.set((request) => {
    const { pathname, host } = new URL(request.url);
    if (pathname === "/token") return { kind: "answer", response: Response.json({ token: "x" }) };
    const headers = { "www-authenticate": challenge.replace("127.0.0.1:9", host) };
    return { kind: "answer", response: new Response("", { status: 401, headers }) };
  });
  await stage.fails(UnauthorizedError, /may not be read without credentials/);
  assert.equal(stage.proxy.requests.length, 3);
});

peerTest("a mirror is asked first; when it fails the registry itself serves", needs, async () => {
  let broken = false;
  await using stage = await Stage.set(() =>
    broken ? { kind: "answer", response: new Response("", { status: 404 }) } : undefined
  );
  const reference = `${stage.registry.host}/a/b:1`;
  const mirrors = { [stage.registry.host]: [stage.proxy.host] };
  await using cache = await TestCache.open({ mirrors });
  await cache.ensure(reference);
  assert.equal(stage.proxy.requests.length, 3);
  broken = true;
  await using other = await TestCache.open({ mirrors });
  assert.ok((await other.ensure(reference)).file("disk.img"));
});

Deno.test("a registry that is down and one whose name does not resolve", async () => {
  await using cache = await TestCache.open();
  const port = freePort();
  await assert.rejects(cache.ensure(`127.0.0.1:${port}/a:1`), (error) => {
    assert.ok(error instanceof UnavailableError);
    assert.match(error.message, new RegExp(`127.0.0.1:${port} cannot be reached`));
    return true;
  });
  await assert.rejects(cache.ensure("registry.invalid/a:1"), (error) => {
    assert.ok(error instanceof DnsError, `${error}`);
    assert.match(error.message, /name of registry.invalid does not resolve/);
    return true;
  });
});
