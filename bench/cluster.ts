/** The real kube-apiserver of a run. */
import { startApiServer, type TestApiServer } from "../tests/peers/apiserver.ts";
import { MachineApi } from "./machine_api.ts";

/** The API of a run. */
export class Cluster extends MachineApi implements AsyncDisposable {
  readonly #api: TestApiServer;
  /** Of the ServiceAccount that metalman is deployed with. */
  readonly kubeconfig: string;

  private constructor(api: TestApiServer, kubeconfig: string) {
    super(api);
    this.#api = api;
    this.kubeconfig = kubeconfig;
  }

  /** Starts it with what a cluster has (cluster-info, kube-dns, the CRD, the rights). */
  static async start(): Promise<Cluster> {
    const api = await startApiServer();
    try {
      await api.createFixtures();
      return new Cluster(api, await api.serviceAccountKubeconfig());
    } catch (error) {
      await api[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Ends it and removes its data. */
  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
    await this.#api[Symbol.asyncDispose]();
  }
}
