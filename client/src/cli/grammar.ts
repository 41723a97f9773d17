/** How one tool is typed. */
export interface ToolWords {
  /** `positions list` */
  words: readonly [group: string, verb: string] | readonly [verb: string];
  /** An argument that stands without a flag. */
  positional?: string;
  /** A full command without the program's name; a test runs those that read. */
  example: string;
}

/**
 * Names that the predecessor gave to what is the same here; each of them and the gateway's own name
 * are understood.
 */
export const FLAG_NAMES: Readonly<Record<string, string>> = {
  account_id: "account",
  conid: "contract-id",
  conids: "contract-id",
  order_id: "broker-order-id",
  bar: "bar-size",
  period: "duration",
};

/** Single tools where such a name would say something else. */
export const OWN_FLAGS: ReadonlySet<string> = new Set(["ibkr_performance:period"]);

/**
 * Flags of the predecessor that opened its gates from the command line. The gates here are the owner's,
 * in the console and at the PC; the flags are taken and do nothing.
 */
export const FORMER_GATES: readonly string[] = [
  "--enable-preview",
  "--enable-paper",
  "--enable-live",
  "--live-scope",
  "--open-kill-switch",
  "--acknowledge-paper-to-live",
];

const APPLE = 265598;

/** Every tool. The order is that of `--help`. */
export const GRAMMAR: Readonly<Record<string, ToolWords>> = {
  ibkr_health: { words: ["health"], example: "health" },
  ibkr_access_request: { words: ["access", "request"], example: "access request" },
  ibkr_backend_status: { words: ["backend", "status"], example: "backend status" },
  ibkr_session_requirements: {
    words: ["session", "requirements"],
    example: "session requirements",
  },
  ibkr_session_renew: { words: ["session", "renew"], example: "session renew" },
  ibkr_accounts_list: { words: ["accounts", "list"], example: "accounts list" },
  ibkr_account_metadata: { words: ["account", "metadata"], example: "account metadata" },
  ibkr_account_summary: { words: ["account", "summary"], example: "account summary" },
  ibkr_account_ledger: { words: ["account", "ledger"], example: "account ledger" },
  ibkr_portfolio_snapshot: {
    words: ["portfolio", "snapshot"],
    example: "portfolio snapshot --top 5",
  },
  ibkr_portfolio_allocation: {
    words: ["portfolio", "allocation"],
    example: "portfolio allocation",
  },
  ibkr_performance: {
    words: ["portfolio", "performance"],
    example: "portfolio performance --period 1M",
  },
  ibkr_pnl_daily: { words: ["pnl", "daily"], example: "pnl daily" },
  ibkr_pnl_realtime: { words: ["pnl", "realtime"], example: "pnl realtime" },
  ibkr_positions_list: { words: ["positions", "list"], example: "positions list --limit 20" },
  ibkr_contracts_search: {
    words: ["contracts", "search"],
    positional: "query",
    example: "contracts search apple --by-name --currency USD",
  },
  ibkr_contract_resolve: {
    words: ["contracts", "resolve"],
    positional: "symbol",
    example: "contracts resolve AAPL --exchange NASDAQ",
  },
  ibkr_market_snapshot: {
    words: ["market", "snapshot"],
    example: `market snapshot --contract-id ${APPLE} --fields last,bid,ask`,
  },
  ibkr_historical_bars: {
    words: ["market", "bars"],
    example: `market bars --contract-id ${APPLE} --bar-size 1d --duration 1w`,
  },
  ibkr_market_depth: { words: ["market", "depth"], example: `market depth --contract-id ${APPLE}` },
  ibkr_market_session: {
    words: ["market", "session"],
    example: `market session --contract-id ${APPLE}`,
  },
  ibkr_market_holidays: {
    words: ["market", "holidays"],
    example: `market holidays --contract-id ${APPLE}`,
  },
  ibkr_currency_rate: {
    words: ["currency", "rate"],
    example: "currency rate --base USD --quote EUR",
  },
  ibkr_options_chain: {
    words: ["options", "chain"],
    example: `options chain --conid ${APPLE} --strikes 3`,
  },
  ibkr_option_greeks: {
    words: ["options", "greeks"],
    example: "options greeks --contract-id 700000001",
  },
  ibkr_scanner_run: {
    words: ["scanner", "run"],
    example: "scanner run --scan TOP_PERC_GAIN --limit 5",
  },
  ibkr_scanner_codes: {
    words: ["scanner", "codes"],
    example: "scanner codes --kind scans --limit 5",
  },
  ibkr_watchlists: { words: ["watchlists", "list"], example: "watchlists list" },
  ibkr_alerts: { words: ["alerts", "list"], example: "alerts list" },
  ibkr_orders_list: { words: ["orders", "list"], example: "orders list --show all" },
  ibkr_orders_history: { words: ["orders", "history"], example: "orders history --status filled" },
  ibkr_order_status: {
    words: ["orders", "status"],
    example: "orders status --broker-order-id 1234567",
  },
  ibkr_order_question_status: {
    words: ["orders", "question"],
    example: "orders question --order-ref ib-0123456789abcdef",
  },
  ibkr_executions_list: { words: ["executions", "list"], example: "executions list --days 7" },
  ibkr_transactions_list: {
    words: ["transactions", "list"],
    example: `transactions list --contract-id ${APPLE} --days 30`,
  },
  ibkr_notifications_list: { words: ["notifications", "list"], example: "notifications list" },
  ibkr_order_preview: {
    words: ["orders", "preview"],
    example:
      "orders preview --symbol AAPL --side BUY --order-type LMT --quantity 1 --limit-price 187.25",
  },
  ibkr_bracket_order_preview: {
    words: ["orders", "bracket-preview"],
    example: `orders bracket-preview --contract-id ${APPLE} --side BUY --order-type LMT --quantity 1 --limit-price 187.25 --take-profit-price 199 --stop-loss-price 180`,
  },
  ibkr_oca_order_preview: {
    words: ["orders", "oca-preview"],
    example: `orders oca-preview --contract-id ${APPLE} --side SELL --quantity 1 --orders '[{"order_type":"LMT","limit_price":"199"},{"order_type":"STP","stop_price":"180"}]'`,
  },
  ibkr_approvals_create: {
    words: ["approvals", "create"],
    example: "approvals create --preview-id pv_0123 --ttl-seconds 300",
  },
  ibkr_approval_status: {
    words: ["approvals", "status"],
    example: "approvals status --approval-id ap_0123 --wait-seconds 50",
  },
  ibkr_paper_order_submit: {
    words: ["orders", "submit"],
    example: "orders submit --approval-id ap_0123 --idempotency-key my-first-order",
  },
  ibkr_paper_order_cancel: {
    words: ["orders", "cancel"],
    example: "orders cancel --broker-order-id 1234567 --idempotency-key cancel-1234567",
  },
  ibkr_paper_order_modify: {
    words: ["orders", "modify"],
    example:
      "orders modify --broker-order-id 1234567 --limit-price 186 --idempotency-key modify-1234567",
  },
  ibkr_paper_bracket_order_submit: {
    words: ["orders", "bracket-submit"],
    example: "orders bracket-submit --approval-id ap_0123 --idempotency-key my-first-bracket",
  },
  ibkr_live_order_submit: {
    words: ["orders", "live-submit"],
    example: "orders live-submit --approval-id ap_0123 --idempotency-key my-live-order",
  },
  ibkr_live_order_cancel: {
    words: ["orders", "live-cancel"],
    example: "orders live-cancel --broker-order-id 1234567 --idempotency-key cancel-1234567",
  },
  ibkr_live_order_modify: {
    words: ["orders", "live-modify"],
    example:
      "orders live-modify --broker-order-id 1234567 --limit-price 186 --idempotency-key modify-1234567",
  },
  ibkr_live_bracket_order_submit: {
    words: ["orders", "live-bracket-submit"],
    example: "orders live-bracket-submit --approval-id ap_0123 --idempotency-key my-live-bracket",
  },
  ibkr_kill_switch_status: { words: ["kill-switch", "status"], example: "kill-switch status" },
  ibkr_kill_switch_engage: {
    words: ["kill-switch", "engage"],
    example: 'kill-switch engage --reason "something looks wrong"',
  },
  ibkr_limits_status: { words: ["limits", "status"], example: "limits status" },
  ibkr_reconcile: { words: ["orders", "reconcile"], example: "orders reconcile" },
  ibkr_audit_tail: { words: ["audit", "tail"], example: "audit tail --limit 10" },
  ibkr_order_evidence: {
    words: ["orders", "evidence"],
    example: "orders evidence --order-ref ieg1-0123456789abcdef0123456789abcdef",
  },
  ibkr_audit_export: { words: ["audit", "export"], example: "audit export --limit 100" },
};

/** What a group is about, for `--help`. */
export const GROUPS: Readonly<Record<string, string>> = {
  access: "What this program may do",
  backend: "The PC and the broker's gateway",
  session: "The broker session",
  accounts: "Your broker accounts",
  account: "One account",
  portfolio: "What the account is worth",
  pnl: "Profit and loss",
  positions: "What you hold",
  contracts: "Finding instruments",
  market: "Prices and trading hours",
  currency: "Exchange rates",
  options: "Option chains and greeks",
  scanner: "Market scanners",
  watchlists: "Your watchlists",
  alerts: "Your price alerts",
  orders: "Orders: read, prepare, send what you approved",
  executions: "Fills",
  transactions: "Booked transactions",
  notifications: "The broker's messages to you",
  approvals: "Asking for your approval; giving it takes your passkey, in the console",
  "kill-switch": "Stopping all trading",
  limits: "Your limits, and what is left of them",
  audit: "The log of what was done",
};
