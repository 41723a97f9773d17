import { generateKeyPairSync, sign } from "node:crypto";
import type { AddressInfo } from "node:net";
import { sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import { encodeFrame } from "@ibkr-edge-gateway/protocol/relay/frame-codec.ts";
import {
  acceptedTranscript,
  refusedTranscript,
} from "@ibkr-edge-gateway/protocol/relay/transcript.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import { WebSocketServer } from "ws";

/** One connection as the fake edge sees it. */
export interface Caller {
  /** The frame that opened it, and its text. */
  readonly open: { readonly id: string; readonly payload: OpenPayload; readonly text: string };
  say(type: string, payload: object, head?: object): void;
  close(code: number): void;
  /** The rest of the handshake as the true edge does it. */
  accept(more?: { lastProcessedSeq?: number }): Promise<void>;
  /** A refusal, signed by the true edge's key or by somebody else's. */
  refuse(
    type: "session.unauthenticated" | "session.rejected",
    code: string,
    by: "edge" | "stranger" | "nobody",
  ): void;
  /** The next frame of this type. */
  next(type: string): Promise<Received>;
}

// biome-ignore lint/suspicious/noExplicitAny: a fake edge takes what comes
type Received = { id: string; payload: any };
interface OpenPayload {
  journal: { id: string; oldest_seq: number; newest_seq: number };
  resume?: unknown;
}

/**
 * The other end of a sidecar's real socket, which says what a test wants: with the pinned key in its
 * hand it is the edge, without it a host that answers in the edge's place.
 */
export async function startFakeEdge(onCaller: (caller: Caller, count: number) => unknown) {
  const keys = { edge: keyPair(), stranger: keyPair() };
  const server = new WebSocketServer({
    port: 0,
    host: "127.0.0.1",
    handleProtocols: () => "ibkr-relay.v1",
  });
  await new Promise<void>((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  const where = { origin, account: "account", sidecar: "sidecar" };
  let count = 0;

  server.on("connection", (socket) => {
    const waiting = new Map<string, (frame: Received) => void>();
    let session: object = {};
    const say: Caller["say"] = (type, payload, head = {}) =>
      socket.send(
        encodeFrame({ id: ulid(Date.now()), ...session, ...head, type, now: Date.now(), payload }),
      );
    const next: Caller["next"] = (type) =>
      new Promise((resolve) => waiting.set(type, (frame) => resolve(frame)));

    socket.on("error", () => undefined);
    socket.on("message", (data) => {
      const text = String(data);
      if (text === "ping") {
        socket.send("pong");
        return;
      }
      const frame = JSON.parse(text);
      waiting.get(frame.type)?.(frame);
      if (frame.type !== "session.open") return;
      count += 1;
      onCaller({ open: { id: frame.id, payload: frame.payload, text }, ...caller(text) }, count);
    });

    function caller(open: string): Omit<Caller, "open"> {
      return {
        say,
        next,
        close: (code) => socket.close(code),
        async accept({ lastProcessedSeq = 0 } = {}) {
          const challenge = Buffer.alloc(32, 1).toString("base64url");
          const answered = next("session.authenticate");
          say("session.challenge", { challenge });
          const { payload } = await answered;
          const [sessionId, epoch] = [ulid(Date.now()), count];
          const capabilities = ["broker.read", "orders.paper", "events", "chunks"] as const;
          const leaseExpiresAt = new Date(Date.now() + 3_600_000).toISOString();
          const message = acceptedTranscript({
            ...where,
            challenge,
            nonce: payload.nonce,
            sessionId,
            epoch,
            capabilities,
            leaseExpiresAt,
            lastProcessedSeq,
          });
          say("session.accepted", {
            session_id: sessionId,
            epoch,
            runtime: {
              kind: "fake",
              version: "1",
              fingerprint: "",
              trust_level: "constrained",
              proof: keys.edge.sign(message),
            },
            capabilities,
            lease: { expires_at: leaseExpiresAt },
            resume_token: Buffer.alloc(32, count).toString("base64url"),
            limits: {
              max_frame_bytes: 1_048_576,
              max_inflight_reads: 32,
              max_inflight_writes: 1,
              heartbeat_ms: 20_000,
              resume_window_ms: 600_000,
            },
            last_processed_seq: lastProcessedSeq,
          });
          session = { session_id: sessionId, epoch };
        },
        refuse(type, code, by) {
          const about = { ...where, openSha256: sha256Hex(open), type, code };
          const proof = by === "nobody" ? {} : { proof: keys[by].sign(refusedTranscript(about)) };
          say(type, { code, message: "told to", ...proof });
        },
      };
    }
  });

  return {
    origin,
    pairing: {
      gateway_origin: origin,
      relay_url: `ws://127.0.0.1:${port}/relay/account`,
      account_id: where.account,
      sidecar_id: where.sidecar,
      edge_identity_key: keys.edge.publicKey,
      capabilities: [],
      paired_at: new Date().toISOString(),
    },
    async close() {
      for (const socket of server.clients) socket.terminate();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function keyPair() {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return {
    publicKey: publicKey.export({ format: "jwk" }).x ?? "",
    sign: (message: Uint8Array) => sign(null, message, privateKey).toString("base64url"),
  };
}
