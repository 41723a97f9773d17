import { MARKET_STATES } from "@ibkr-edge-gateway/protocol/market/market-state.ts";
import { TOOLS } from "./catalogue.ts";

/** Tools of the predecessor that are not here, each with the reason and the nearest that is. */
export const NOT_OFFERED: readonly { name: string; reason: string; nearest: string | null }[] = [
  {
    name: "ibkr_news_list",
    reason: "The Client Portal Gateway has no news endpoint.",
    nearest: null,
  },
  {
    name: "ibkr_news_article",
    reason: "The Client Portal Gateway has no news endpoint.",
    nearest: null,
  },
  {
    name: "ibkr_fundamentals_get",
    reason: "The Client Portal Gateway has no fundamentals endpoint.",
    nearest: "ibkr_market_snapshot",
  },
  {
    name: "ibkr_transfer_history",
    reason:
      "The Client Portal Gateway tells what was traded and paid in one contract, not deposits and withdrawals.",
    nearest: "ibkr_transactions_list",
  },
];

/** What users of other gateways ask for and no tool here gives, each with the reason and the nearest way. */
const NOT_BUILT: readonly [wish: string, reason: string, nearest: string][] = [
  [
    "positions of several accounts in one answer",
    "Not built: an answer is about one account, so that a figure is never taken for another's.",
    "`ibkr_positions_list`, once for each account",
  ],
  [
    "profit and loss by holding and day",
    "The Client Portal Gateway tells each holding's figures now, and those of a day for the account alone.",
    "`ibkr_pnl_realtime`, `ibkr_performance`",
  ],
  [
    "orders and fills older than seven days",
    "The Client Portal Gateway keeps no longer memory. The PC's own book knows this gateway's orders only, and no tool reads it yet.",
    "`ibkr_orders_history`, `ibkr_transactions_list`; the broker's statements",
  ],
  [
    "an option chain by delta",
    "Not built: the broker gives greeks only for contracts that are named, and a whole month would cost its limit of requests.",
    "`ibkr_options_chain`, then `ibkr_option_greeks` for up to 50 of its contracts",
  ],
  [
    "a spread as one order",
    "Not built: previews, approvals and limits know one contract an order.",
    "`ibkr_order_preview` for each leg; one leg may fill alone",
  ],
];

/** The matrix as Markdown; docs/support-matrix.md is this text, and a test keeps it so. */
export function renderSupportMatrix(): string {
  const offered = TOOLS.map(
    (tool) =>
      `| \`${tool.name}\` | ${tool.listing().description.replaceAll("|", "\\|")} | ${tool.scope === null ? "none" : `\`${tool.scope}\``} | ${tool.operations.map((name) => `\`${name}\``).join(", ")} |`,
  );
  const missing = NOT_OFFERED.map(
    ({ name, reason, nearest }) =>
      `| \`${name}\` | ${reason} | ${nearest === null ? "none" : `\`${nearest}\``} |`,
  );
  return [
    "# Support matrix",
    "",
    "What an agent can ask this gateway for. Unofficial; not affiliated with Interactive Brokers.",
    "",
    "## Tools",
    "",
    "| tool | what it answers | scope | operations |",
    "|---|---|---|---|",
    ...offered,
    "",
    "## Market states",
    "",
    `Quotes, trading hours and orders know these states of a market: ${MARKET_STATES.map((state) => `\`${state}\``).join(", ")}. Regular and extended hours come from the broker's schedule, a halt from the quote. An auction is never shown: the broker marks none, neither in a quote nor in a schedule, so that an opening or closing auction shows as the state around it, perhaps without bid and ask. \`closes_at\` is null for a market that never closes.`,
    "",
    "## Not offered",
    "",
    "A tool that could only ever fail is not listed. What `ibkr-agent-gateway` named and this gateway does not have:",
    "",
    "| tool | why not | nearest |",
    "|---|---|---|",
    ...missing,
    "",
    "What users of other gateways ask for and no tool here gives:",
    "",
    "| wish | why not | nearest |",
    "|---|---|---|",
    ...NOT_BUILT.map((row) => `| ${row.join(" | ")} |`),
    "",
    "The six one-step order names of that gateway (`ibkr_order_intent_validate`, `ibkr_order_preview_explain`, `ibkr_order_submit`, `ibkr_order_cancel`, `ibkr_order_modify`, `ibkr_order_approve`) are refused by name with `READONLY_WRITE_FORBIDDEN`, and the refusal is audited.",
    "",
  ].join("\n");
}
