/** /metrics of a running serve-pxe, read by Prometheus's own linter, moved by real requests (issue 7, part 7). */
import { deepEqual, equal, ok } from "node:assert/strict";
import { METRICS } from "../../cmd/serve/metrics/table.ts";
import { OPTION, u8Data } from "../../pxe/dhcp/options.ts";
import { MESSAGE_TYPE } from "../../pxe/dhcp/reply.ts";
import { peerTest, run, which } from "../peers/peer.ts";
import { LoopbackSite, machine, SITE_NEEDS, until } from "./loopback_site.ts";

const MAC = "aa:bb:cc:dd:ee:01";
const IP = "127.0.0.11";
const STRANGER = "127.0.0.99";
const FILES = {
  "metadata.yaml": "dhcpBootImageName: shimx64.efi\n",
  "shimx64.efi": "not really a boot loader",
  "broken.tmpl": "{{ .Machine.Spec.Nope }}",
};
const typed = (type: number) => ({ options: new Map([[OPTION.messageType, u8Data(type)]]) });

/** Series by name and labels as the text has them. */
type Scrape = ReadonlyMap<string, number>;

class Scraper {
  constructor(readonly site: LoopbackSite) {}

  async text(): Promise<string> {
    const answer = await fetch(this.url());
    equal(answer.headers.get("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    return await answer.text();
  }

  url(path = "/metrics"): string {
    return `http://127.0.0.1:${this.site.ports.health}${path}`;
  }

  async scrape(): Promise<Scrape> {
    const lines = (await this.text()).trimEnd().split("\n").filter((line) => !line.startsWith("#"));
    return new Map(lines.map((line) => {
      const space = line.lastIndexOf(" ");
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }));
  }

  /** Asks until these series have these values. */
  async until(wanted: Readonly<Record<string, number>>): Promise<Scrape> {
    let scrape: Scrape = new Map();
    const missing = async () => {
      scrape = await this.scrape();
      return Object.entries(wanted).filter(([series, value]) => scrape.get(series) !== value)
        .map(([series, value]) => `${series} is ${scrape.get(series)}, not ${value}`);
    };
    await until(missing, ({ length }) => length === 0);
    return scrape;
  }
}

async function startSite(): Promise<{ site: LoopbackSite; scraper: Scraper }> {
  const site = await LoopbackSite.create();
  const image = await site.push("netboot/test:v1", FILES);
  await site.api.apply(machine("node-01", image, MAC, IP));
  const metalman = await site.start();
  await metalman.waitFor(/ ready /);
  await metalman.waitFor(/image ready/);
  return { site, scraper: new Scraper(site) };
}

const NEEDS = { ...SITE_NEEDS, programs: [...SITE_NEEDS.programs, "promtool"] };

peerTest(
  "/metrics counts what is asked over DHCP, TFTP and HTTP, and promtool finds nothing wrong with it",
  NEEDS,
  async () => {
    const { site, scraper } = await startSite();
    await using _ = site;
    const leading = await scraper.until({ metalman_leader: 1 });
    const names = [...(await scraper.text()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    deepEqual(names, Object.keys(METRICS), "all of the table, in its order");
    equal(leading.get("metalman_machines"), 1);
    equal(leading.get("metalman_dhcp_leases"), 1);
    equal(leading.get("metalman_cached_images"), 1);
    equal(
      leading.get("metalman_cached_images_bytes"),
      Object.values(FILES).reduce((sum, text) => sum + text.length, 0),
    );
    equal(leading.get('metalman_image_pulls_total{result="ok"}'), 1);
    equal(leading.get('metalman_image_lookups_total{result="ok"}'), 1);
    ok(leading.get('metalman_api_requests_total{verb="GET",code="200"}')! > 0);
    ok(leading.get("process_resident_memory_bytes")! > 1e7);
    ok(Math.abs(leading.get("process_start_time_seconds")! * 1000 - Date.now()) < 600_000);

    await site.dhcp(MAC, typed(MESSAGE_TYPE.discover));
    await site.tftp(IP, "shimx64.efi");
    await site.http(IP, "shimx64.efi");
    await site.http(IP, "nothing");
    await site.http(IP, "broken");
    await site.http(IP, "attest", "--data", "{}");
    const after = await scraper.until({
      'metalman_dhcp_messages_total{message="DISCOVER"}': 1,
      'metalman_dhcp_decisions_total{result="OFFER",cause="discover"}': 1,
      metalman_dhcp_answer_duration_seconds_count: 1,
      'metalman_tftp_requests_total{result="transfer"}': 1,
      'metalman_tftp_transfers_total{result="done"}': 1,
      metalman_tftp_transfers_in_progress: 0,
      metalman_tftp_sent_bytes_total: FILES["shimx64.efi"].length,
      'metalman_http_requests_total{route="file",code="200"}': 1,
      'metalman_http_requests_total{route="file",code="404"}': 1,
      'metalman_http_requests_total{route="file",code="500"}': 1,
      'metalman_http_requests_total{route="attest",code="400"}': 1,
      'metalman_http_request_duration_seconds_count{route="file"}': 3,
      metalman_template_failures_total: 1,
      'metalman_attestations_total{result="BadRequest"}': 1,
      'metalman_events_total{reason="TemplateFailed"}': 1,
      'metalman_queue_depth{queue="event"}': 0,
    });
    ok(after.get('metalman_http_sent_bytes_total{route="file"}')! > FILES["shimx64.efi"].length);
    ok(after.get('metalman_queue_adds_total{queue="event"}')! > 0);

    const file = `${site.folder}/metrics.txt`;
    await Deno.writeTextFile(file, await scraper.text());
    equal(await run("sh", ["-c", `${which("promtool")} check metrics <${file} 2>&1`]), "");
    await ports(scraper);
  },
);

async function ports(scraper: Scraper): Promise<void> {
  const head = await fetch(scraper.url(), { method: "HEAD" });
  deepEqual([head.status, await head.text()], [200, ""]);
  const statusOf = async (path: string, method: string) => {
    const answer = await fetch(scraper.url(path), { method });
    await answer.body?.cancel();
    return answer.status;
  };
  equal(await statusOf("/metrics", "POST"), 405);
  equal(await statusOf("/metrics/", "GET"), 404);
  equal(await statusOf("/nothing", "GET"), 404);
}

/** A label's value that is neither in the table nor `other`. */
function foreign(series: string): string | undefined {
  const [, name = "", labels = ""] = /^(\w+?)(?:\{(.*)\})?$/.exec(series) ?? [];
  const family = Object.entries(METRICS).find(([known, { type }]) =>
    known === name || type === "histogram" && name.replace(/_(bucket|sum|count)$/, "") === known
  );
  if (family === undefined) return name;
  const known = ("labels" in family[1] ? family[1].labels : {}) as Readonly<Record<string, readonly string[]>>;
  const isFree = family[0] === "metalman_build_info";
  return [...labels.matchAll(/(\w+)="([^"]*)"/g)]
    .find(([, label, value]) => !(isFree || label === "le" || value === "other" || known[label!]?.includes(value!)))
    ?.[0];
}

peerTest("nothing that a client sends becomes a series of its own", NEEDS, async () => {
  const { site, scraper } = await startSite();
  await using _ = site;
  using stack = new DisposableStack();
  const socket = Deno.listenDatagram({ transport: "udp", hostname: STRANGER, port: 0 });
  stack.defer(() => socket.close());
  const send = (port: number, bytes: Uint8Array) =>
    socket.send(bytes, { transport: "udp", hostname: "127.0.0.1", port });
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  for (let i = 0; i < 50; i++) {
    await send(site.ports.dhcp, random(300));
    await send(site.ports.tftp, new TextEncoder().encode(`\0\x01file-${crypto.randomUUID()}\0octet\0`));
    await send(site.ports.tftp, random(20));
    const methods = ["GET", "POST", "PUT", "BREW"];
    await site.http(i % 2 === 0 ? IP : STRANGER, crypto.randomUUID(), "-X", methods[i % 4]!, "-H", `X-A: ${i}`);
  }
  for (const path of ["attest", "cloudinit/log"]) await site.http(IP, path, "--data", crypto.randomUUID());
  using raw = await Deno.connect({ hostname: "127.0.0.1", port: site.ports.http });
  await raw.write(new TextEncoder().encode(`${crypto.randomUUID()}\r\n\r\n`));
  const seen = await scraper.until({
    'metalman_tftp_requests_total{result="notFound"}': 50,
    'metalman_http_requests_total{route="malformed",code="400"}': 1,
    'metalman_dhcp_decisions_total{result="failed",cause="malformed"}': 50,
  });
  deepEqual([...seen.keys()].map(foreign).filter((value) => value !== undefined), []);
  ok(seen.size < 1000, `${seen.size} series`);
});
