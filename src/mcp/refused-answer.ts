import { allowAt } from "@ibkr-edge-gateway/protocol/access-link.ts";
import type { GatewayErrorCode, GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonObject, JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { adviceFor } from "./advice.ts";
import { objectOf } from "./read-message.ts";

/**
 * One shape for every no. An operation that was carried out can still say that nothing was done of
 * what was asked for: an order that was refused, a preview the owner will not be asked about, an
 * order the broker turned down. Its answer then gets the members of a failure and is one.
 * @param accessLink where the owner gives this connection more, as `ibkr_access_request` names it
 */
export function refusalIn(
  tool: string,
  args: JsonObject,
  output: JsonObject,
  accessLink: string | null = null,
): JsonObject | null {
  const found = refusalsOf(output);
  if (found === null) return null;
  const [first] = found.refusals;
  const code = typeof first?.code === "string" ? first.code : "ORDER_REJECTED";
  const rule = (refusal: JsonObject | undefined) =>
    typeof refusal?.rule === "string" ? { rule: refusal.rule } : {};
  const advice = adviceFor(code, tool, { args, output, ...rule(first) });
  const owner = found.refusals
    .map((refusal) =>
      refusal.code === "AUTH_MISSING_SCOPE" && accessLink !== null
        ? allowAt(accessLink)
        : adviceFor(String(refusal.code), tool, { args, output, ...rule(refusal) }).user_action,
    )
    .find((action) => action !== null);
  return {
    ...output,
    code,
    message: [found.happened, ...found.refusals.map(({ message }) => String(message))].join(" "),
    retryable: advice.retryable,
    user_action: owner ?? null,
    next_step: advice.next_step,
    refusals: found.refusals,
  };
}

/** A failure with what comes next; an order's has a list of refusals, this has none. */
export function failureShown(
  tool: string,
  args: JsonObject,
  failure: GatewayFailure & { retry_after_seconds?: number },
): JsonObject {
  const { code, retry_after_ms, retry_after_seconds, ...rest } = failure;
  const advice = adviceFor(code, tool, { args, output: {} });
  const user_action = failure.user_action ?? advice.user_action;
  const wait = retry_after_seconds === undefined ? "" : `Wait ${retry_after_seconds} s, then `;
  const again = `${wait === "" ? "Call" : `${wait}call`} ${tool} again with the same arguments.`;
  const own = SPECIAL.has(code) || (!failure.retryable && failure.user_action === null);
  const step = own
    ? advice.next_step
    : failure.retryable
      ? again
      : `Tell the owner what he must do; after that call ${tool} again.`;
  return {
    code,
    ...rest,
    user_action,
    ...(retry_after_ms === undefined ? {} : { retry_after_ms }),
    ...(retry_after_seconds === undefined ? {} : { retry_after_seconds }),
    next_step: step,
  };
}

/** Where the code alone says which call comes next. */
const SPECIAL: ReadonlySet<GatewayErrorCode> = new Set([
  "INPUT_AMBIGUOUS_ACCOUNT",
  "INPUT_UNAUTHORIZED_ACCOUNT",
  "OUTCOME_UNKNOWN",
  "NOT_FOUND",
]);

interface Found {
  happened: string;
  refusals: JsonObject[];
}

function refusalsOf(output: JsonObject): Found | null {
  const { outcome, order } = output;
  const preview = objectOf(output.preview);
  if (preview.may_be_asked === false) {
    return {
      happened: "The order was prepared, but the owner cannot be asked to approve it.",
      refusals: [...listed(preview.policy_failures).map(asRefusal), ...listed(preview.pc_refusals)],
    };
  }
  if (outcome === "refused" && output.rehearsed === true) {
    return {
      happened: "Rehearsed: nothing was sent, and a submit would be refused now.",
      refusals: listed(output.refusals),
    };
  }
  if (outcome === "refused") {
    const asked = Object.hasOwn(output, "approval") && !Object.hasOwn(output, "order");
    return {
      happened: asked
        ? "The owner was not asked, and nothing was sent."
        : "The order was refused, and nothing was sent.",
      refusals: listed(output.refusals),
    };
  }
  const { state, means, refusals } = objectOf(order);
  return outcome === "answered" && state === "rejected"
    ? { happened: String(means), refusals: listed(refusals) }
    : null;
}

/** A rule of the policy that was not kept, as every other refusal is written. */
function asRefusal({ code, check, message }: JsonObject): JsonObject {
  return { code: code ?? null, field: check ?? null, rule: check ?? null, message: message ?? "" };
}

function listed(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}
