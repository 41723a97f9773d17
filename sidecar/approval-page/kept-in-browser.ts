import { APPROVER_LIMITS } from "@ibkr-edge-gateway/protocol/approval-page/approver-limits.ts";
import { ReceiptBody } from "@ibkr-edge-gateway/protocol/approval-page/approver-receipt.ts";
import { Hash } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import * as z from "zod";

/**
 * What the page keeps in its browser: which passkey is its own, the token that lets it ask, what it
 * said yes to, and the receipts for that. Nothing of it lets anybody approve; losing it costs a new
 * enrolment, and the memory of what may be out.
 */
export const Answered = z.strictObject({
  ticket_sha256: Hash,
  /** Of what the passkey signed. */
  signed_sha256: Hash,
  /** Null for what is no order. */
  economic_hash: Hash.nullable(),
  /** The headline, for the list. */
  says: z.string().max(600),
  at: z.iso.datetime({ precision: 3 }),
});
export type Answered = z.infer<typeof Answered>;

const Kept = z.strictObject({
  v: z.literal(1),
  /** 32 bytes, base64url; null before the first enrolment. */
  token: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/)
    .nullable(),
  credential_id: z.string().max(1_400).nullable(),
  /** The PC took the key: the probe's receipt was read. */
  proved: z.boolean(),
  /** The newest first. */
  answered: z.array(Answered).max(APPROVER_LIMITS.receiptsMax),
  receipts: z.array(ReceiptBody).max(2 * APPROVER_LIMITS.receiptsMax),
});
export type Kept = z.infer<typeof Kept>;

export const NOTHING_KEPT: Kept = {
  v: 1,
  token: null,
  credential_id: null,
  proved: false,
  answered: [],
  receipts: [],
};

/** A browser's storage, as far as it is used; its calls may throw. */
export interface TextStore {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

export interface Keeper {
  get(): Kept;
  /** Changes what is kept; what cannot be stored is still known until the page is closed. */
  change(edit: (kept: Kept) => Kept): void;
}

/** What is damaged counts as nothing kept. */
export function keeper(store: TextStore, sidecarId: string): Keeper {
  const key = `ibkr-approver/${sidecarId}`;
  let kept = read(store, key);
  return {
    get: () => kept,
    change(edit) {
      kept = edit(kept);
      try {
        store.setItem(key, JSON.stringify(kept));
      } catch {
        // A browser that stores nothing for this page: known while it is open.
      }
    },
  };
}

function read(store: TextStore, key: string): Kept {
  try {
    const parsed = Kept.safeParse(JSON.parse(store.getItem(key) ?? ""));
    return parsed.success ? parsed.data : NOTHING_KEPT;
  } catch {
    return NOTHING_KEPT;
  }
}

/** A yes that was given, before it is sent: from here on the order may be out. */
export const withAnswered = (kept: Kept, answered: Answered): Kept => ({
  ...kept,
  answered: [answered, ...kept.answered].slice(0, APPROVER_LIMITS.receiptsMax),
});

/**
 * Receipts whose signature was checked, each once, the newest first by the PC's own count. The last word
 * about each yes that stands here is always among them, however many others come.
 */
export function withReceipts(kept: Kept, more: readonly ReceiptBody[]): Kept {
  const bySeq = new Map([...kept.receipts, ...more].map((body) => [body.pc_seq, body]));
  const receipts = [...bySeq.values()].sort((a, b) => b.pc_seq - a.pc_seq);
  const last = new Set(kept.answered.map((answered) => lastAbout(receipts, answered)));
  const room = 2 * APPROVER_LIMITS.receiptsMax;
  const others = receipts.filter((body) => !last.has(body)).slice(0, room - last.size);
  const stay = new Set(others);
  return { ...kept, receipts: receipts.filter((body) => last.has(body) || stay.has(body)) };
}

const lastAbout = (
  newestFirst: readonly ReceiptBody[],
  answered: Pick<Answered, "ticket_sha256" | "signed_sha256">,
): ReceiptBody | null =>
  newestFirst.find(
    ({ ticket_sha256, intent_hash }) =>
      ticket_sha256 === answered.ticket_sha256 && intent_hash === answered.signed_sha256,
  ) ?? null;

/** The owner looked elsewhere, and this one is not out. */
export const withoutAnswered = (kept: Kept, ticketSha256: string): Kept => ({
  ...kept,
  answered: kept.answered.filter(({ ticket_sha256 }) => ticket_sha256 !== ticketSha256),
});
