/** serve-pxe as a whole: a real API server, a real registry, real clients (issue 3). */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { formatIpv4 } from "../../base/address.ts";
import { OPTION, textOption, u8Data } from "../../pxe/dhcp/options.ts";
import { MESSAGE_TYPE } from "../../pxe/dhcp/reply.ts";
import { Peer, peerTest } from "../peers/peer.ts";
import { LoopbackSite, machine, SITE_NEEDS, until } from "./loopback_site.ts";

const MAC = "aa:bb:cc:dd:ee:01";
const IP = "127.0.0.11";
const FILES = {
  "metadata.yaml": "dhcpBootImageName: shimx64.efi\n",
  "shimx64.efi": "not really a boot loader",
  "grub/grub.cfg.tmpl":
    "name={{ .Machine.Name }} dns={{ .ClusterDNS }} repave={{ .Machine.Status.Operations.RepaveCounter }}\n",
  "broken.tmpl": "{{ .Machine.Spec.Nope }}",
};
const DISCOVER = { options: new Map([[OPTION.messageType, u8Data(MESSAGE_TYPE.discover)]]) };

const event = (name: string, type: string, result = "") =>
  JSON.stringify({ name, description: "d", event_type: type, origin: "cloudinit", timestamp: 1.5, result });

peerTest(
  "serve-pxe boots a machine from its Machine and its image, through outages of API and registry",
  SITE_NEEDS,
  async () => {
    await using site = await LoopbackSite.create();
    const image = await site.push("netboot/test:v1", FILES);
    await site.api.apply(machine("node-01", image, MAC, IP), ...younger(image));
    const metalman = await site.start();
    await metalman.waitFor(/ ready /);
    await metalman.waitFor(/image ready/);

    // DHCP, TFTP, HTTP and templates (contract 5 to 8).
    const offer = await site.dhcp(MAC, DISCOVER);
    equal(formatIpv4(offer.yiaddr), IP);
    equal(textOption(offer.options, OPTION.bootFileName), "shimx64.efi");
    equal(await site.tftp(IP, "/shimx64.efi"), FILES["shimx64.efi"]);
    equal((await site.http(IP, "grub/grub.cfg")).body, "name=node-01 dns=10.96.0.10 repave=0\n");
    equal((await site.http("127.0.0.99", "grub/grub.cfg")).status, 404);
    deepEqual(await site.http(IP, "broken"), {
      status: 500,
      body:
        'template failed: template: :1:11: executing "" at <.Machine.Spec.Nope>: can\'t evaluate field Nope in type v1alpha3.MachineSpec\n',
    });
    await metalman.waitFor(/machine=node-01 reason=TemplateFailed/);

    // Two Machines claim one MAC: the older is served, both are told.
    const conflict = async (name: string) =>
      (await site.status(name)).conditions?.find((c: { type: string }) => c.type === "AddressConflict")?.message ?? "";
    match(await until(() => conflict("node-01"), (m) => m !== ""), /also claimed by Machine younger/);
    match(await until(() => conflict("younger"), (m) => m !== ""), /claimed by the older Machine node-01/);

    // An edited lease is answered, a new Machine too.
    await site.api.apply(machine("node-02", image, "aa:bb:cc:dd:ee:02", "127.0.0.12"));
    await until(() => site.http("127.0.0.12", "shimx64.efi"), ({ status }) => status === 200);
    await site.api.apply(machine("node-02", image, "aa:bb:cc:dd:ee:02", "127.0.0.13"));
    await until(() => site.http("127.0.0.13", "shimx64.efi"), ({ status }) => status === 200);
    equal(formatIpv4((await site.dhcp("aa:bb:cc:dd:ee:02", DISCOVER)).yiaddr), "127.0.0.13");

    // Without the API everything goes on; what is reported is written afterwards (contract 11.15).
    await site.api.apply({
      ...machine("node-01", image, MAC, IP),
      spec: { ...machine("node-01", image, MAC, IP).spec, operations: { repaveCounter: 3 } },
    });
    await until(() => site.http(IP, "grub/grub.cfg"), ({ status }) => status === 200);
    await site.api.stop();
    equal(formatIpv4((await site.dhcp(MAC, DISCOVER)).yiaddr), IP);
    equal(await site.tftp(IP, "shimx64.efi"), FILES["shimx64.efi"]);
    equal((await site.http(IP, "cloudinit/log", "--data", event("modules-final", "finish", "SUCCESS"))).status, 200);
    equal((await site.http(IP, "pxe/disable")).status, 200);
    equal(
      (await site.http(IP, "grub/grub.cfg")).body,
      "name=node-01 dns=10.96.0.10 repave=3\n",
      "the machine is not installed twice",
    );
    await site.api.restart();
    const status = await until(() => site.status("node-01"), (s) => s.operations?.repaveCounter === 3);
    const conditions = await until(
      async () =>
        new Map(
          ((await site.status("node-01")).conditions ?? []).map((
            c: { type: string; status: string },
          ) => [c.type, c.status]),
        ),
      (c) => c.has("CloudInitDone") && c.has("Repaved"),
    );
    deepEqual([status.operations.repaveCounter, conditions.get("CloudInitDone"), conditions.get("Repaved")], [
      3,
      "True",
      "True",
    ]);

    // A stop in good order; then a start without the registry serves from the cache (contract 11.4).
    equal((await metalman.stop()).code, 0);
    await site.registry.stop();
    const again = await site.start("--log-format=json");
    await again.waitFor(/"msg":"ready"/);
    equal(textOption((await site.dhcp(MAC, DISCOVER)).options, OPTION.bootFileName), "shimx64.efi");
    equal(await site.tftp(IP, "shimx64.efi"), FILES["shimx64.efi"]);
    equal((await again.stop()).code, 0);
  },
);

/** A second Machine with the first one's MAC; applied after it, so that it is younger or, in the same second, named later. */
function younger(image: string) {
  return [machine("younger", image, MAC, "127.0.0.14")];
}

peerTest("serve-pxe exits with one clear line where it cannot start (issue 3, part 8)", SITE_NEEDS, async () => {
  await using site = await LoopbackSite.create();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const cases: [string[], RegExp, number][] = [
    [
      [`--http-port=${taken.addr.port}`],
      /^Error: cannot serve HTTP: TCP port \d+ on 127\.0\.0\.1 is in use; .*--http-port$/m,
      1,
    ],
    [
      [`--health-port=${taken.addr.port}`],
      /^Error: cannot serve the health checks: .* is in use; .*--health-port$/m,
      1,
    ],
    [
      ["--dhcp-interface=nope0"],
      /^Error: there is no interface nope0 with an address; interfaces with an IPv4 address: .*lo/m,
      1,
    ],
    [["--kubeconfig=/nope"], /^Error: --kubeconfig=\/nope: there is no such file$/m, 1],
    [["--cache-dir=/proc/nope"], /^Error: .*\/proc\/nope/m, 1],
    [["--registry-config=/nope"], /^Error: .*\/nope/m, 1],
    [["--http-port=0"], /^Error: invalid argument "0" for "--http-port"/m, 2],
  ];
  for (const [flags, message, code] of cases) {
    const metalman = await site.start(...flags);
    equal((await metalman.status).code, code, flags.join(" "));
    await metalman.stop();
    match(metalman.output, message);
    ok(!/\n {4}at /.test(metalman.output), `a stack trace: ${metalman.output}`);
  }
});

peerTest("serve-pxe waits for a CRD that is missing at its start (issue 3, part 2)", SITE_NEEDS, async () => {
  await using site = await LoopbackSite.create();
  const crd = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/machines.unbounded-cloud.io";
  await site.api.request("DELETE", crd);
  const path = "/apis/unbounded-cloud.io/v1alpha3/machines";
  await until(() => site.api.request("GET", path).then(() => true, () => false), (served) => !served);
  const metalman = await site.start();
  await metalman.waitFor(/waiting until its definition is installed/);
  const readiness = new Peer("curl", ["-s", `http://127.0.0.1:${site.ports.health}/readyz`]);
  await readiness.status;
  await readiness.stop();
  match(readiness.output, /Machines are not read yet/);
  await site.api.installCrd();
  await metalman.waitFor(/ ready /);
});
