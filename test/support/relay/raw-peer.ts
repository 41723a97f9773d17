import { sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import { encodeFrame } from "@ibkr-edge-gateway/protocol/relay/frame-codec.ts";
import { authenticateTranscript } from "@ibkr-edge-gateway/protocol/relay/transcript.ts";
import { fakeSign } from "./fake-keys.ts";
import type { World } from "./world.ts";
import { ACCOUNT, ORIGIN, type Wire } from "./world-state.ts";

export interface Frame {
  id: string;
  type: string;
  session_id?: string;
  epoch?: number;
  correlation_id?: string;
  event_seq?: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into frames whose form is what they test
  payload: any;
}

export interface OpenClaims {
  key?: string;
  jti?: string;
  capabilities?: string[];
  journal?: { id: string; oldest_seq: number; newest_seq: number };
  resume?: { session_id: string; resume_token: string; last_processed_seq: number };
}

/**
 * A peer of the edge that says exactly what a test wants it to say: no machine behind it, the
 * device key of one paired sidecar in its hand.
 */
export function rawPeer(world: World, sidecarId: string, key: string) {
  // The world's own sidecar of this name stays out of the way.
  const seat = world.sidecars.find(({ id }) => id === sidecarId);
  if (seat === undefined) throw new Error(`no sidecar ${sidecarId}`);
  const holder = { ...seat, up: false, received: [] as string[], closes: [] as number[] };
  const wire: Wire = {
    id: world.nextId(),
    sidecar: holder,
    dial: 0,
    toEdge: [],
    toSidecar: [],
    edgeOpen: true,
    sidecarOpen: true,
    answered: true,
    stalled: false,
    lastSeen: world.now(),
  };
  holder.wire = wire;
  world.wires.set(wire.id, wire);
  world.edgeInput({ kind: "opened", conn: wire.id, sidecarId });
  let session: { session_id: string; epoch: number } | null = null;
  let opened = "";

  function send(type: string, payload: unknown, head: Record<string, unknown> = {}): string {
    const id = world.nextId();
    const text = encodeFrame({ id, ...session, ...head, type, now: world.now(), payload });
    if (type === "session.open") opened = text;
    sendText(text);
    return id;
  }

  function sendText(text: string): void {
    wire.toEdge.push({ text });
    world.settle();
  }

  function frames(): Frame[] {
    return holder.received.filter((text) => text !== "pong").map((text) => JSON.parse(text));
  }

  function last(type?: string): Frame | undefined {
    return frames().findLast((frame) => type === undefined || frame.type === type);
  }

  function open(claims: OpenClaims = {}): Frame | undefined {
    send("session.open", openPayload(claims));
    return last();
  }

  /** As if the device had sent this, and somebody between had changed it. */
  function meant(claims: OpenClaims): void {
    const payload = openPayload(claims);
    opened = encodeFrame({ id: world.nextId(), type: "session.open", now: world.now(), payload });
  }

  function openPayload(claims: OpenClaims) {
    return {
      auth: {
        scheme: "signed_jwt",
        token: `token|${claims.key ?? key}|${claims.jti ?? world.nextId()}`,
      },
      client: { kind: "raw", version: "1", fingerprint: "", principal: sidecarId },
      capabilities: claims.capabilities ?? ["broker.read", "orders.paper", "events", "chunks"],
      journal: claims.journal ?? { id: "journal-raw", oldest_seq: 1, newest_seq: 0 },
      ...(claims.resume === undefined ? {} : { resume: claims.resume }),
    };
  }

  function authenticate(challenge: string, signWith = key): Frame | undefined {
    const nonce = world.random.base64url32();
    const message = authenticateTranscript({
      origin: ORIGIN,
      account: ACCOUNT,
      sidecar: sidecarId,
      challenge,
      nonce,
      about: sha256Hex(opened),
    });
    send("session.authenticate", { response: fakeSign(signWith, message), nonce });
    return last();
  }

  /** The whole handshake; the accepted frame, or whatever came instead. */
  function connect(claims: OpenClaims = {}): Frame | undefined {
    const challenge = open(claims);
    if (challenge?.type !== "session.challenge") return challenge;
    const answer = authenticate(challenge.payload.challenge);
    if (answer?.type === "session.accepted") {
      session = { session_id: answer.payload.session_id, epoch: answer.payload.epoch };
    }
    return answer;
  }

  return {
    wire,
    send,
    sendText,
    frames,
    last,
    open,
    meant,
    authenticate,
    connect,
    /** The close code it was given; null while it is connected. */
    closed: () => holder.closes.at(-1) ?? null,
    ofType: (type: string) => frames().filter((frame) => frame.type === type),
    drop() {
      world.cut(wire);
      world.settle();
    },
  };
}

/** A raw peer of the edge for a sidecar of its own. */
export function pairedPeer(world: World) {
  const { id, key } = world.addSidecar();
  return { id, key, dial: () => rawPeer(world, id, key) };
}
