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
    "The six one-step order names of that gateway (`ibkr_order_intent_validate`, `ibkr_order_preview_explain`, `ibkr_order_submit`, `ibkr_order_cancel`, `ibkr_order_modify`, `ibkr_order_approve`) are refused by name with `READONLY_WRITE_FORBIDDEN`, and the refusal is audited.",
    "",
  ].join("\n");
}
