import type { JsonObject, JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { objectOf } from "./read-message.ts";

/** What follows a refusal: what only a human can do, and the call that comes next. */
export interface Advice {
  user_action: string | null;
  next_step: string;
  retryable: boolean;
}

/** What only the owner can do about it, in words to read out to him. */
const OWNER: Readonly<Record<string, string>> = {
  ACCOUNT_NOT_ALLOWLISTED: "Allow this account in the gateway's console, under Limits.",
  APPROVAL_KEY_NOT_ENROLLED: `Accept the passkey at the PC: \`${sidecarCommand("approvers add")}\`.`,
  APPROVAL_MISSING: "Open the approval link and approve or deny.",
  AUDIT_UNAVAILABLE: "Check the gateway's audit store: no order is sent that cannot be recorded.",
  AUTH_MISSING_SCOPE: "Allow this client more in the gateway's console, under Clients.",
  BROKER_BACKEND_UNAVAILABLE: "Check on the PC that the broker's gateway is running and logged in.",
  BROKER_SESSION_REQUIRED: "Log in to the broker's gateway on the PC.",
  BROKER_TAKEOVER_REQUIRED: `At the PC, take the broker session over: \`${sidecarCommand("takeover")}\`.`,
  CLIENT_NOT_ALLOWED: "Allow this client in the gateway's console, under Clients.",
  FEATURE_DISABLED:
    "Switch orders of this kind on in the gateway's console, under Trading, and at the PC.",
  FOREIGN_ORDER: "Change or cancel this order where it was placed.",
  KILL_SWITCH_CLOSED:
    "Trading is stopped. Lift it in the gateway's console, under Trading, with your passkey.",
  LIMIT_POLICY_DISABLED: "Switch the account's limits on in the gateway's console, under Limits.",
  LOCAL_KILL_SWITCH: `The PC has stopped trading. At the PC run: \`${sidecarCommand("unkill")}\`.`,
  MIGRATION_CHECKLIST_MISSING:
    "Complete the checklist for live orders in the gateway's console, under Trading.",
  POLICY_EXPIRED: "Save the account's limits again in the gateway's console, under Limits.",
  POLICY_MISSING: "Set the account's limits in the gateway's console, under Limits.",
  SIDECAR_PAIRING_REQUIRED: `Pair your PC with the gateway, under Sidecars in its console, or at the PC: \`${sidecarCommand("pair")}\`.`,
  SIDECAR_UNAVAILABLE: "Check that your PC is on and the sidecar is running.",
  TRADING_STATE_REFUSED: "Set trading to active in the gateway's console, under Trading.",
};

/** What a cap at the PC asks of the owner, by the rule that refused; a raised cap mends only some. */
const CAPS: Readonly<Record<string, string>> = {
  account_listed: "Add the account to the PC's caps file, if orders may go to it.",
  asset_classes: "Allow this asset class in the PC's caps file, if orders of it are meant.",
  caps_file_valid: "Correct the PC's caps file; until then it lets no new position through.",
  max_daily_loss:
    "Today's loss has reached the cap at the PC, or is not known. Wait for the next day, or change max_daily_loss in the PC's caps file.",
  max_notional: "Raise the cap at the PC, if the order is meant to be that large.",
  max_orders_per_day: "Wait: the PC has sent as many orders as its caps allow for a day.",
  max_orders_per_minute: "Wait a minute: the PC has sent as many orders as its caps allow.",
  max_quantity: "Raise the cap at the PC, if the order is meant to be that large.",
  mode_enabled: "Turn orders of this mode on in the PC's caps file.",
  offered_by_pc: `Allow orders of this mode and account at the PC: \`${sidecarCommand("policy")}\`.`,
  order_types: "Allow this order type in the PC's caps file.",
};
const ANY_CAP = "Look at the caps on the PC: one of them does not let this order through.";

/** The same call may pass later. */
const PASSING = new Set([
  "FREQUENCY_LIMIT_REFUSED",
  "MESSAGE_RATE_EXCEEDED",
  "ORDER_RECONCILING",
  "SIDECAR_UNAVAILABLE",
  "STALE_QUOTE",
]);

/** A new preview is needed: what was prepared or approved does not hold any more. */
const PREVIEW_AGAIN =
  /^(PREVIEW_EXPIRED|INTENT_EXPIRED|PRICE_DRIFT|GENERATION_CHANGED|APPROVAL_(PREVIEW_MISMATCH|CONSUMED|EXPIRED|TIER_TOO_LOW|ECHO_MISMATCH))$/;

/** A call as a model can copy it. */
export function callText(tool: string, args: JsonObject): string {
  const given = Object.entries(args).filter(([, value]) => value !== undefined && value !== null);
  return `${tool} ${JSON.stringify(Object.fromEntries(given))}`;
}

/** What comes after `code` in the answer of `tool` to `args`; `output` is the rest of the answer, `rule` what refused. */
export function adviceFor(
  code: string,
  tool: string,
  { args, output, rule }: { args: JsonObject; output: JsonObject; rule?: string },
): Advice {
  const owner = ownerAct(code, rule);
  return {
    user_action: owner,
    next_step: nextStep(code, tool, owner, args, output),
    retryable: PASSING.has(code),
  };
}

/** @param rule the rule of the refusal, where one is known */
function ownerAct(code: string, rule = ""): string | null {
  if (code === "LOCAL_CAP_EXCEEDED")
    return Object.hasOwn(CAPS, rule) ? (CAPS[rule] ?? null) : ANY_CAP;
  return Object.hasOwn(OWNER, code) ? (OWNER[code] ?? null) : null;
}

function nextStep(
  code: string,
  tool: string,
  owner: string | null,
  args: JsonObject,
  output: JsonObject,
): string {
  if (PREVIEW_AGAIN.test(code)) {
    return tool.endsWith("_preview")
      ? `Call ${tool} again with the same order.`
      : "Call ibkr_order_preview again with the same order, then ibkr_approvals_create with the new preview_id.";
  }
  const { account_id = null } = { ...args, ...output };
  switch (code) {
    case "APPROVAL_MISSING":
      return `Call ${callText("ibkr_approval_status", { account_id, approval_id: args.approval_id ?? null })} until it says approved, then ${tool} again.`;
    case "APPROVAL_DENIED":
      return "Tell the human that the owner said no. Do not ask for the same order again for ten minutes.";
    case "IDEMPOTENCY_CONFLICT":
      return `For another order call ${tool} again with a new idempotency_key. To see what became of the first, call ${callText("ibkr_orders_list", { account_id })}.`;
    case "ORDER_RECONCILING":
      return `Call ${callText("ibkr_reconcile", { account_id })}, then ${tool} again.`;
    case "INPUT_AMBIGUOUS_CONTRACT":
      return `Call ${tool} again without symbol and with the conid that is meant${candidateText(output.candidates)}.`;
    case "INPUT_INVALID_CONTRACT":
      return "Call ibkr_contracts_search with the name or symbol, then this tool again with a conid from it.";
    case "INPUT_AMBIGUOUS_ACCOUNT":
    case "INPUT_UNAUTHORIZED_ACCOUNT":
      return `Call ibkr_accounts_list {}, then ${tool} again with an account_id from it.`;
    case "FOREIGN_ORDER":
      return "Tell the owner what he can do; this gateway leaves the order alone.";
    case "OUTCOME_UNKNOWN":
      return `Do not send it again. Call ${callText("ibkr_reconcile", { account_id })} to learn what became of it.`;
    case "READONLY_WRITE_FORBIDDEN":
      return "Call ibkr_order_preview, then ibkr_approvals_create; when the owner has approved, ibkr_paper_order_submit or ibkr_live_order_submit.";
    case "NOT_FOUND":
      return `Check the id: it must come from an answer to this same connection. Then call ${tool} again.`;
  }
  if (PASSING.has(code) && owner === null) {
    return `Wait a minute, then call ${tool} again with the same arguments.`;
  }
  return owner === null
    ? `Correct this and call ${tool} again.`
    : `Tell the owner what he must do; after that call ${tool} again.`;
}

/** At most five, each with its id and what tells it apart. */
function candidateText(candidates: JsonValue | undefined): string {
  if (!Array.isArray(candidates) || candidates.length === 0) return "";
  const shown = candidates.slice(0, 5).map((candidate) => {
    const { conid, exchange, currency } = objectOf(candidate);
    return `${conid} (${[exchange, currency].filter((word) => typeof word === "string").join(", ")})`;
  });
  return `: ${shown.join(", ")}${candidates.length > 5 ? ", or one more of candidates" : ""}`;
}
