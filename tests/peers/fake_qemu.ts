/**
 * Stands in for QEMU: takes its command line, connects to its QMP socket and does as it is told. Its console is what the
 * file `says` in its folder holds; commands go to `commands` there. A console that ends with "bye" is the end of it.
 */
const socket = Deno.args[Deno.args.indexOf("-qmp") + 1]!.slice("unix:".length);
const folder = socket.slice(0, socket.lastIndexOf("/"));
const says = await Deno.readTextFile(`${folder}/says`);
if (says.startsWith("no start")) {
  console.error("qemu-system-x86_64: Could not access KVM kernel module: No such file or directory");
  Deno.exit(1);
}
const connection = await Deno.connect({ transport: "unix", path: socket });
const send = (value: unknown) => connection.write(new TextEncoder().encode(JSON.stringify(value) + "\n"));
await send({ QMP: { version: {}, capabilities: [] } });
const lines = connection.readable.pipeThrough(new TextDecoderStream());
for await (const text of lines) {
  for (const line of text.trim().split("\n")) {
    const { execute, arguments: { path = "", value = "" }, id } = JSON.parse(line);
    await Deno.writeTextFile(`${folder}/commands`, `${execute} ${path} ${value}`.trim() + "\n", { append: true });
    await send({ return: {}, id });
    if (execute === "qmp_capabilities") console.log(says);
    if (execute === "system_reset") await send({ event: "RESET", data: { guest: false } });
    if (says.endsWith("bye")) Deno.exit(0);
  }
}
