/** The address by which this host reaches another. */
import { connect } from "node:net";

const TIMEOUT_MS = 3000;

/** The local address of a connection to the server; undefined when there is none to be had in 3 s. */
export function outboundAddress(server: URL): Promise<string | undefined> {
  const port = Number(server.port || (server.protocol === "http:" ? 80 : 443));
  return new Promise((resolve) => {
    const socket = connect({ host: server.hostname.replace(/^\[|\]$/g, ""), port, family: 4 });
    const end = (address: string | undefined) => {
      socket.destroy();
      resolve(address);
    };
    socket.setTimeout(TIMEOUT_MS, () => end(undefined));
    socket.once("error", () => end(undefined));
    socket.once("connect", () => end(socket.localAddress));
  });
}
