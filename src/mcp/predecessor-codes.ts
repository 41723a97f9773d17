import type { GatewayErrorCode } from "@ibkr-edge-gateway/protocol/errors.ts";
import { FORMER_NAMES, presentCode } from "@ibkr-edge-gateway/protocol/orders/former-codes.ts";

/**
 * What the Rust predecessor called a reason, and what it is called here. Null: nothing here can
 * fail for that reason, and `why` says why.
 */
interface Renamed {
  theirs: string;
  ours: GatewayErrorCode | null;
  why?: string;
}

const NO_FILE = "settings are read at deployment, where a wrong one ends it";

/** Names that it had and that are not a former name of ours (those are in former-codes.ts). */
const OTHERS: readonly Renamed[] = [
  { theirs: "AUTH_INVALID_AUDIENCE", ours: "AUTH_TOKEN_INVALID" },
  { theirs: "AUTH_INVALID_ISSUER", ours: "AUTH_TOKEN_INVALID" },
  { theirs: "AUTH_LOCAL_ONLY_MVP", ours: null, why: "every client signs in by OAuth" },
  { theirs: "AUTH_SCOPE_NOT_ALLOWED_IN_MVP", ours: "AUTH_MISSING_SCOPE" },
  { theirs: "AUTH_TOKEN_EXPIRED", ours: "AUTH_TOKEN_INVALID" },
  { theirs: "AUDIT_READ_FORBIDDEN", ours: "AUTH_MISSING_SCOPE" },
  { theirs: "CONFIG_INVALID", ours: "INPUT_INVALID" },
  { theirs: "CONFIG_LIVE_TRADING_FORBIDDEN", ours: "FEATURE_DISABLED" },
  { theirs: "CONFIG_MISSING_BROKER_BASE_URL", ours: null, why: NO_FILE },
  { theirs: "CONFIG_REMOTE_MCP_FORBIDDEN", ours: null, why: NO_FILE },
  { theirs: "CONFIG_SIDECAR_FORBIDDEN", ours: null, why: NO_FILE },
  { theirs: "CONFIG_TLS_BYPASS_NON_LOCALHOST", ours: "BROKER_CERTIFICATE_CHANGED" },
  { theirs: "CONFIG_WRITE_TOOLS_FORBIDDEN", ours: "FEATURE_DISABLED" },
  { theirs: "INPUT_MISSING_ACCOUNT", ours: "INPUT_AMBIGUOUS_ACCOUNT" },
  { theirs: "LIVE_GATE_MISSING", ours: null, why: "each gate is reported under its own code" },
  { theirs: "LIVE_LIMIT_REFUSED", ours: null, why: "each limit is reported under its own code" },
  { theirs: "LIVE_MIGRATION_REQUIRED", ours: "MIGRATION_CHECKLIST_MISSING" },
  { theirs: "LIVE_POLICY_UNKNOWN", ours: "POLICY_MISSING" },
  { theirs: "LIVE_RISK_POLICY_REFUSED", ours: null, why: "each check has a code of its own" },
  { theirs: "LIVE_SCOPE_MISSING", ours: "AUTH_MISSING_SCOPE" },
  { theirs: "LIVE_TRADING_DISABLED", ours: "FEATURE_DISABLED" },
  { theirs: "MARKET_DATA_DELAYED", ours: "QUOTE_DELAYED" },
  { theirs: "MARKET_DATA_STALE", ours: "STALE_QUOTE" },
  { theirs: "ORDER_ASSET_CLASS_REFUSED", ours: "ASSET_CLASS_REFUSED" },
  { theirs: "ORDER_NOTIONAL_CURRENCY_MISMATCH", ours: "CURRENCY_NOT_ALLOWED" },
  { theirs: "ORDER_NOTIONAL_LIMIT_REFUSED", ours: "NOTIONAL_LIMIT_REFUSED" },
  { theirs: "ORDER_POLICY_REFUSED", ours: null, why: "each check has a code of its own" },
  { theirs: "ORDER_PREVIEW_DISABLED", ours: "AUTH_MISSING_SCOPE" },
  { theirs: "ORDER_QUANTITY_LIMIT_REFUSED", ours: "QUANTITY_LIMIT_REFUSED" },
  { theirs: "ORDER_VALIDATION_FAILED", ours: "INPUT_INVALID" },
  { theirs: "PAPER_APPROVAL_REQUIRED", ours: "APPROVAL_MISSING" },
  { theirs: "PAPER_TRADING_DISABLED", ours: "FEATURE_DISABLED" },
  { theirs: "READONLY_ORDER_CANCEL_FORBIDDEN", ours: "READONLY_WRITE_FORBIDDEN" },
  { theirs: "READONLY_ORDER_PREVIEW_FORBIDDEN", ours: "READONLY_WRITE_FORBIDDEN" },
  { theirs: "READONLY_ORDER_SUBMIT_FORBIDDEN", ours: "READONLY_WRITE_FORBIDDEN" },
];

/** The table of docs/predecessor-codes.md. */
export function renderPredecessorCodes(): string {
  const rows = [
    ...OTHERS.map(({ theirs, ours, why }) => ({
      theirs,
      ours: ours === null ? `none: ${why}` : `\`${ours}\``,
    })),
    ...FORMER_NAMES.map((theirs) => ({ theirs, ours: `\`${String(presentCode(theirs))}\`` })),
  ].sort((a, b) => (a.theirs < b.theirs ? -1 : 1));
  return `# Codes of the predecessor

What the Rust predecessor called a reason, and the code that stands for it here. A code of ours never
says whether an order was for paper or live. Names that are not in this table are the same in both.
Answers that were stored under a former name are read and shown under today's; audit events keep the
name they were written with, because their hashes cover it.

| predecessor | here |
|---|---|
${rows.map(({ theirs, ours }) => `| \`${theirs}\` | ${ours} |`).join("\n")}
`;
}

export const RENAMED: readonly string[] = [...OTHERS.map(({ theirs }) => theirs), ...FORMER_NAMES];
