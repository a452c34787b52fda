/** metalman's own servers on loopback, with an image in a folder and Machines in memory, for the rack's tests. */
import { formatIpv4, parseIpv4 } from "../../../base/address.ts";
import { MemoryLogger } from "../../../base/log.ts";
import type { Directory, LeaseHit } from "../../../machine/directory.ts";
import type { CloudInitEvent } from "../../../machine/reports.ts";
import { readMachine } from "../../../machine/types.ts";
import { startDhcpServer } from "../../../pxe/dhcp/server.ts";
import { createFileResolver } from "../../../pxe/files.ts";
import { startHttpServer } from "../../../pxe/http/server.ts";
import type { BootFile, BootImage } from "../../../pxe/image.ts";
import { startTftpServer } from "../../../pxe/tftp/server.ts";
import { type ImageFiles, macOf } from "./sample_image.ts";

/** What a site is made of. */
export interface SiteOptions {
  /** The image. */
  readonly files: ImageFiles;
  /** How many Machines there are: 02:00:00:00:00:01 with 10.0.0.1, and so on. */
  readonly machines: number;
  /** What an address on loopback stands for. */
  readonly addressOf: (seen: number) => number;
  /** Where the relay agent listens. */
  readonly relayPort: number;
  /** @default a free one */
  readonly dhcpPort?: number;
}

/** A running site. */
export interface Site extends AsyncDisposable {
  readonly dhcpPort: number;
  readonly tftpPort: number;
  readonly httpPort: number;
  readonly log: MemoryLogger;
  /** What machines reported: `m1 disable`, `m1 init-local start`. */
  readonly reports: string[];
}

const encoder = new TextEncoder();

/** A port that is free now. */
export function freeUdpPort(): number {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = socket.addr as Deno.NetAddr;
  socket.close();
  return port;
}

function directoryOf(count: number, addressOf: (seen: number) => number): Directory {
  const hits = Array.from({ length: count }, (_, i): LeaseHit => {
    const ipv4 = formatIpv4(parseIpv4("10.0.0.0") + i + 1);
    const lease = { mac: macOf(i + 1), ipv4, subnetMask: "255.0.0.0", gateway: "10.255.255.254" };
    const { machine } = readMachine({
      metadata: { name: `m${i + 1}` },
      spec: { pxe: { image: "sample", dhcpLeases: [lease] } },
    });
    return { machine, lease: machine.leases[0]! };
  });
  const byMac = new Map(hits.map((hit) => [hit.lease.mac, hit]));
  const byIp = new Map(hits.map((hit) => [hit.lease.ipv4, hit]));
  return {
    byMac: (mac) => byMac.get(mac),
    byIp: (ipv4) => byIp.get(addressOf(ipv4)),
    byName: (name) => hits.find(({ machine }) => machine.name === name)?.machine,
    all: () => hits.map(({ machine }) => machine),
  };
}

async function imageIn(folder: string, files: ImageFiles): Promise<BootImage> {
  const found = new Map<string, BootFile>();
  let number = 0;
  for (const [path, content] of Object.entries(files)) {
    const bytes = content instanceof Uint8Array ? content : encoder.encode(typeof content === "string" ? content : "");
    const absolutePath = `${folder}/${number++}`;
    await Deno.writeFile(absolutePath, bytes);
    const name = typeof content === "function" ? `${path}.tmpl` : path;
    found.set(name, { absolutePath, offset: 0, size: bytes.length });
  }
  return {
    digest: `sha256:${"1".repeat(64)}`,
    dhcpBootImageName: "shimx64.efi",
    bootFiles: {},
    file: (path) => found.get(path),
  };
}

/** Starts DHCP (relay mode), TFTP and HTTP. */
export async function startSite(options: SiteOptions): Promise<Site> {
  const { files, machines, addressOf, relayPort, dhcpPort = 0 } = options;
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "metalman-rack-" }));
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const image = await imageIn(folder, files);
  const directory = directoryOf(machines, addressOf);
  const log = new MemoryLogger();
  const reports: string[] = [];
  const resolve = createFileResolver({
    directory,
    images: { imageFor: () => image },
    userData: () => ({ kind: "noConfigMap" }),
    render: ({ key }) => {
      const template = files[key.slice(key.indexOf("/") + 1)];
      return encoder.encode((template as () => string)());
    },
    onTemplateFailure: () => {},
  });
  const http = stack.use(
    await startHttpServer({
      ...{ bindAddress: "127.0.0.1", port: 0, filesFolder: folder, directory, resolve, trustedProxies: [], log },
      reports: {
        cloudInit: (machine, { name, type }: CloudInitEvent) => reports.push(`${machine.name} ${name} ${type}`),
        pxeDisable: (machine) => reports.push(`${machine.name} disable`),
      },
    }),
  );
  const tftp = stack.use(startTftpServer({ bindAddress: "127.0.0.1", port: 0, resolve, log }));
  const dhcp = stack.use(startDhcpServer({
    mode: { kind: "relay", bindAddress: "127.0.0.1", serverIp: "127.0.0.1" },
    serveUrl: `http://127.0.0.1:${http.port}`,
    images: { imageFor: () => image },
    ...{ directory, log, port: dhcpPort, relayPort },
  }));
  const all = stack.move();
  return {
    ...{ dhcpPort: dhcp.port, tftpPort: tftp.port, httpPort: http.port, log, reports },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
