/** Carries out a DHCP exchange: when packets are sent again, and when an offer is chosen. */
import { formatIpv4 } from "../../base/address.ts";
import { MalformedPacketError } from "../../pxe/dhcp/options.ts";
import { parsePacket } from "../../pxe/dhcp/packet.ts";
import { type Asker, GIVE_UP_MS, judge, type Judgement, type Lease, question, SEND_AT_MS } from "./dhcp_client.ts";
import { NotBootable, type Power } from "./power.ts";
import type { DatagramPort, UdpAddress } from "./wire.ts";

const BROADCAST: UdpAddress = { transport: "udp", hostname: "255.255.255.255", port: 67 };

/** Why a timer ends before its time. */
const IN_TIME = "an answer came";

/** A port that can be listened to for a time. */
class Mailbox {
  readonly #port: DatagramPort;
  readonly #power: Power;
  #next: Promise<Uint8Array> | undefined;

  constructor(port: DatagramPort, power: Power) {
    this.#port = port;
    this.#power = power;
  }

  /** The next packet, or undefined at `untilMs`. */
  async before(untilMs: number): Promise<Uint8Array | undefined> {
    const { clock, signal } = this.#power;
    const left = untilMs - clock.now();
    if (left <= 0) return undefined;
    this.#next ??= this.#port.receive().then(([bytes]) => bytes.slice());
    const timer = new AbortController();
    const late = clock.sleep(left, { signal: AbortSignal.any([timer.signal, signal]) }).then(() => undefined, () => {
      signal.throwIfAborted();
      return undefined;
    });
    try {
      const bytes = await Promise.race([this.#next, late]);
      if (bytes !== undefined) this.#next = undefined;
      return bytes;
    } finally {
      timer.abort(IN_TIME);
    }
  }

  close(): void {
    this.#next?.catch(() => {});
    this.#port.close();
  }
}

/** One round: a packet sent up to four times until an answer is taken. */
interface Round {
  readonly power: Power;
  readonly asker: Asker;
  readonly xid: number;
  readonly awaiting: "offer" | "ack";
  readonly packet: Uint8Array;
  /** Whether the first good answer ends the round at once, or the interval is waited out for better ones. */
  readonly collect: boolean;
}

/** The answer taken, or why none was. */
async function carryOut(round: Round, port: DatagramPort, mailbox: Mailbox): Promise<Lease | string> {
  const { power: { clock, hurry, signal }, packet, collect } = round;
  const startMs = clock.now();
  let refused = "nobody answered";
  for (let i = 0; i < SEND_AT_MS.length; i++) {
    signal.throwIfAborted();
    if (i > 0 && round.asker !== "system") {
      round.power.say("dhcp", `${refused}; it asks again, and kubectl describe machines may tell why`);
    }
    await port.send(packet, BROADCAST);
    const sentMs = startMs + SEND_AT_MS[i]!;
    const endMs = startMs + (SEND_AT_MS[i + 1] ?? GIVE_UP_MS);
    // OVMF collects offers for the whole interval and then takes the first.
    const chooseMs = collect ? sentMs + (endMs - sentMs) / hurry : sentMs;
    let taken: Lease | undefined;
    for (;;) {
      const bytes = await mailbox.before(taken === undefined ? endMs : chooseMs);
      if (bytes === undefined) break;
      const verdict = read(bytes, round);
      if (verdict.kind === "lease") taken ??= verdict.lease;
      if (verdict.kind === "unfit") refused = `the offer is of no use: ${verdict.reason}`;
      if (verdict.kind === "nak") return `the server refused the address: ${verdict.reason}`;
    }
    if (taken !== undefined) return taken;
  }
  return refused;
}

function read(bytes: Uint8Array, { power, asker, xid, awaiting }: Round): Judgement {
  try {
    return judge(parsePacket(bytes), { asker, mac: power.identity.mac, xid, awaiting });
  } catch (error) {
    if (error instanceof MalformedPacketError) return { kind: "unfit", reason: error.message };
    throw error;
  }
}

/**
 * Asks for an address.
 * @throws {NotBootable} when there is none after a minute, or none that is of use
 */
export async function acquire(asker: Asker, power: Power): Promise<Lease> {
  const { wire, random, identity, signal } = power;
  const port = wire.dhcp();
  const mailbox = new Mailbox(port, power);
  try {
    const xid = Math.floor(random() * 0x100000000);
    const collect = asker !== "system";
    const offer = await carryOut(
      { power, asker, xid, awaiting: "offer", packet: question(asker, identity, xid).slice(), collect },
      port,
      mailbox,
    );
    if (typeof offer === "string") throw new NotBootable(noAnswer(offer, power));
    const packet = question(asker, identity, xid, offer).slice();
    const ack = await carryOut({ power, asker, xid, awaiting: "ack", packet, collect: false }, port, mailbox);
    if (typeof ack === "string") {
      throw new NotBootable(`PXE-E51: offered ${formatIpv4(offer.address)}, but on the request ${ack}`);
    }
    power.leased(ack.address);
    return ack;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    mailbox.close();
  }
}

function noAnswer(reason: string, { identity: { mac } }: Power): string {
  return `PXE-E16, no valid offer: ${reason}. Is there a Machine with a lease for ${mac}, and its image local?`;
}
