import { createHash } from "node:crypto";
import { ed25519FromSeed } from "@ibkr-edge-gateway/evidence/note/ed25519.ts";
import type {
  Envelope,
  OrderBody,
  Unsigned,
} from "@ibkr-edge-gateway/protocol/approval-page/approver-envelope.ts";
import {
  RECEIPT_KIND,
  type Receipt,
  type ReceiptBody,
} from "@ibkr-edge-gateway/protocol/approval-page/approver-receipt.ts";
import { DOMAINS, signBody } from "@ibkr-edge-gateway/protocol/approval-page/signed-body.ts";
import { aMandate, anIntent, aTicket, NOW } from "./orders.ts";

/** Envelopes and receipts to test with, signed by a PC whose ticket key everybody here knows. */
export interface SomePc {
  /** Base64url. */
  readonly key: string;
  sign(message: Uint8Array): Promise<Uint8Array>;
}

export async function somePc(seed = 7): Promise<SomePc> {
  const key = await ed25519FromSeed(new Uint8Array(32).fill(seed));
  return {
    key: Buffer.from(key.publicKey).toString("base64url"),
    sign: (bytes) => key.sign(bytes),
  };
}

export const common = {
  v: 1,
  gateway_account_id: "acc_7d3f",
  sidecar_id: "sc_home",
  issued_at: NOW,
  not_after: "2026-11-20T15:05:00.000Z",
  pc_seq: 12,
} as const;

export function anOrderBody(over: Partial<OrderBody> = {}): OrderBody {
  return {
    ...common,
    ticket: aTicket(),
    generation: 3,
    preview_id: "pv_0001",
    policy_version: 4,
    policy_hash: "a".repeat(64),
    accepted_warnings: [],
    mode: "paper",
    tier: 1,
    number_needed: false,
    ...over,
  };
}

/** One of each act. */
export function unsignedOfEach(): Unsigned[] {
  const message = { message_id: "o163", fingerprint: "1".repeat(64), text: "Exceeds 3 %." };
  const { intent_hash, coid } = { intent_hash: "b".repeat(64), coid: anIntent().coid };
  return [
    { act: "order", body: anOrderBody() },
    {
      act: "question",
      body: {
        ...common,
        intent_hash,
        coid,
        reply_id: "r1",
        messages: [message],
        ticket: aTicket(),
        mode: "paper",
        number_needed: false,
      },
    },
    {
      act: "mandate",
      body: { ...common, mandate: aMandate(), mode: "paper", number_needed: false },
    },
    {
      act: "lift_kill_switch",
      body: {
        ...common,
        lift: { gateway_account_id: "acc_7d3f", scope: "gateway", subject: null, epoch: 2 },
        number_needed: false,
      },
    },
    {
      act: "loosen_policy",
      body: {
        ...common,
        change: {
          gateway_account_id: "acc_7d3f",
          broker_account_id: "DU1234567",
          from_hash: null,
          to_hash: "c".repeat(64),
          to_version: 5,
        },
        loosened: ["at most 500 USD an order, before 200"],
        number_needed: false,
      },
    },
    { act: "probe", body: { ...common, credential_id: "abc" } },
  ];
}

export async function sealed<U extends Unsigned>(
  unsigned: U,
  pc: SomePc,
): Promise<Extract<Envelope, { act: U["act"] }>>;
export async function sealed(unsigned: Unsigned, pc: SomePc): Promise<Envelope> {
  const signature = await signBody(DOMAINS[unsigned.act], unsigned.body, pc.sign);
  return { ...unsigned, signature };
}

export const aReceiptBody = (over: Partial<ReceiptBody> = {}): ReceiptBody => ({
  v: 1,
  kind: RECEIPT_KIND,
  ticket_sha256: "d".repeat(64),
  intent_hash: "e".repeat(64),
  coid: anIntent().coid,
  verdict: "accepted",
  code: null,
  at: NOW,
  pc_seq: 13,
  ...over,
});

export async function sealedReceipt(body: ReceiptBody, pc: SomePc): Promise<Receipt> {
  return { body, signature: await signBody(DOMAINS.receipt, body, pc.sign) };
}

/** RFC 8785 for data whose strings need no escapes of their own: by other code than ours. */
export function jcs(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jcs).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${jcs(item)}`).join(",")}}`;
}

export const sha256 = (data: string | Uint8Array): Buffer =>
  createHash("sha256").update(data).digest();
