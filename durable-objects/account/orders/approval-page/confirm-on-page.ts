import { PolicyDocument, policyHash } from "@ibkr-edge-gateway/policy/document.ts";
import type {
  LiftStatement,
  PolicyStatement,
} from "@ibkr-edge-gateway/protocol/approval/statement.ts";
import type { AskedElsewhere, ConfirmElsewhere } from "../../rpc/approval-page-types.ts";
import { iso, type OrderParts } from "../order-context.ts";
import { isEngaged, liftConfirmed } from "../owner/owner-kill-switch.ts";
import { changeConfirmed } from "../owner/set-policy.ts";
import { askOnApprovalPage, knowsApprovalPage } from "../sidecar-calls/approval-page-calls.ts";
import { killEpoch } from "../tables/kill-epoch.ts";
import { newestVersion, policyInForce } from "../tables/policies.ts";
import type { DoneFromPage } from "./approve-from-page.ts";
import type { Wishes } from "./page-wishes.ts";

/** Long enough to take the phone out. */
const OPEN_MS = 10 * 60_000;

export async function confirmElsewhere(
  parts: OrderParts,
  wishes: Wishes,
  wanted: ConfirmElsewhere,
): Promise<AskedElsewhere> {
  if (!knowsApprovalPage(parts)) return no(NO_PAGE);
  const notAfterMs = parts.now() + OPEN_MS;
  const not_after = iso(notAfterMs);
  if (wanted.act === "lift_kill_switch") {
    const { scope, subject } = wanted;
    const { sql } = parts.storage;
    if (scope === "sidecar" || !isEngaged(sql, wanted)) return no("That switch is not engaged.");
    const lift = {
      gateway_account_id: parts.accountId,
      scope,
      subject,
      epoch: killEpoch(sql),
    };
    const asked = await askOnApprovalPage(parts, { act: "lift_kill_switch", lift, not_after });
    if (!asked) return no(NO_PAGE);
    wishes.add({ act: "lift_kill_switch", lift, notAfterMs });
    return { ok: true };
  }
  const change = policyChange(parts, wanted);
  if (change === null) return no("The policy was changed meanwhile.");
  const { document, loosened } = wanted;
  const asked = await askOnApprovalPage(parts, {
    act: "loosen_policy",
    change,
    loosened,
    not_after,
  });
  if (!asked) return no(NO_PAGE);
  wishes.add({ act: "loosen_policy", change, document, notAfterMs });
  return { ok: true };
}

/** The PC says that its owner confirmed it; acted on where it was asked for here, and still fits. */
export function liftFromPage(
  parts: OrderParts,
  wishes: Wishes,
  lift: LiftStatement,
  requestId: string,
): DoneFromPage {
  const lifted = wishes.takeLift(lift) && liftConfirmed(parts, lift, requestId);
  return lifted ? { ok: true } : notAsked("The kill switch was not lifted.");
}

export function loosenFromPage(
  parts: OrderParts,
  wishes: Wishes,
  change: PolicyStatement,
  requestId: string,
): DoneFromPage {
  const wish = wishes.takePolicy(change);
  const document = PolicyDocument.safeParse(wish?.document);
  if (wish === null || !document.success || change.from_hash === null) {
    return notAsked("The limits were not changed.");
  }
  const basedOn = change.from_hash;
  const made = changeConfirmed(parts, { document: document.data, basedOn }, requestId);
  return made.ok ? { ok: true } : notAsked("The limits were not changed.");
}

function policyChange(
  parts: OrderParts,
  { document, basedOn }: { document: unknown; basedOn: string },
): Omit<PolicyStatement, "nonce" | "not_after"> | null {
  const { sql } = parts.storage;
  const parsed = PolicyDocument.safeParse(document);
  if (!parsed.success) return null;
  const account = parsed.data.account_id;
  if (policyInForce(sql, account, parts.now())?.hash !== basedOn) return null;
  return {
    gateway_account_id: parts.accountId,
    broker_account_id: account,
    from_hash: basedOn,
    to_hash: policyHash(parsed.data),
    to_version: newestVersion(sql, account) + 1,
  };
}

const no = (detail: string): AskedElsewhere => ({ ok: false, detail });
const NO_PAGE =
  "Your PC has no page of your own, or did not answer. Enrol one there, or use the passkey here.";
const notAsked = (what: string): DoneFromPage => ({
  ok: false,
  code: "APPROVAL_PREVIEW_MISMATCH",
  message: `${what} It was not asked for in the console, or something changed meanwhile.`,
});
