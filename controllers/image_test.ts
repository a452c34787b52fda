import assert from "node:assert/strict";
import { FakeClock } from "../base/clock.ts";
import { createLogger } from "../base/log.ts";
import { type Machine, readMachine } from "../machine/types.ts";
import { UnavailableError } from "../registry/errors.ts";
import type { ImagePuller, PullRequest } from "../registry/puller.ts";
import { ImageStore } from "../registry/store.ts";
import { StoredImage } from "../registry/stored_image.ts";
import { ImageController, type ImageControllerOptions } from "./image.ts";

const DIGESTS = ["a", "b"].map((c) => `sha256:${c.repeat(64)}`);

function imageOf(digest: string, dhcpBootImageName = "shimx64.efi"): StoredImage {
  return new StoredImage("/cache", { digest, files: [["f", 0, 1, -1]], links: [] }, {
    dhcpBootImageName,
    bootFiles: {},
  });
}

function machine(name: string, image?: string, secret?: string): Machine {
  return readMachine({
    metadata: { name, uid: `uid-${name}`, creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: { pxe: { image, ...(secret ? { imagePullSecretRef: { name: secret, namespace: "site" } } : {}) } },
  }).machine;
}

/** A controller with a clock, a registry and a directory of the test's own. */
class Bench implements AsyncDisposable {
  readonly clock = new FakeClock(1_000_000);
  readonly lines: string[] = [];
  readonly reports: string[] = [];
  readonly requests: PullRequest[] = [];
  machines: Machine[] = [];
  secrets: Record<string, Record<string, string>> = {};
  /** What reads them. */
  readSecret: ImageControllerOptions["readSecret"] = (namespace, name) =>
    Promise.resolve(this.secrets[`${namespace}/${name}`]);
  /** What the registry answers with. */
  answer: (request: PullRequest) => Promise<StoredImage> = () => Promise.resolve(imageOf(DIGESTS[0]!));
  readonly controller: ImageController;
  readonly #store: ImageStore;
  readonly #folder: string;
  #asked = () => {};

  private constructor(store: ImageStore, folder: string) {
    this.#store = store;
    this.#folder = folder;
    const puller: Pick<ImagePuller, "ensure"> = {
      ensure: (request) => {
        this.requests.push(request);
        this.#asked();
        return this.answer(request);
      },
    };
    const options: ImageControllerOptions = {
      machines: { all: () => this.machines },
      store,
      puller,
      readSecret: (...asked) => this.readSecret(...asked),
      log: createLogger({ write: (line) => this.lines.push(line.replace(/^\S+ /, "")) }),
      report: ({ name }, severity, reason, message) => this.reports.push(`${name} ${severity} ${reason}: ${message}`),
      clock: this.clock,
      random: () => 0,
    };
    this.controller = new ImageController(options);
  }

  static async open(): Promise<Bench> {
    const folder = await Deno.makeTempDir();
    return new Bench(await ImageStore.open(folder), folder);
  }

  add(...machines: Machine[]): void {
    this.machines.push(...machines);
    for (const each of machines) this.controller.machineChanged(each);
  }

  /** Until so many look-ups were asked for and the last one is over (its loop sleeps). */
  async settled(requests: number, sleepers = 1): Promise<void> {
    while (this.requests.length < requests) await new Promise<void>((resolve) => this.#asked = resolve);
    while (this.clock.sleeping < sleepers) await new Promise((resolve) => setTimeout(resolve));
  }

  digest(name: string, starting = false): string {
    const answer = this.controller.imageFor(this.machines.find((m) => m.name === name)!, starting);
    return answer instanceof StoredImage ? answer.digest : answer.reason;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.controller[Symbol.asyncDispose]();
    await this.#store[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

Deno.test("ImageController pulls an image once for all Machines that name it, in any spelling", async () => {
  await using bench = await Bench.open();
  bench.add(machine("m1", "debian"), machine("m2", "docker.io/library/debian:latest"));
  await bench.settled(1);
  assert.equal(bench.requests.length, 1);
  assert.deepEqual([bench.digest("m1"), bench.digest("m2")], [DIGESTS[0], DIGESTS[0]]);
  assert.deepEqual(bench.reports, [
    `m1 Normal ImagePulled: image debian is ready as ${DIGESTS[0]}`,
    `m2 Normal ImagePulled: image debian is ready as ${DIGESTS[0]}`,
  ]);
});

Deno.test("ImageController says that an image names nothing to boot", async () => {
  await using bench = await Bench.open();
  bench.answer = () => Promise.resolve(imageOf(DIGESTS[0]!, ""));
  bench.add(machine("m1", "debian"));
  await bench.settled(1);
  assert.match(bench.reports[1]!, /^m1 Warning NoBootFile: image debian names no boot file .*metadata.yaml/);
});

Deno.test("ImageController says why there is no image", async () => {
  await using bench = await Bench.open();
  bench.answer = () => Promise.reject(new UnavailableError("10.0.0.1:5000 cannot be reached"));
  bench.add(machine("m1", "10.0.0.1:5000/a:1"), machine("m2"));
  assert.equal(bench.digest("m1"), "image 10.0.0.1:5000/a:1 is not here yet");
  await bench.settled(1);
  const reason = "image 10.0.0.1:5000/a:1 cannot be pulled: 10.0.0.1:5000 cannot be reached";
  assert.equal(bench.digest("m1", true), reason);
  assert.equal(bench.digest("m2"), "Machine m2 names no image (spec.pxe.image)");
  assert.deepEqual(bench.reports, [`m1 Warning ImagePullFailed: ${reason}`]);
  assert.match(bench.lines.join("\n"), /WARN\s+image cannot be pulled image=10.0.0.1:5000\/a:1 .*machines=m1/);
});

Deno.test("ImageController looks again after 30 s, says the same failure once, and after 5 min when all is well", async () => {
  await using bench = await Bench.open();
  bench.answer = () => Promise.reject(new UnavailableError("down"));
  bench.add(machine("m1", "a.b/c:1"));
  await bench.settled(1);
  bench.clock.advance(29_999);
  assert.equal(bench.requests.length, 1);
  bench.clock.advance(1);
  await bench.settled(2);
  assert.equal(bench.reports.length, 1);
  bench.answer = () => Promise.resolve(imageOf(DIGESTS[0]!));
  bench.clock.advance(30_000);
  await bench.settled(3);
  assert.equal(bench.digest("m1"), DIGESTS[0]);
  bench.clock.advance(299_999);
  assert.equal(bench.requests.length, 3);
  bench.clock.advance(1);
  await bench.settled(4);
});

Deno.test("ImageController serves the old image while the registry is down, and says so", async () => {
  await using bench = await Bench.open();
  bench.add(machine("m1", "a.b/c:1"));
  await bench.settled(1);
  bench.answer = () => Promise.reject(new UnavailableError("down"));
  bench.clock.advance(300_000);
  await bench.settled(2);
  assert.equal(bench.digest("m1", true), DIGESTS[0]);
  assert.match(bench.reports.at(-1)!, /cannot be pulled: down; sha256:a+ keeps being served/);
});

Deno.test("ImageController keeps a machine's image through its boot although the tag moved", async () => {
  await using bench = await Bench.open();
  bench.add(machine("m1", "a.b/c:1"), machine("m2", "a.b/c:1"));
  await bench.settled(1);
  assert.equal(bench.digest("m1", true), DIGESTS[0]);
  bench.answer = () => Promise.resolve(imageOf(DIGESTS[1]!));
  bench.clock.advance(300_000);
  await bench.settled(2);
  assert.equal(bench.digest("m1"), DIGESTS[0], "in the middle of its boot");
  assert.equal(bench.digest("m2"), DIGESTS[1], "no boot of it was seen");
  assert.equal(bench.digest("m1", true), DIGESTS[1], "the next boot");
  assert.equal(bench.digest("m1"), DIGESTS[1]);
});

Deno.test("ImageController never gives a Machine what only another Machine's secret could pull", async () => {
  await using bench = await Bench.open();
  const json = { auths: { "a.b": { username: "u", password: "p" } } };
  bench.secrets["site/key"] = { ".dockerconfigjson": btoa(JSON.stringify(json)) };
  bench.answer = ({ secret }) =>
    secret?.find("a.b") ? Promise.resolve(imageOf(DIGESTS[0]!)) : Promise.reject(new UnavailableError("no"));
  bench.add(machine("with", "a.b/c:1", "key"), machine("without", "a.b/c:1"), machine("other", "a.b/c:1", "absent"));
  await bench.settled(2, 3);
  assert.equal(bench.digest("with", true), DIGESTS[0]);
  assert.equal(bench.digest("without", true), "image a.b/c:1 cannot be pulled: no");
  assert.equal(
    bench.digest("other", true),
    "image a.b/c:1 cannot be pulled: Secret site/absent (spec.pxe.imagePullSecretRef) does not exist",
  );
});

Deno.test("ImageController names a bad secret without its content", async () => {
  await using bench = await Bench.open();
  bench.secrets["site/a"] = { ".dockerconfigjson": btoa("hunter2 {") };
  bench.secrets["site/b"] = { "user": "eA==" };
  bench.secrets["site/c"] = { ".dockercfg": "%%" };
  bench.add(machine("m1", "a.b/c:1", "a"), machine("m2", "a.b/c:1", "b"), machine("m3", "a.b/c:1", "c"));
  await bench.settled(0, 3);
  assert.match(bench.digest("m1"), /Secret site\/a is not JSON/);
  assert.match(bench.digest("m2"), /Secret site\/b has no \.dockerconfigjson/);
  assert.match(bench.digest("m3"), /Secret site\/c holds data that is not base64/);
  assert.doesNotMatch(bench.lines.join("\n") + bench.reports.join("\n"), /hunter2/);
});

Deno.test("ImageController ends a pull that no Machine wants any more", async () => {
  await using bench = await Bench.open();
  bench.answer = ({ signal }) =>
    new Promise((_, reject) => signal!.addEventListener("abort", () => reject(signal!.reason)));
  bench.add(machine("m1", "a.b/c:1"));
  await bench.settled(1, 0);
  bench.controller.start();
  await bench.settled(1, 1);
  bench.machines = [];
  bench.clock.advance(60_000);
  await bench.settled(1, 1);
  assert.equal(bench.requests[0]!.signal!.aborted, true);
  assert.deepEqual(bench.reports, []);
});

Deno.test("ImageController logs how far a long pull is, and answers with it", async () => {
  await using bench = await Bench.open();
  const { promise, resolve } = Promise.withResolvers<StoredImage>();
  bench.answer = () => promise;
  bench.add(machine("m1", "a.b/c:1"));
  await bench.settled(1, 0);
  const { progress } = bench.requests[0]!;
  progress!({ bytes: 10, totalBytes: 200, layer: 1, layers: 2 });
  bench.clock.advance(5_000);
  progress!({ bytes: 50, totalBytes: 200, layer: 1, layers: 2 });
  assert.equal(bench.digest("m1"), "image a.b/c:1 is being pulled: 25 %, layer 1 of 2");
  assert.equal(
    bench.lines.filter((line) => /pulling image .*bytes=50 totalBytes=200 layer=1 layers=2/.test(line)).length,
    1,
  );
  resolve(imageOf(DIGESTS[0]!));
  await bench.settled(1);
  assert.equal(bench.lines.filter((line) => line.includes("pulling image")).length, 1);
});

Deno.test("ImageController ends without waiting for an API that does not answer (issue 3, part 8)", async () => {
  const asked = Promise.withResolvers<void>();
  {
    await using bench = await Bench.open();
    bench.readSecret = (_namespace, _name, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        asked.resolve();
      });
    bench.add(machine("m1", "a.b/c:1", "pull"));
    await asked.promise;
  }
});
