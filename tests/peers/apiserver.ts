/** A real Kubernetes API server for tests: kube-apiserver and etcd in one process (kube-apiserver/main.go). */
import { type KubeObject, manifest, objectPath } from "./manifest.ts";

export { type KubeObject, objectPath } from "./manifest.ts";
import { freePort, Peer, run } from "./peer.ts";

/** How the server is started. */
export interface ApiServerOptions {
  /** Run inside this network namespace; requests to it are then sent from there, with curl. */
  readonly netns?: string;
  /** Address to listen on; the server's certificate names it. @default "127.0.0.1" */
  readonly bindAddress?: string;
  /** More flags of kube-apiserver. */
  readonly flags?: readonly string[];
  /** Keep a record of every request in {@link TestApiServer.auditLog}. @default false */
  readonly audit?: boolean;
}

/** Starts a server in a folder of its own and waits until it is ready. */
export async function startApiServer(options: ApiServerOptions = {}): Promise<TestApiServer> {
  const server = new TestApiServer(options, await Deno.makeTempDir({ prefix: "apiserver-" }));
  try {
    await server.prepare();
    await server.start();
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return server;
}

/** A running kube-apiserver; its data goes when it is disposed. */
export class TestApiServer implements AsyncDisposable {
  readonly #options: ApiServerOptions;
  readonly #dir: string;
  readonly #ports = { api: freePort(), etcd: freePort() };
  #process: Peer | undefined;
  /** Bearer token of a member of system:masters. */
  readonly token = "test-admin-token";
  /** Certificate of the authority that signed the server's certificate, as PEM. */
  ca = "";

  /** Use {@link startApiServer}. `dir` is an empty folder, removed in the end. */
  constructor(options: ApiServerOptions, dir: string) {
    this.#options = options;
    this.#dir = dir;
  }

  /** Base URL, without a slash at its end. */
  get url(): string {
    const address = this.#options.bindAddress ?? "127.0.0.1";
    return `https://${address === "0.0.0.0" ? "127.0.0.1" : address}:${this.#ports.api}`;
  }

  /** Client URL of the etcd behind it. */
  get etcdUrl(): string {
    return `http://127.0.0.1:${this.#ports.etcd}`;
  }

  /** Path of a kubeconfig for the administrator. */
  get kubeconfig(): string {
    return `${this.#dir}/admin.kubeconfig`;
  }

  /** Path of the record of every request (audit.k8s.io/v1). */
  get auditLog(): string {
    return `${this.#dir}/audit.log`;
  }

  /** Writes the keys and the token file. */
  async prepare(): Promise<void> {
    const key = await crypto.subtle.generateKey(
      { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" },
      true,
      ["sign", "verify"],
    );
    const pem = async (format: "pkcs8" | "spki", of: CryptoKey, label: string) => {
      const der = new Uint8Array(await crypto.subtle.exportKey(format, of));
      const body = der.toBase64().replace(/.{64}/g, "$&\n");
      return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
    };
    await Deno.writeTextFile(`${this.#dir}/sa.key`, await pem("pkcs8", key.privateKey, "PRIVATE KEY"));
    await Deno.writeTextFile(`${this.#dir}/sa.pub`, await pem("spki", key.publicKey, "PUBLIC KEY"));
    await Deno.writeTextFile(`${this.#dir}/tokens.csv`, `${this.token},admin,admin,system:masters\n`);
  }

  /** Starts it on its data and ports, and waits until it is ready. */
  async start(): Promise<void> {
    const { netns, bindAddress = "127.0.0.1", flags = [], audit = false } = this.#options;
    const dir = this.#dir;
    const policy = { apiVersion: "audit.k8s.io/v1", kind: "Policy", rules: [{ level: "Metadata" }] };
    if (audit) await Deno.writeTextFile(`${dir}/audit-policy.json`, JSON.stringify(policy));
    const local = bindAddress === "0.0.0.0" || bindAddress.startsWith("127.");
    const args = [
      `--secure-port=${this.#ports.api}`,
      `--bind-address=${bindAddress}`,
      // Only written into the "kubernetes" Endpoints, where loopback is not allowed.
      `--advertise-address=${local ? "192.0.2.1" : bindAddress}`,
      `--cert-dir=${dir}/certs`,
      `--service-account-key-file=${dir}/sa.pub`,
      `--service-account-signing-key-file=${dir}/sa.key`,
      "--service-account-issuer=https://kubernetes.default.svc",
      "--service-cluster-ip-range=10.96.0.0/16",
      `--token-auth-file=${dir}/tokens.csv`,
      "--authorization-mode=RBAC",
      "--disable-admission-plugins=ServiceAccount",
      "--shutdown-delay-duration=0s",
      ...(audit ? [`--audit-policy-file=${dir}/audit-policy.json`, `--audit-log-path=${this.auditLog}`] : []),
    ];
    this.#process = new Peer("kube-apiserver", [dir, String(this.#ports.etcd), ...args, ...flags], {
      cwd: dir,
      ...(netns === undefined ? {} : { netns }),
    });
    await this.#ready(this.#process);
    const kubeconfig = this.#kubeconfigText("admin", this.token);
    await Deno.writeTextFile(this.kubeconfig, kubeconfig, { mode: 0o600 });
  }

  /** Nothing it prints says that it is ready, so this asks. */
  async #ready(process: Peer): Promise<void> {
    let ended = false;
    process.status.then(() => ended = true);
    for (let tries = 0; tries < 300; tries++) {
      if (ended) throw new Error(`kube-apiserver ended:\n${process.output.slice(-4000)}`);
      this.ca ||= await this.#readCa();
      if (this.ca !== "" && await this.#isReady()) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`kube-apiserver is not ready:\n${process.output.slice(-4000)}`);
  }

  /** The server writes its own certificate followed by that of the authority it made. */
  async #readCa(): Promise<string> {
    try {
      const chain = await Deno.readTextFile(`${this.#dir}/certs/apiserver.crt`);
      return chain.match(/-----BEGIN[^]*?-----END CERTIFICATE-----\n/g)?.[1] ?? "";
    } catch {
      return "";
    }
  }

  async #isReady(): Promise<boolean> {
    try {
      return (await this.#send("GET", "/readyz", undefined)).status === 200;
    } catch {
      return false;
    }
  }

  /** Ends it, keeping its data. SIGKILL makes connections break as in a crash. */
  async stop(signal: Deno.Signal = "SIGKILL"): Promise<void> {
    await this.#process?.stop(signal);
    this.#process = undefined;
  }

  /** Ends it and starts it again on the same data and port. */
  async restart(signal: Deno.Signal = "SIGKILL"): Promise<void> {
    await this.stop(signal);
    await this.start();
  }

  /**
   * A request as the administrator; the answer's JSON.
   * @throws for any answer that is not 2xx
   */
  async request(method: string, path: string, body?: unknown, contentType = "application/json"): Promise<KubeObject> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const answer = await this.#send(method, path, text, contentType);
    if (answer.status < 200 || answer.status > 299) {
      throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    }
    return JSON.parse(answer.text) as KubeObject;
  }

  async #send(method: string, path: string, body: string | undefined, type = "application/json") {
    if (this.#options.netns !== undefined) return await this.#sendFromNamespace(method, path, body, type);
    using client = Deno.createHttpClient({ caCerts: [this.ca], http2: false });
    const response = await fetch(this.url + path, {
      client,
      method,
      headers: { authorization: `Bearer ${this.token}`, "content-type": type },
      ...(body === undefined ? {} : { body }),
    });
    return { status: response.status, text: await response.text() };
  }

  async #sendFromNamespace(method: string, path: string, body: string | undefined, type: string) {
    const file = `${this.#dir}/request.json`;
    await Deno.writeTextFile(file, body ?? "");
    await Deno.writeTextFile(`${this.#dir}/ca.crt`, this.ca);
    const output = await run("curl", [
      "-s",
      `--cacert`,
      `${this.#dir}/ca.crt`,
      "-X",
      method,
      "-H",
      `Authorization: Bearer ${this.token}`,
      "-H",
      `Content-Type: ${type}`,
      ...(body === undefined ? [] : ["--data-binary", `@${file}`]),
      "-w",
      "\n%{http_code}",
      this.url + path,
    ], { netns: this.#options.netns! });
    const end = output.lastIndexOf("\n");
    return { status: Number(output.slice(end + 1)), text: output.slice(0, end) };
  }

  /** Creates or changes objects (server-side apply), in order. */
  async apply(...objects: KubeObject[]): Promise<void> {
    for (const object of objects) {
      const path = `${objectPath(object)}?fieldManager=test&force=true`;
      await this.request("PATCH", path, object, "application/apply-patch+yaml");
    }
  }

  /** Installs our CRD and waits until its objects are served. */
  async installCrd(): Promise<void> {
    const [crd] = manifest("deploy/crd.yaml");
    await this.apply(crd!);
    for (let tries = 0; tries < 100; tries++) {
      const { status } = await this.#send("GET", "/apis/unbounded-cloud.io/v1alpha3/machines", undefined);
      if (status === 200) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error("machines are not served after the CRD was installed");
  }

  /** Makes what a cluster has and metalman reads: namespaces, cluster facts, rights, accounts and our CRD. */
  async createFixtures(): Promise<void> {
    const namespaced = (kind: string, namespace: string, name: string, rest: Record<string, unknown>): KubeObject => ({
      apiVersion: "v1",
      kind,
      metadata: { name, namespace },
      ...rest,
    });
    const namespaces = ["kube-system", "kube-public", "default"];
    await this.apply(...namespaces.map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })));
    await this.apply(
      ...manifest("deploy/namespace.yaml"),
      ...manifest("deploy/rbac.yaml"),
      namespaced("ConfigMap", "kube-public", "cluster-info", { data: { kubeconfig: this.#clusterInfo() } }),
      namespaced("Service", "kube-system", "kube-dns", {
        spec: { clusterIP: "10.96.0.10", ports: [{ name: "dns", port: 53, protocol: "UDP" }] },
      }),
    );
    await this.installCrd();
  }

  #clusterInfo(): string {
    const cluster = { server: this.url, "certificate-authority-data": btoa(this.ca) };
    return JSON.stringify({ apiVersion: "v1", kind: "Config", clusters: [{ name: "", cluster }] });
  }

  /** Path of a kubeconfig for a ServiceAccount of namespace unbounded-kube; its rights are those of deploy/rbac.yaml. */
  async serviceAccountKubeconfig(name = "metalman-controller"): Promise<string> {
    const path = `/api/v1/namespaces/unbounded-kube/serviceaccounts/${name}/token`;
    const { status } = await this.request("POST", path, { spec: { expirationSeconds: 7200 } });
    const file = `${this.#dir}/${name}.kubeconfig`;
    await Deno.writeTextFile(file, this.#kubeconfigText(name, status.token), { mode: 0o600 });
    return file;
  }

  #kubeconfigText(user: string, token: string): string {
    return JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{
        name: "test",
        cluster: { server: this.url, "certificate-authority-data": btoa(this.ca) },
      }],
      users: [{ name: user, user: { token } }],
      contexts: [{ name: "test", context: { cluster: "test", user } }],
      "current-context": "test",
    });
  }

  /** Ends it and removes its data. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Deno.remove(this.#dir, { recursive: true });
  }
}

/** What a test beside the server needs installed. */
export const API_SERVER = { programs: ["kube-apiserver"] } as const;
