import { ALL_SCOPES } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { describe, expect, it } from "vitest";
import { listTools, TOOLS } from "./catalogue.ts";
import { NOT_OFFERED, renderSupportMatrix } from "./support-matrix.ts";

/** The predecessor's read surface, row by row. */
const PREDECESSOR = [
  ...["health", "backend_status", "session_requirements", "session_renew", "kill_switch_status"],
  ...["accounts_list", "account_metadata", "account_summary", "pnl_daily", "pnl_realtime"],
  ...["positions_list", "portfolio_snapshot", "contracts_search", "contract_resolve"],
  ...["market_snapshot", "historical_bars", "options_chain", "option_greeks", "market_depth"],
  ...["scanner_run", "news_list", "news_article", "fundamentals_get", "market_session"],
  ...["market_holidays", "currency_rate", "transfer_history", "orders_list", "orders_history"],
  ...["order_status", "executions_list", "limits_status", "audit_tail", "audit_export"],
].map((name) => `ibkr_${name}`);

describe("the support matrix", () => {
  it("is what docs/support-matrix.md says (vitest -u writes it)", async () => {
    await expect(renderSupportMatrix()).toMatchFileSnapshot("../../docs/support-matrix.md");
  });

  it("lists exactly the tools that tools/list can show", () => {
    const rows = [...renderSupportMatrix().matchAll(/^\| `(ibkr_[a-z0-9_]+)` \|/gm)];
    const [offered, missing] = [TOOLS.length, NOT_OFFERED.length];
    expect(rows.slice(0, offered).map(([, name]) => name)).toEqual(
      listTools(new Set<string>(ALL_SCOPES)).map(({ name }) => name),
    );
    expect(rows.slice(offered)).toHaveLength(missing);
  });

  it("accounts for every read of the predecessor, once", () => {
    const offered = TOOLS.map(({ name }) => name);
    const missing = NOT_OFFERED.map(({ name }) => name);
    expect(PREDECESSOR).toHaveLength(34);
    for (const name of PREDECESSOR) {
      expect([offered.includes(name), missing.includes(name)].filter(Boolean), name).toHaveLength(
        1,
      );
    }
    expect(missing.filter((name) => !PREDECESSOR.includes(name))).toEqual([]);
  });

  it("points to tools that exist", () => {
    for (const { name, nearest } of NOT_OFFERED) {
      if (nearest !== null)
        expect(
          TOOLS.map((tool) => tool.name),
          name,
        ).toContain(nearest);
    }
  });
});
