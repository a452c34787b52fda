/** What can be measured, and the programs that each part needs. */
import { benchAttest } from "./attest.ts";
import { benchDev } from "./dev.ts";
import { benchDhcp } from "./dhcp.ts";
import { benchHttp } from "./http.ts";
import { benchImage } from "./image.ts";
import { benchMemory } from "./memory.ts";
import type { Area } from "./options.ts";
import { KEA } from "./peers/kea.ts";
import { NGINX } from "./peers/nginx.ts";
import { ATFTPD, TFTPD_HPA } from "./peers/tftp.ts";
import { benchTftp } from "./tftp.ts";
import { UNPACKERS } from "./peers/umoci.ts";
import { benchRedfish } from "./redfish.ts";
import { benchPack } from "./pack.ts";
import { benchPlugin } from "./plugin.ts";
import type { Row } from "./report.ts";
import type { Stage } from "./stage.ts";

const KUBE_APISERVER = "kube-apiserver";
const CLUSTER = [KUBE_APISERVER, "docker-registry", "skopeo", "tar", "gzip"] as const;

/** One part of a run. */
export interface AreaBench {
  /** Without one of these the part is skipped. */
  readonly needed: readonly string[];
  /** Without one of these its figures stand alone. */
  readonly peers: readonly string[];
  /** Measures. */
  readonly run: (stage: Stage) => Promise<Row[]>;
}

/** All parts. */
export const AREA_BENCHES: Readonly<Record<Area, AreaBench>> = {
  dhcp: { needed: [...CLUSTER, "gcc"], peers: [KEA, NGINX, ...UNPACKERS], run: benchDhcp },
  tftp: { needed: [...CLUSTER, "gcc"], peers: [TFTPD_HPA, ATFTPD], run: benchTftp },
  http: { needed: [...CLUSTER, "gcc", "wrk"], peers: [NGINX], run: benchHttp },
  image: { needed: CLUSTER, peers: UNPACKERS, run: benchImage },
  memory: { needed: CLUSTER, peers: [], run: benchMemory },
  redfish: { needed: CLUSTER, peers: [], run: benchRedfish },
  dev: { needed: [], peers: [KUBE_APISERVER], run: benchDev },
  attest: { needed: ["docker-registry", "skopeo", "tar", "gzip", "gcc"], peers: [], run: benchAttest },
  plugin: { needed: [], peers: [], run: benchPlugin },
  pack: { needed: [], peers: [], run: benchPack },
};
