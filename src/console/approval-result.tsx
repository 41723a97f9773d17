import { isTerminal, type OrderState } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { waitsInWords } from "@ibkr-edge-gateway/protocol/orders/order-words.ts";
import type { ApprovalView } from "../../durable-objects/account/rpc/order-views.ts";
import { displayText } from "../web/client-text.ts";
import { WithCommands } from "../web/copyable-command.tsx";
import { When } from "../web/page.tsx";

/**
 * What came of the owner's decision, first on the page: how far the order is by what is proved, and
 * what it did not do. Nothing here says more than the object knows.
 */
export function ApprovalResult({ view, now }: { view: ApprovalView; now: Date }) {
  const { order } = view;
  const { tone, words } = resultInWords(view, now);
  const held = order !== null && isUnsent(view);
  return (
    <section class="card" aria-labelledby="result">
      <h2 id="result" class={`state ${tone}`} tabindex={-1} data-result>
        {words}
      </h2>
      {order !== null && !held && <p>{order.means}</p>}
      {held && (
        <p>
          Nothing reached the broker, and nothing is sent later by itself. The agent can send it
          again; the approval ends <When at={view.expiresAt} now={now} />. Or deny it below.
        </p>
      )}
      {order?.refusals.map(({ message }) => (
        <p class="note bad">
          <WithCommands text={displayText(message, 300)} />
        </p>
      ))}
      {order !== null && !isTerminal(order.state) && (
        <div class="actions">
          <a class="button quiet" href={`/approvals/${view.approvalId}`}>
            Look again
          </a>
        </div>
      )}
      {view.mandateId !== null && (
        <p>
          <a href={`/mandates/${view.mandateId}`}>The mandate it was granted under</a>
        </p>
      )}
    </section>
  );
}

type Tone = "ok" | "warn" | "bad" | "idle";
type Said = { tone: Tone; words: string };

const STATES: Record<ApprovalView["state"], Said> = {
  pending: { tone: "warn", words: "Waiting for you" },
  approved: { tone: "ok", words: "You approved it; the agent can send it now" },
  reserved: { tone: "ok", words: "Approved and sent; the outcome is not proved yet" },
  consumed: { tone: "ok", words: "Approved and sent" },
  denied: { tone: "bad", words: "You said no" },
  expired: { tone: "idle", words: "Expired; nothing was sent" },
  revoked: { tone: "idle", words: "Taken back; nothing was sent" },
};

/** Under a mandate nobody tapped, and the page does not say so. */
export function wordsOfState({
  state,
  mandateId,
}: Pick<ApprovalView, "state" | "mandateId">): Said {
  if (mandateId === null) return STATES[state];
  switch (state) {
    case "approved":
      return { tone: "ok", words: "Inside your mandate; the agent can send it now" };
    case "reserved":
      return { tone: "ok", words: "Inside your mandate; it was sent" };
    case "consumed":
      return { tone: "ok", words: "Inside your mandate; it was used" };
    default:
      return STATES[state];
  }
}

const ORDERS: Record<OrderState, Said> = {
  submitting: { tone: "warn", words: "Sent; no answer yet" },
  awaiting_confirmation: { tone: "warn", words: "The broker asks a question" },
  accepted: { tone: "ok", words: "Sent; the broker took it" },
  working: { tone: "ok", words: "Working at the broker" },
  partially_filled: { tone: "ok", words: "Filled in part" },
  filled: { tone: "ok", words: "Filled" },
  cancelled: { tone: "idle", words: "Cancelled" },
  rejected: { tone: "bad", words: "Refused; it does not stand at the broker" },
  expired: { tone: "idle", words: "Its time ended" },
  unknown: { tone: "bad", words: "Sent; nobody knows yet whether it stands" },
  reconciling: { tone: "warn", words: "Being looked for at the broker" },
  needs_owner: { tone: "bad", words: "Look at the account at the broker" },
};

/** Let out, proved never to have left, and so the approval is as it was. */
function isUnsent({ order, state }: ApprovalView): boolean {
  return order?.state === "rejected" && (state === "approved" || state === "expired");
}

/** The order stands at the broker and cannot trade before its market opens. */
function waitingInWords({ ticket, order }: ApprovalView, now: Date): Said | null {
  const { waits } = ticket;
  if (waits == null || Date.parse(waits.until) <= now.getTime()) return null;
  if (order?.state !== "accepted" && order?.state !== "working") return null;
  if (ticket.order.action === "cancel") return null;
  const sent = ticket.order.action === "modify" ? "The change was sent; the order" : "Sent; it";
  return { tone: "ok", words: `${sent} ${waitsInWords(waits)}` };
}

export function resultInWords(view: ApprovalView, now: Date): Said {
  const { order } = view;
  if (order === null) return wordsOfState(view);
  if (isUnsent(view)) return { tone: "bad", words: "You approved it, but it was not sent" };
  const waiting = waitingInWords(view, now);
  if (waiting !== null) return waiting;
  const said = ORDERS[order.state];
  const [only] = order.orders;
  if (view.ticket.order.action !== "place" || only === undefined || order.orders.length > 1) {
    return view.ticket.order.action === "modify" ? changed(said, order.state) : said;
  }
  const price =
    view.filledAt === null ? "" : ` at ${view.filledAt.price} ${view.filledAt.currency}`;
  if (order.state === "filled" && only.filled !== null) {
    return { ...said, words: `Filled: ${only.filled}${price}` };
  }
  return order.state === "partially_filled" && only.filled !== null
    ? { ...said, words: `Filled in part: ${only.filled}${price}` }
    : said;
}

/** Of a change, the order's state alone could be read as if it were new. */
function changed(said: Said, state: OrderState): Said {
  return state === "accepted" || state === "working"
    ? { ...said, words: "The change was sent; the order works with it" }
    : said;
}
