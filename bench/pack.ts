/** How long the packed file takes to say something, and what it weighs. */
import { FIRST_GRANTS, RUN_FLAGS } from "../cmd/permissions/run_flags.ts";
import { pack } from "../tools/pack.ts";
import { EMPTY, inTurn, type Start, took } from "./plugin.ts";
import type { Row } from "./report.ts";
import type { Stage } from "./stage.ts";

/** A cluster that refuses every connection. */
const KUBECONFIG = `apiVersion: v1
kind: Config
clusters: [{ name: a, cluster: { server: "https://127.0.0.1:1" } }]
users: [{ name: a, user: { token: a } }]
contexts: [{ name: a, context: { cluster: a, user: a } }]
current-context: a
`;

/** Measures first and later starts beside those of Deno alone. */
export async function benchPack(stage: Stage): Promise<Row[]> {
  const folder = stage.newFolder("pack");
  const program = `${folder}/metalman`;
  stage.progress("pack: packing");
  await pack({ output: program, deno: Deno.execPath() });
  await Deno.writeTextFile(`${folder}/empty.ts`, "");
  await Deno.writeTextFile(`${folder}/kubeconfig`, KUBECONFIG);
  const env = { METALMAN_HOME: `${folder}/home` };
  const empty: Start = { args: ["run", `${folder}/empty.ts`] };
  const rounds = stage.pace.quick ? 5 : 40;
  const firstMs = await took({ program, args: ["version"], env });
  const [versionMs, emptyMs] = await inTurn({ program, args: ["version"], env }, empty, rounds);
  const list = ["machine", "list", `--kubeconfig=${folder}/kubeconfig`];
  const broad = ["run", ...RUN_FLAGS, ...FIRST_GRANTS.filter((grant) => grant !== "--allow-ffi")];
  const [copy] = await Array.fromAsync(Deno.readDir(`${folder}/home`));
  const [listMs, broadMs] = await inTurn(
    { program, args: list, env, code: 1 },
    { args: [...broad, `${folder}/home/${copy!.name}/main.js`, ...list], code: 1 },
    rounds,
  );
  const { size } = await Deno.stat(program);
  const deno = await Deno.stat(Deno.execPath());
  return [
    {
      ...{ area: "pack", figure: "size of the file", unit: "MB", ours: size / 1e6 },
      peer: { name: "Deno", value: deno.size / 1e6 },
    },
    { area: "pack", figure: "first start to end of version", unit: "ms", ours: firstMs },
    {
      ...{ area: "pack", figure: "start to end of version", unit: "ms", ours: versionMs },
      peer: { name: EMPTY, value: emptyMs },
      target: { of: "ours", is: "atMost", than: 150 },
    },
    {
      ...{ area: "pack", figure: "start to end of machine list, refused", unit: "ms", ours: listMs },
      peer: { name: "deno run of the bundle, with all permissions", value: broadMs },
      note: "starts anew, with one address only",
    },
  ];
}
