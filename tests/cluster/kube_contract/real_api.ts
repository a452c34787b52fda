/** A kube-apiserver as the contract wants it: with our CRD, and with a past that it has forgotten. */
import { startApiServer, type TestApiServer } from "../../peers/apiserver.ts";
import { compact } from "../../peers/etcd.ts";

const WAITED_FOR = [
  "/openapi/v3/apis/unbounded-cloud.io/v1alpha3",
  "/apis/unbounded-cloud.io/v1alpha3/machines",
  ...["configmaps", "secrets", "services", "serviceaccounts", "events", "nodes"].map((plural) => `/api/v1/${plural}`),
  "/apis/apps/v1/deployments",
  "/apis/coordination.k8s.io/v1/leases",
];

/** Starts it. */
export async function startRealApi(): Promise<TestApiServer> {
  const server = await startApiServer();
  try {
    await server.installCrd();
    await compact(server.etcdUrl);
    await server.restart();
    await untilDescribed(server);
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return server;
}

/** Waits until it describes Machines in OpenAPI and has read what it serves: both take it a second after it is ready. */
async function untilDescribed({ url, ca, token }: TestApiServer): Promise<void> {
  using client = Deno.createHttpClient({ caCerts: [ca], http2: false });
  const served = async (path: string) => {
    const response = await fetch(url + path, { client, headers: { authorization: `Bearer ${token}` } });
    await response.body?.cancel();
    return response.status === 200;
  };
  for (const path of WAITED_FOR) {
    for (let tries = 0; !await served(path); tries++) {
      if (tries === 400) throw new Error(`kube-apiserver does not serve ${path}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
