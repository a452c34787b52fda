/** The etcd behind a test's kube-apiserver. */

/** Has etcd forget all but the newest state, as it does every few minutes. */
export async function compact(etcdUrl: string): Promise<void> {
  const post = async (path: string, body: unknown): Promise<{ header: { revision: string } }> => {
    const response = await fetch(`${etcdUrl}/v3/kv/${path}`, { method: "POST", body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`etcd: ${response.status} ${await response.text()}`);
    return await response.json();
  };
  const { header } = await post("range", { key: btoa("none") });
  await post("compaction", { revision: header.revision, physical: true });
}
