/** What `site deploy-pxe` applies: pure, from settings to objects (contract 4). */
import type { KubeObject, Resource } from "../../k8s/object.ts";
import { SITE_LABEL } from "../../machine/types.ts";
import type { DhcpMode } from "../serve/settings.ts";
import type { CacheVolume, DeploySettings } from "./settings.ts";

/** Where all of it is. */
export const NAMESPACE = "unbounded-kube";
/** Whose rights the pods have. */
export const ACCOUNT = "metalman-controller";
/** Where Deployments are. */
export const DEPLOYMENTS: Resource = { group: "apps", version: "v1", plural: "deployments", namespace: NAMESPACE };
/** Where the budgets of several replicas are. */
export const BUDGETS: Resource = {
  group: "policy",
  version: "v1",
  plural: "poddisruptionbudgets",
  namespace: NAMESPACE,
};

/** The user of the image: volumes have to be writable for it. */
export const USER = 65532;
/** In the container; `serve-pxe` is told to use it (contract 11.20). */
const CACHE = "/var/cache/metalman";
const HOSTNAME_LABEL = "kubernetes.io/hostname";

/** An object, and where it is. */
export interface Wanted {
  readonly resource: Resource;
  readonly object: KubeObject & { readonly kind: string };
}

type Site = Pick<DeploySettings, "site">;

/** Name of all objects of a site. */
export function nameOf({ site }: Site): string {
  return `metalman-controller-${site}`;
}

/** The labels by which the pods of a site are known. */
export function labelsOf({ site }: Site): Readonly<Record<string, string>> {
  return { app: "unbounded-pxe", [SITE_LABEL]: site };
}

/** `Deployment/NAME`: how objects are named in what is said of them (contract 3). */
export function title({ object: { kind, metadata } }: Wanted): string {
  return `${kind}/${metadata.name}`;
}

function dhcpArguments(dhcp: DhcpMode): string[] {
  if (dhcp.kind === "relay") return [];
  return [dhcp.kind === "auto" ? "--dhcp-auto-interface" : `--dhcp-interface=${dhcp.name}`];
}

/** `Directory`: one that the kubelet made would belong to root, and the server could not write to it. */
function cacheSource(cache: CacheVolume): object {
  if (cache.kind === "empty") return { emptyDir: {} };
  if (cache.kind === "host") return { hostPath: { path: cache.path, type: "Directory" } };
  return { persistentVolumeClaim: { claimName: cache.name } };
}

function probe(path: string, initialDelaySeconds: number, periodSeconds: number): object {
  return { httpGet: { path, port: "health" }, initialDelaySeconds, periodSeconds };
}

function container({ site, image, dhcp }: DeploySettings): object {
  return {
    name: "metalman",
    image,
    imagePullPolicy: "Always",
    args: ["serve-pxe", `--site=${site}`, ...dhcpArguments(dhcp), `--cache-dir=${CACHE}`],
    ports: [
      { name: "http", containerPort: 8880, protocol: "TCP" },
      { name: "health", containerPort: 8081, protocol: "TCP" },
      { name: "dhcp", containerPort: 67, protocol: "UDP" },
      { name: "tftp", containerPort: 69, protocol: "UDP" },
    ],
    resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { cpu: "500m", memory: "256Mi" } },
    livenessProbe: probe("/healthz", 5, 10),
    readinessProbe: probe("/readyz", 3, 5),
    // The capability comes with the executable's file, so allowPrivilegeEscalation has to stay as it is.
    securityContext: {
      capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] },
      readOnlyRootFilesystem: true,
      seccompProfile: { type: "RuntimeDefault" },
    },
    volumeMounts: [{ name: "tmp", mountPath: "/tmp" }, { name: "cache", mountPath: CACHE }],
  };
}

/** Host network: two pods of a node would want the same ports. */
function apart(labels: Readonly<Record<string, string>>): object {
  const term = { labelSelector: { matchLabels: labels }, topologyKey: HOSTNAME_LABEL };
  return { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } };
}

function podSpec(settings: DeploySettings): object {
  const { site, cache, replicas } = settings;
  return {
    serviceAccountName: ACCOUNT,
    hostNetwork: true,
    dnsPolicy: "ClusterFirstWithHostNet",
    nodeSelector: { [SITE_LABEL]: site },
    tolerations: [{ key: "CriticalAddonsOnly", operator: "Equal", value: "true", effect: "NoSchedule" }],
    ...(replicas > 1 ? apart(labelsOf(settings)) : {}),
    securityContext: { fsGroup: USER, fsGroupChangePolicy: "OnRootMismatch" },
    containers: [container(settings)],
    volumes: [{ name: "tmp", emptyDir: {} }, { name: "cache", ...cacheSource(cache) }],
  };
}

function deployment(settings: DeploySettings): Wanted {
  const labels = labelsOf(settings);
  const spec = {
    replicas: settings.replicas,
    selector: { matchLabels: labels },
    strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
    template: { metadata: { labels }, spec: podSpec(settings) },
  };
  const metadata = { name: nameOf(settings), namespace: NAMESPACE, labels };
  return { resource: DEPLOYMENTS, object: { apiVersion: "apps/v1", kind: "Deployment", metadata, ...{ spec } } };
}

/** Drains take one replica at a time; those that do not run anyway hold up nobody. */
function budget(settings: DeploySettings): Wanted {
  const labels = labelsOf(settings);
  const spec = { maxUnavailable: 1, selector: { matchLabels: labels }, unhealthyPodEvictionPolicy: "AlwaysAllow" };
  const metadata = { name: nameOf(settings), namespace: NAMESPACE, labels };
  return { resource: BUDGETS, object: { apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata, ...{ spec } } };
}

/** The objects, in the order in which they are applied. */
export function wantedObjects(settings: DeploySettings): readonly Wanted[] {
  return settings.replicas > 1 ? [deployment(settings), budget(settings)] : [deployment(settings)];
}
