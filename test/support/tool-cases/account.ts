import { READS_BROKER } from "../../../src/mcp/define-tool.ts";
import { type ToolCase, takesAccount, takesConid, takesNothing } from "./case.ts";

const AS_OF = {
  source: "simulator",
  as_of: "2026-11-20T09:00:00Z",
  age_ms: 4,
  served_from: "broker",
  notes: [],
};

const ACCOUNT = {
  account_id: "DU1234567",
  alias: null,
  mode: "paper",
  base_currency: "USD",
  customer_type: "INDIVIDUAL",
  trading_type: "STKNOPT",
  tradable: true,
};

const PARTITION = {
  account_id: "DU1234567",
  currency: "USD",
  partitions: [],
  proved: true,
  ...AS_OF,
};

/** Tools about the owner's accounts and what is in them. */
export const ACCOUNT_TOOLS: Record<string, ToolCase> = {
  ibkr_accounts_list: {
    scope: "ibkr:accounts:read",
    hints: READS_BROKER,
    operations: ["accounts.list"],
    rules: [
      takesNothing,
      {
        it: "never shows an account whose mode is not one of the three",
        shows: [
          { result: { accounts: [ACCOUNT], ...AS_OF }, shown: { accounts: [ACCOUNT], ...AS_OF } },
          { result: { accounts: [{ ...ACCOUNT, mode: "probably paper" }], ...AS_OF }, shown: null },
        ],
      },
    ],
  },
  ibkr_account_metadata: {
    scope: "ibkr:accounts:read",
    hints: READS_BROKER,
    operations: ["account.metadata"],
    rules: [takesAccount()],
  },
  ibkr_account_summary: {
    scope: "ibkr:portfolio:read",
    hints: READS_BROKER,
    operations: ["account.summary"],
    rules: [
      takesAccount(),
      {
        it: "takes an account of either kind, in small letters too, and nothing for none",
        takes: [
          [{ account_id: "U1234567" }, { account_id: "U1234567" }],
          [{ account_id: "u1234567" }, { account_id: "U1234567" }],
          [{ account_id: null }, {}],
        ],
        refuses: ["", "1234567", "U1234567/../x", "U1234567 ", 1234567, ["U1234567"]].map(
          (account_id) => [{ account_id }, "account_id"] as const,
        ),
      },
    ],
  },
  ibkr_account_ledger: {
    scope: "ibkr:portfolio:read",
    hints: READS_BROKER,
    operations: ["account.ledger"],
    rules: [takesAccount()],
  },
  ibkr_portfolio_snapshot: {
    scope: "ibkr:portfolio:read",
    hints: READS_BROKER,
    operations: ["portfolio.snapshot"],
    rules: [
      takesAccount({ top: 10 }),
      {
        it: "shows ten positions unless told otherwise, and reads numbers written as text",
        takes: [
          [{}, { top: 10 }],
          [{ top: null }, { top: 10 }],
          [{ top: 5 }, { top: 5 }],
          [{ top: "5" }, { top: 5 }],
        ],
        refuses: [0, -1, 101, 1.5, "1.5", "1e1", "٥", " 5", "", true].map(
          (top) => [{ top }, "top"] as const,
        ),
      },
    ],
  },
  ibkr_portfolio_allocation: {
    scope: "ibkr:portfolio:read",
    hints: READS_BROKER,
    operations: ["portfolio.allocation"],
    rules: [takesAccount()],
  },
  ibkr_performance: {
    scope: "ibkr:portfolio:read",
    hints: READS_BROKER,
    operations: ["performance.get"],
    rules: [
      takesAccount({ period: "1M" }),
      {
        it: "knows the broker's periods only",
        takes: [[{ period: "YTD" }, { period: "YTD" }]],
        refuses: [[{ period: "2Y" }, "period"]],
      },
    ],
  },
  ibkr_pnl_daily: {
    scope: "ibkr:portfolio:read",
    hints: READS_BROKER,
    operations: ["pnl.daily", "pnl.partitioned"],
    rules: [
      takesAccount(),
      {
        it: "asks for the broker's partition instead when it is wanted",
        takes: [
          [{}, {}, "pnl.daily"],
          [{ by_model: true }, {}, "pnl.partitioned"],
          [
            { by_model: true, account_id: "DU1234567" },
            { account_id: "DU1234567" },
            "pnl.partitioned",
          ],
        ],
        refuses: [[{ by_model: "yes" }, "by_model"]],
      },
      {
        it: "checks each answer against the question that was asked",
        shows: [
          { result: PARTITION, args: { by_model: true }, shown: PARTITION },
          { result: PARTITION, args: {}, shown: null },
        ],
      },
    ],
  },
  ibkr_pnl_realtime: {
    scope: "ibkr:portfolio:read",
    hints: READS_BROKER,
    operations: ["pnl.realtime"],
    rules: [takesAccount({ limit: 50 })],
    pages: { args: {}, input: {}, position: "offset" },
  },
  ibkr_positions_list: {
    scope: "ibkr:positions:read",
    hints: READS_BROKER,
    operations: ["positions.list"],
    rules: [
      takesAccount({ feed: "auto", limit: 50 }),
      {
        it: "bounds a page",
        takes: [[{ limit: "200" }, { feed: "auto", limit: 200 }]],
        refuses: [
          [{ limit: 201 }, "limit"],
          [{ limit: 0 }, "limit"],
        ],
      },
    ],
    pages: {
      args: { account_id: "DU1234567" },
      input: { account_id: "DU1234567", feed: "auto" },
      position: "offset",
    },
  },
  ibkr_transactions_list: {
    scope: "ibkr:transfers:read",
    hints: READS_BROKER,
    operations: ["transactions.list"],
    rules: [takesConid({ days: 90, limit: 50 })],
    pages: { args: { conid: 1 }, input: { conid: 1, days: 90 }, position: "offset" },
  },
  ibkr_notifications_list: {
    scope: "ibkr:accounts:read",
    hints: READS_BROKER,
    operations: ["notifications.list"],
    rules: [
      {
        it: "reads ten always, so that a shorter list says that there are more",
        takes: [
          [{}, { limit: 10 }],
          [{ limit: "3" }, { limit: 10 }],
        ],
        refuses: [[{ limit: 11 }, "limit"]],
      },
    ],
  },
};
