import * as z from "zod";
import { PasskeyProof } from "../approval/approval-proof.ts";
import { Mandate } from "../approval/mandate.ts";
import { LiftStatement, PolicyStatement } from "../approval/statement.ts";
import { APPROVER_LIMITS } from "../approval-page/approver-limits.ts";
import { PageOrigin } from "../approval-page/page-origin.ts";
import { Hash } from "../orders/intent.ts";
import { OrderRefusal } from "../orders/order-refusal.ts";
import { defineOperation } from "./define-operation.ts";
import { Timestamp } from "./field-types.ts";
import { ApproverStatement, PcKey } from "./own-book.ts";

/**
 * What the edge carries between the owner's own page and the PC. The edge asks, hands bytes over, and
 * is believed in nothing: envelopes and receipts are signed by the PC, a yes holds by a passkey that
 * the edge knows nothing of. All are reads: each may be repeated without another effect, and none of
 * them reaches the broker. Only for a PC whose handshake says `own-page`.
 */
const base = { class: "read", capability: "broker.read", deadlineMs: 5_000 } as const;
const Time = z.iso.datetime({ precision: 3 });

/**
 * A document of `approver/` that the edge passes on as it came: were it read here, a member that is
 * newer than this gateway would be lost, and the signature with it.
 */
const Carried = z.record(z.string(), z.json());

/** Asks the PC to ask its owner. Brought again it is the same request. */
export const approverAsk = defineOperation({
  ...base,
  name: "approver.ask",
  input: z.discriminatedUnion("act", [
    z.strictObject({
      act: z.literal("order"),
      preview_id: z.string().min(1).max(64),
      tier: z.union([z.literal(1), z.literal(2)]),
      policy_version: z.int().positive(),
      policy_hash: Hash,
      not_after: Time,
    }),
    z.strictObject({ act: z.literal("mandate"), mandate: Mandate, not_after: Time }),
    z.strictObject({
      act: z.literal("lift_kill_switch"),
      lift: LiftStatement.omit({ nonce: true, not_after: true }),
      not_after: Time,
    }),
    z.strictObject({
      act: z.literal("loosen_policy"),
      change: PolicyStatement.omit({ nonce: true, not_after: true }),
      loosened: z.array(z.string().max(200)).max(60),
      not_after: Time,
    }),
  ]),
  output: z.strictObject({
    /** Null when there is no approver of the owner's own page, or nothing to ask about. */
    ticket_sha256: Hash.nullable(),
    as_of: Timestamp,
  }),
});

/** Which pages may speak for this PC's owner at the edge. */
export const approverPages = defineOperation({
  ...base,
  name: "approver.pages",
  input: z.strictObject({}),
  output: z.strictObject({
    pages: z
      .array(z.strictObject({ origin: PageOrigin, page_token_sha256: Hash }))
      .max(APPROVER_LIMITS.pagesMax),
    /** The page that a ceremony of enrolment is open for; its token is not known yet. */
    enrolling: PageOrigin.nullable(),
    /** Of the bearer that the ceremony's secret makes (`enrolmentBearer`); a PC of before says nothing. */
    enrolling_token_sha256: Hash.nullable().optional(),
    as_of: Timestamp,
  }),
});

/** What waits for the owner, each an `Envelope`, the oldest first. */
export const approverPending = defineOperation({
  ...base,
  name: "approver.pending",
  input: z.strictObject({}),
  output: z.strictObject({
    envelopes: z.array(Carried).max(APPROVER_LIMITS.pendingMax),
    as_of: Timestamp,
  }),
});

/** What the gateway is to do about an answer that the PC took. */
export const ActOn = z.discriminatedUnion("act", [
  z.strictObject({ act: z.literal("order"), approval: PasskeyProof }),
  z.strictObject({ act: z.literal("deny_order"), preview_id: z.string().min(1).max(64) }),
  z.strictObject({ act: z.literal("mandate"), mandate_hash: Hash }),
  z.strictObject({ act: z.literal("lift_kill_switch"), lift: LiftStatement }),
  z.strictObject({ act: z.literal("loosen_policy"), change: PolicyStatement }),
]);
export type ActOn = z.infer<typeof ActOn>;

/**
 * `broker.alert`: an answer came to the PC itself, over its loopback page. The gateway does with it
 * what it does with one that it carried; an older gateway reads past it, as past every kind of report
 * that it does not know.
 */
export const OwnerAnswerEvent = z.strictObject({
  kind: z.literal("owner_answer"),
  event_key: z.string().max(200),
  observed_at: Timestamp,
  act_on: ActOn,
});
export type OwnerAnswerEvent = z.infer<typeof OwnerAnswerEvent>;

/** `broker.alert`: a passkey became an approver at the PC's terminal, by a ceremony of the PC's own. */
export const ApproverEnrolledEvent = z.strictObject({
  kind: z.literal("approver_enrolled"),
  event_key: z.string().max(200),
  observed_at: Timestamp,
  via: z.enum(["loopback", "qr"]),
  origin: PageOrigin,
  /** Of the PC's signed statement about the key. */
  statement_sha256: Hash,
  /** The statement itself, and the key that signed it; a PC of an older version sends none. */
  pc_key: PcKey.optional(),
  statement: ApproverStatement.optional(),
});
export type ApproverEnrolledEvent = z.infer<typeof ApproverEnrolledEvent>;

/** One `PageMessage`, judged at the PC; what is none is refused there. */
export const approverSubmit = defineOperation({
  ...base,
  name: "approver.submit",
  input: z.strictObject({ message: Carried }),
  output: z.strictObject({
    accepted: z.boolean(),
    refusals: z.array(OrderRefusal).max(20),
    /** A `Receipt`; null where nothing was judged: no such envelope, a no, an enrolment. */
    receipt: Carried.nullable(),
    /**
     * What the gateway does now. An order is let out by the gateway as any approved order is, under
     * its own checks, with this proof, which the PC judges again before it sends. Null for what ends
     * at the PC: an enrolment, a probe, the answer to a question of the broker's.
     */
    act_on: ActOn.nullable(),
    as_of: Timestamp,
  }),
  deadlineMs: 10_000,
});

/**
 * What the gateway did about an answer that it was handed (`act_on`): taken up, or refused under its
 * own rules, with why. A PC that does not know this says so, and its owner is told by an alert alone.
 */
export const approverResult = defineOperation({
  ...base,
  name: "approver.result",
  input: z.strictObject({
    /** Of the envelope that was answered. */
    ticket_sha256: Hash,
    /** Null where it was taken up. */
    refused: z.strictObject({ code: z.string().regex(/^[A-Z][A-Z_]{0,47}$/) }).nullable(),
  }),
  output: z.strictObject({
    /** False where no answer to that waits for a result. */
    noted: z.boolean(),
    as_of: Timestamp,
  }),
});

/** What became of the last answers, each a `Receipt`, the newest first. */
export const approverReceipts = defineOperation({
  ...base,
  name: "approver.receipts",
  input: z.strictObject({}),
  output: z.strictObject({
    receipts: z.array(Carried).max(APPROVER_LIMITS.receiptsMax),
    as_of: Timestamp,
  }),
});
