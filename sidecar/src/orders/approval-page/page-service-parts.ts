import type { Receipt } from "@ibkr-edge-gateway/protocol/approval-page/approver-receipt.ts";
import type {
  ActOn,
  ApproverEnrolledEvent,
} from "@ibkr-edge-gateway/protocol/operation-schemas/approval-page.ts";
import type { OrderRefusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { SigningKey } from "../../trust/pc-keys/statement-and-witness-keys.ts";
import type { SubmitContext } from "../submit/submit-context.ts";

/** What asking the owner on a page of their own works with. */
export interface PageServiceParts
  extends Pick<
    SubmitContext,
    | "store"
    | "rules"
    | "clock"
    | "reach"
    | "session"
    | "gatewayAccountId"
    | "sidecarId"
    | "relyingParty"
    | "simulator"
    | "conversation"
    | "echo"
    | "progress"
  > {
  /** Signs envelopes and receipts: no device key, and no key of another kind. */
  ticketKey: SigningKey;
}

export const ticketKeyText = ({ publicKey }: SigningKey): string =>
  Buffer.from(publicKey).toString("base64url");

/** What the gateway is to do about an answer. */
export type { ActOn };

/** A passkey that became an approver, as the gateway hears of it. */
export type Enrolled = Omit<ApproverEnrolledEvent, "kind" | "event_key" | "observed_at">;

export interface Submitted {
  accepted: boolean;
  refusals: OrderRefusal[];
  /** Null where nothing was judged. */
  receipt: Receipt | null;
  actOn: ActOn | null;
}

/** How the page speaks to this PC: to its own loopback address, or through the gateway. */
export type Via = "loopback" | "qr";
