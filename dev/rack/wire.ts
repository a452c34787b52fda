/** What a machine is plugged into: all that it does to the world goes through here, so that a test can be the world. */

/** Where a datagram goes to, or came from. */
export interface UdpAddress {
  /** What sockets want to be told. */
  readonly transport: "udp";
  /** IPv4, dotted. */
  readonly hostname: string;
  /** UDP. */
  readonly port: number;
}

/** A UDP socket of a machine. */
export interface DatagramPort {
  /** Resolves when the packet has left; a packet that cannot leave counts as lost. */
  send(packet: Uint8Array, to: UdpAddress): Promise<void>;
  /** The next packet, which is valid up to the next call; rejects once the port is closed. */
  receive(): Promise<readonly [Uint8Array, UdpAddress]>;
  /** Gives it back. */
  close(): void;
}

/** A request over HTTP, on a connection of its own. */
export interface HttpRequest {
  /** As on the wire. */
  readonly method: "HEAD" | "GET" | "POST";
  /** Absolute, `http:`. */
  readonly url: string;
  /** By name, in the order in which they are sent. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of a POST. */
  readonly body?: string;
  /** Ends the request, and the connection with it. */
  readonly signal: AbortSignal;
}

/** How a response begins. */
export interface HttpHead {
  /** As on the wire. */
  readonly status: number;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
}

/** Takes a piece of a body, which is valid until it is done with it: at once, or when the promise resolves. */
export type HttpTake = (piece: Uint8Array) => void | Promise<void>;

/** The network card of one machine. */
export interface Wire {
  /** The port for DHCP: what it sends is broadcast, what it receives is for this card. */
  dhcp(): DatagramPort;
  /** A fresh UDP port. */
  udp(): DatagramPort;
  /**
   * Asks over HTTP; resolves at the end of the response.
   * @param onHead says who takes the body
   * @throws when no response comes, or not all of it
   */
  http(request: HttpRequest, onHead: (head: HttpHead) => HttpTake): Promise<void>;
}
