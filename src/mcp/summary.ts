import type { JsonObject, JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { callText } from "./advice.ts";
import { objectOf } from "./read-message.ts";

/**
 * An answer's steps with the exact call that comes next, where one is known.
 * @param waits whether an approval can be waited for in one call
 * @param scopes what the connection may do now
 */
export function withNextCall(
  output: JsonObject,
  waits: boolean,
  scopes: ReadonlySet<string>,
): JsonObject {
  const { next_step } = output;
  const call = nextCall(output, waits, scopes);
  return typeof next_step !== "string" || call === null
    ? output
    : { ...output, next_step: `${next_step} Next call: ${call}` };
}

/** Names what was taken for the caller: the listing of a bare symbol, the account of an order. */
export function withTaken(args: JsonObject, output: JsonObject): JsonObject {
  const preview = objectOf(output.preview);
  if (!Array.isArray(preview.notes)) return output;
  const { legs } = objectOf(preview.order);
  const [leg] = Array.isArray(legs) ? legs : [];
  const { symbol, listing_exchange, currency, conid } = objectOf(objectOf(leg).contract);
  const bare = typeof args.symbol === "string" && typeof conid === "number";
  const notes = [
    ...(bare && (args.conid === undefined || args.conid === null)
      ? [
          `${symbol} was taken as conid ${conid}: ${listing_exchange ?? "exchange not known"}, ${currency}.`,
        ]
      : []),
    ...(typeof args.account_id === "string" || typeof output.account_id !== "string"
      ? []
      : [
          `No account was named, so ${output.account_id} was taken, the only one open to this connection.`,
        ]),
  ];
  return { ...output, preview: { ...preview, notes: [...preview.notes, ...notes] } };
}

/** Whether an answer is a preview that the owner may be asked about. */
export const mayBeAsked = (output: JsonObject): boolean =>
  objectOf(output.preview).may_be_asked === true;

function nextCall(output: JsonObject, waits: boolean, scopes: ReadonlySet<string>): string | null {
  const account_id = output.account_id ?? null;
  const { state, order_ref } = objectOf(output.order);
  if (state === "submitting" || state === "unknown" || state === "reconciling") {
    return callText("ibkr_order_question_status", { account_id, order_ref: order_ref ?? null });
  }
  if (state === "accepted" || state === "working" || state === "partially_filled") {
    return callText("ibkr_orders_list", { account_id });
  }
  const approval = objectOf(output.approval);
  if (approval.state === "pending") {
    const approval_id = approval.approval_id ?? null;
    return callText("ibkr_approval_status", {
      account_id,
      approval_id,
      ...(waits ? { wait_seconds: 50 } : {}),
    });
  }
  return mayBeAsked(output) ? askCall(output, scopes) : null;
}

/**
 * The request for approval. Whoever may submit the order lets the owner's tap send it: then nobody has
 * to come back. The key is made of the preview, so that asking twice is one request and one order.
 */
function askCall({ account_id = null, preview }: JsonObject, scopes: ReadonlySet<string>): string {
  const { preview_id = null, mode } = objectOf(preview);
  const ask = { account_id, preview_id };
  if (typeof preview_id !== "string" || !scopes.has(`ibkr:orders:${mode}:submit`)) {
    return callText("ibkr_approvals_create", ask);
  }
  const sends = { submit_on_approval: true, idempotency_key: `approve-${preview_id}` };
  return `${callText("ibkr_approvals_create", { ...ask, ...sends })} The owner's Approve and send then sends it as well.`;
}

/** What an answer says, for a human who reads along: what it is about, and what comes next. */
export function summaryOf(tool: { name: string; title: string }, output: JsonObject): string {
  const { means } = objectOf(output.order);
  const { in_words, notes } = objectOf(output.preview);
  const { approval_url } = objectOf(output.approval);
  const said = [in_words, means]
    .filter((word) => typeof word === "string")
    .map((text) => text.replace(/[^.]$/, "$&."));
  const words = [
    ...said,
    said.length === 0 && typeof approval_url !== "string"
      ? `${tool.title}: ${sizeOf(output)}`
      : null,
    accountText(output),
    ...timeText(output),
    ...texts(output.notes),
    ...texts(notes),
    output.next_step,
    typeof output.next_cursor === "string"
      ? `There is more: call ${tool.name} again with cursor ${JSON.stringify(output.next_cursor)} and the same arguments.`
      : null,
  ];
  const sentences = words.filter((word) => typeof word === "string" && word !== "").join(" ");
  // On a line of its own: whatever follows a link directly is copied with it.
  return typeof approval_url === "string" ? `${sentences}\n${approval_url}` : sentences;
}

/** A failure in the order in which it is read: what happened, who must act, what to call next. */
export function failureText(shown: JsonObject): string {
  const { message, user_action, next_step } = shown;
  const owner = typeof user_action === "string" ? `For the owner: ${user_action}` : null;
  // A line for each, so that nothing follows a link that stands last for the owner.
  return [message, owner, next_step].filter((word) => typeof word === "string").join("\n");
}

/** How much it is: the rows of its first list. */
function sizeOf(output: JsonObject): string {
  const lists = Object.entries(output).flatMap(([name, value]): [string, JsonValue[]][] => {
    const rows = Array.isArray(value) ? value : objectOf(value).rows;
    return Array.isArray(rows) && name !== "notes" ? [[name, rows]] : [];
  });
  const [list] = lists;
  if (list === undefined) return "answered.";
  const [name, rows] = list;
  const words = name.replaceAll("_", " ");
  return `${rows.length} ${rows.length === 1 ? words.replace(/ies$/, "y").replace(/s$/, "") : words}.`;
}

function accountText({ account_id }: JsonObject): string | null {
  return typeof account_id === "string" ? `Account ${account_id}.` : null;
}

function timeText({ source, as_of }: JsonObject): string[] {
  return [
    ...(source === "simulator" ? ["Simulated broker, not real money."] : []),
    ...(typeof as_of === "string" ? [`As of ${as_of}.`] : []),
  ];
}

function texts(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
