/** The wire of virtual machines, in a network namespace. */
import assert from "node:assert/strict";
import { routes, Wire } from "../../dev/vm/network_host.ts";
import { VmUnavailableError } from "../../dev/vm/requirements.ts";
import { NetNamespace } from "./netns.ts";
import { peerTest, run, which } from "./peer.ts";

/** A namespace, and what makes a wire in it. */
async function place() {
  const namespace = await NetNamespace.create("wire");
  const ip = which("ip")!;
  const options = { bridge: "metalman0", address: "10.77.0.1/24", ip, enter: [ip, "netns", "exec", namespace.name] };
  const names = async () => {
    const links: { ifname: string }[] = JSON.parse(await run("ip", ["-n", namespace.name, "-json", "link", "show"]));
    return links.map(({ ifname }) => ifname).filter((name) => name !== "lo");
  };
  return { namespace, options, names };
}

const needs = { programs: ["ip"], root: true };

peerTest("a wire has an address and taps, and leaves nothing", needs, async () => {
  const { namespace, options, names } = await place();
  await using _namespace = namespace;
  {
    await using wire = await Wire.create(options);
    assert.ok((await routes(options)).includes("10.77.0.0/24"));
    for (const wanted of ["metalman0-1", "metalman0-2"]) {
      assert.equal(wire.nextTap(), wanted);
      await wire.addTap(wanted);
    }
    await wire.removeTap("metalman0-1");
    assert.deepEqual(await names(), ["metalman0", "metalman0-2"]);
    await assert.rejects(Wire.create(options), (error) => {
      assert.ok(error instanceof VmUnavailableError);
      assert.match(error.message, new RegExp(`interface metalman0(-2)?: process ${Deno.pid} uses it`));
      return true;
    });
  }
  assert.deepEqual(await names(), []);
});

peerTest("a wire replaces what a killed process has left, and nothing else", needs, async () => {
  const { namespace, options, names } = await place();
  await using _namespace = namespace;
  await namespace.ip("link", "add", "metalman0", "type", "bridge");
  await assert.rejects(
    Wire.create(options),
    /metalman0: it is there, and metalman has not made it; ip link delete metalman0$/,
  );
  // Process ids end below 2^22.
  await namespace.ip("link", "set", "dev", "metalman0", "alias", "metalman process 4194305");
  await namespace.ip("link", "add", "metalman0-1", "type", "bridge");
  await namespace.ip("link", "set", "dev", "metalman0-1", "alias", "metalman process 4194305");
  await namespace.ip("link", "add", "metalman01", "type", "bridge");
  {
    await using _wire = await Wire.create(options);
    assert.deepEqual((await names()).sort(), ["metalman0", "metalman01"]);
  }
  assert.deepEqual(await names(), ["metalman01"]);
});

peerTest("a wire that cannot be laid leaves nothing", needs, async () => {
  const { namespace, options, names } = await place();
  await using _namespace = namespace;
  await assert.rejects(Wire.create({ ...options, address: "10.77.0.1/99" }), /ip addr add 10\.77\.0\.1\/99 .*exited 1/);
  assert.deepEqual(await names(), []);
});
