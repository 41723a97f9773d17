/**
 * `docs/answers.md`: how much each tool's default answer is, for the same busy account before and after
 * answers were bounded. What was before is written down here, as it was measured on 1 December 2026.
 */
const BEFORE_BYTES: Readonly<Record<string, number>> = {
  "ibkr_access_request access.request": 1208,
  "ibkr_account_ledger account.ledger": 6581,
  "ibkr_account_metadata account.metadata": 906,
  "ibkr_account_summary account.summary": 1140,
  "ibkr_accounts_list accounts.list": 2272,
  "ibkr_alerts alerts.get": 2194,
  "ibkr_alerts alerts.list": 19790,
  "ibkr_approval_status trade.approval": 6582,
  "ibkr_approvals_create trade.ask": 1730,
  "ibkr_audit_export audit.export": 127759,
  "ibkr_audit_tail audit.tail": 11732,
  "ibkr_backend_status backend.status": 299,
  "ibkr_bracket_order_preview trade.preview_bracket": 6831,
  "ibkr_contract_resolve contracts.resolve": 7073,
  "ibkr_contracts_search contracts.search": 16335,
  "ibkr_currency_rate currency.rate": 381,
  "ibkr_executions_list executions.list": 22224,
  "ibkr_health gateway.health": 105,
  "ibkr_historical_bars market.bars": 28138,
  "ibkr_kill_switch_engage trade.kill": 1979,
  "ibkr_kill_switch_status trade.kill_status": 1978,
  "ibkr_limits_status trade.limits": 1697,
  "ibkr_live_bracket_order_submit trade.submit": 7912,
  "ibkr_live_order_cancel trade.cancel": 7912,
  "ibkr_live_order_modify trade.modify": 7912,
  "ibkr_live_order_submit trade.submit": 7912,
  "ibkr_market_depth market.depth": 1415,
  "ibkr_market_holidays market.holidays": 1153,
  "ibkr_market_session market.session": 6620,
  "ibkr_market_snapshot market.snapshot": 1025,
  "ibkr_notifications_list notifications.list": 5000,
  "ibkr_oca_order_preview trade.preview_group": 6823,
  "ibkr_option_greeks options.greeks": 766,
  "ibkr_options_chain options.chain": 10102,
  "ibkr_order_evidence order.evidence": 358,
  "ibkr_order_preview trade.preview": 5837,
  "ibkr_order_question_status trade.question": 6378,
  "ibkr_order_status orders.status": 1579,
  "ibkr_orders_history orders.history": 46668,
  "ibkr_orders_list orders.list": 46658,
  "ibkr_paper_bracket_order_submit trade.submit": 7912,
  "ibkr_paper_order_cancel trade.cancel": 7912,
  "ibkr_paper_order_modify trade.modify": 7912,
  "ibkr_paper_order_submit trade.submit": 7912,
  "ibkr_performance performance.get": 27697,
  "ibkr_pnl_daily pnl.daily": 600,
  "ibkr_pnl_daily pnl.partitioned": 2514,
  "ibkr_pnl_realtime pnl.realtime": 9684,
  "ibkr_portfolio_allocation portfolio.allocation": 3639,
  "ibkr_portfolio_snapshot portfolio.snapshot": 11795,
  "ibkr_positions_list positions.list": 24155,
  "ibkr_reconcile trade.reconcile": 7946,
  "ibkr_scanner_codes scanner.codes": 4006,
  "ibkr_scanner_run scanner.run": 4303,
  "ibkr_session_renew session.renew": 1429,
  "ibkr_session_requirements session.status": 1426,
  "ibkr_transactions_list transactions.list": 11091,
  "ibkr_watchlists watchlists.get": 29188,
  "ibkr_watchlists watchlists.list": 14752,
};

/** Bytes of an answer's text, the data in it included, by tool and operation. */
export interface AnswerSize {
  name: string;
  operation: string;
  textBytes: number;
  structureBytes: number;
}

/** Tokens (o200k) of what `tools/list` sends. */
export interface ListTokens {
  choice: string;
  tools: number;
  before: number;
  now: number;
  /** Names, descriptions and arguments: what hosts put before a model. */
  read: number;
}

export function answersDocument(
  sizes: readonly AnswerSize[],
  lists: readonly ListTokens[],
): string {
  const number = (value: number) => value.toLocaleString("en-US");
  return [
    "# How long answers are",
    "Written by a test: `npx vitest run src/mcp/answer-sizes.test.ts --update`.",
    "An agent pays for every byte it reads. So an answer for which the call names no size takes 8 KB (8,192 bytes) at most, as text and as structure. Nothing is left out without a word: `has_more` says whether there is more, and `next_cursor`, given back as `cursor` with the same arguments, continues where the page ended. A call that names `limit` gets that many rows, however long they are. Pages of a list that changes meanwhile (orders, fills, notices, the strikes nearest to the market) go by place: a row can come twice, or be missed between two pages. Bars and the audit log go by time and number, and miss none.",
    "Long lists come as columns: the names once, then one row of values for each entry, in the order of the names.",
    '```json\n{ "columns": ["at", "open", "high"], "rows": [["2026-11-30T14:30:00Z", "187.10", "187.90"]] }\n```',
    "`rowsOf` of the client library makes entries with names of it again. `ibkr_audit_tail` shows what happened in each record; `full: true` adds the whole event as it was hashed.",
    "## Names of contracts",
    "One rule for all tools. `conid` is one contract: the one that is asked about, or the one that a row is about. `conids` is a list of contracts, for tools that answer about several at once. `underlying_conid` stands only in answers, and is the contract that a derivative is derived from.",
    "`ibkr_options_chain` took `underlying_conid` until December 2026. It takes `conid` now, the underlying's, and still understands the old name for one version. Reads also understand `conid` for a list of one, and a `conids` of one for `conid`.",
    "## Default answers",
    "Bytes of the text of one default answer in a busy account: 500 positions, orders and fills, a log of thousands of records, a year of bars, and every field filled. One row for each operation of a tool.",
    [
      "| tool | operation | before | now |",
      "|---|---|---|---|",
      ...sizes.map(({ name, operation, textBytes }) => {
        const before = BEFORE_BYTES[`${name} ${operation}`];
        return `| \`${name}\` | \`${operation}\` | ${before === undefined ? "new" : number(before)} | ${number(textBytes)} |`;
      }),
    ].join("\n"),
    "## The list of tools",
    "Tokens (o200k) of `tools/list`. The last column counts names, descriptions and arguments alone, which is what hosts put before a model.",
    [
      "| grant | tools | before | now | of it read by a model |",
      "|---|---|---|---|---|",
      ...lists.map(
        ({ choice, tools, before, now, read }) =>
          `| ${choice} | ${tools} | ${number(before)} | ${number(now)} | ${number(read)} |`,
      ),
    ].join("\n"),
    "",
  ]
    .join("\n\n")
    .replace(/\n+$/, "\n");
}
