import { RpcTarget } from "cloudflare:workers";
import type { PasskeyAssertion } from "@ibkr-edge-gateway/protocol/passkey.ts";
import type { SignedIn } from "../../access/owner-access.ts";
import { type OrderProof, orderProof } from "../../orders/evidence/order-proof.ts";
import type { OrderService } from "../../orders/order-service.ts";
import { answerQuestion, beginAnswer } from "../../orders/owner/answer-question.ts";
import { approvalView, listApprovals } from "../../orders/owner/approval-view.ts";
import { approveOrder, denyOrder } from "../../orders/owner/approve.ts";
import { ordersPage, ownerCancel } from "../../orders/owner/orders-page.ts";
import { markAlertsSeen } from "../../orders/tables/alerts.ts";
import type {
  AnswerCeremony,
  ApprovalItem,
  ApprovalView,
  Decided,
  OrdersPage,
  SignedTerms,
  Typed,
} from "../order-views.ts";

/** Approvals, orders and alerts, in the owner's hand. */
export class OwnerOrders extends RpcTarget {
  readonly #orders: OrderService;
  readonly #signedIn: () => SignedIn;

  constructor(orders: OrderService, signedIn: () => SignedIn) {
    super();
    this.#orders = orders;
    this.#signedIn = signedIn;
  }

  /** Requests for approval, the newest first; at most fifty. */
  listApprovals(): ApprovalItem[] {
    this.#signedIn();
    return listApprovals(this.#orders.parts);
  }

  /**
   * A request as the owner is to read it before the passkey; the market is read at the PC meanwhile,
   * within its deadline. Money and quantities are decimal strings. Null when there is no such request
   * of this account.
   */
  async approvalView(approvalId: string): Promise<ApprovalView | null> {
    this.#signedIn();
    return approvalView(this.#orders.parts, approvalId);
  }

  /**
   * The owner's yes: the passkey signs the intent's hash (the challenge is that hash), the PC is asked
   * whether it would take it. `typed` is asked at tier 2. `send` submits the order in the same step:
   * approved and sent, or neither. Refusals come as `ok: false` with a reason, and leave the request
   * open.
   */
  async approveOrder(decision: {
    approvalId: string;
    assertion: PasskeyAssertion;
    typed: Typed | null;
    send: boolean;
  }): Promise<Decided> {
    const { parts, inFlight } = this.#orders;
    return approveOrder(parts, this.#signedIn(), inFlight, decision);
  }

  /**
   * The owner's no; needs no passkey. `freeze` also engages the kill switch of the whole account,
   * `stopAgent` that of the agent that asked.
   */
  denyOrder(decision: { approvalId: string; freeze: boolean; stopAgent?: boolean }): Decided {
    return denyOrder(this.#orders.parts, this.#signedIn(), decision);
  }

  /**
   * The owner came with the link of a request that is not this account's: perhaps somebody sent it
   * to them. Whose it is nobody can tell, because a link names no account.
   */
  noteForeignLink(): void {
    this.#signedIn().audit("owner.foreign_link", { refused: true });
  }

  /** Orders and alerts, the newest first; at most fifty of each. */
  ordersPage(): OrdersPage {
    this.#signedIn();
    return ordersPage(this.#orders.parts);
  }

  /** Every alert up to now was shown. */
  markAlertsSeen(): void {
    const { sql, now } = this.#signedIn();
    markAlertsSeen(sql, now());
  }

  /**
   * Cancels an order of this gateway, or what an alert offers to cancel, and waits up to 20 s for the
   * broker's word. `message` is for a page; `ok: false` also when there is no such working order.
   */
  async ownerCancel(
    order: { coid: string } | { alert: string },
  ): Promise<{ ok: boolean; message: string }> {
    const { parts, inFlight } = this.#orders;
    return ownerCancel(parts, inFlight, this.#signedIn(), order);
  }

  /** The proof file of one order, or why there is none. */
  orderProof(coid: string): OrderProof {
    this.#signedIn();
    const { storage, accountId, origin } = this.#orders.parts;
    const party = { id: new URL(origin).hostname, origin: new URL(origin).origin };
    return orderProof({ sql: storage.sql, account: accountId, party }, coid);
  }

  /** What the passkey signs to say yes to the question that is open; null when none is. */
  beginAnswer(coid: string): AnswerCeremony | null {
    this.#signedIn();
    return beginAnswer(this.#orders.parts, coid);
  }

  /**
   * Answers the broker's question about an order. Yes needs the passkey over the question as it was
   * shown; no needs none. `message` is for a page.
   */
  async answerQuestion(answer: {
    coid: string;
    confirm: boolean;
    signed: { terms: SignedTerms; assertion: PasskeyAssertion } | null;
    /** The number that the PC shows beside the question; null when none was typed. */
    echo: number | null;
  }): Promise<{ ok: boolean; message: string }> {
    return answerQuestion(this.#orders.parts, this.#signedIn(), answer);
  }
}
