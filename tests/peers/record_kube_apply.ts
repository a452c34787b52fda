/**
 * Writes tests/golden/kube-apply anew: what a real kube-apiserver makes of the writes in its files. Run it after a new kube-apiserver,
 * or after adding writes to a file: `deno run -A tests/peers/record_kube_apply.ts`.
 *
 * @module
 */
import { startApiServer } from "./apiserver.ts";
import { FOLDER, record, sequences } from "./kube_apply_record.ts";

await using server = await startApiServer();
await server.installCrd();
const { gitVersion } = await server.request("GET", "/version");
for (const sequence of sequences()) {
  const steps = (await record(server, sequence)).map((step) => JSON.stringify(step));
  const head = `"from": "kube-apiserver ${gitVersion}",\n"type": ${JSON.stringify(sequence.type)}`;
  const text = `{\n${head},\n"steps": [\n${steps.join(",\n")}\n]\n}\n`;
  await Deno.writeTextFile(new URL(`${sequence.name}.json`, FOLDER), text);
}
