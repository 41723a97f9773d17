import type { Fate } from "./doc-examples.ts";

const WALK = "test/console/first-order.test.ts";
const CLIENT_ORDERS = "test/clients/client-orders.test.ts";
const RELAY = "test/contract/relay-raw-client.test.ts";
const HOST = "The host is the owner's, and not here.";
const ITSELF = "It writes a document from its own test, which fails while the document is old.";

/**
 * What becomes of every example in README.md and docs/, in the order of the run: the owner's token
 * signs in until there is a passkey, and the kill switch comes last.
 */
export const FATES: Readonly<Record<string, Fate>> = {
  "npm start -- --client-portal https://127.0.0.1:5000": {
    by: "test/contract/local-mode.test.ts",
  },
  "npm run sidecar -- --config-dir .data-broker/sidecar policy live on --account U1234567": {
    by: "test/contract/local-mode.test.ts",
  },
  "npm run sidecar -- approver-page --out page": { by: "test/console/approval-page-chain.test.ts" },
  "npm run sidecar -- approvers enrol --page https://approve.example.com/": {
    why: "Its address is an owner's; test/console/approval-page-chain.test.ts enrols at one of its own.",
  },
  "curl -s https://approve.example.com/ | sha256sum": { why: HOST },
  "curl -s https://… | sha256sum": { why: HOST },
  "npm run sidecar -- approvers enrol": { by: "test/console/loopback-page.test.ts" },
  "npm run sidecar -- field-report": { by: "test/contract/field-report.test.ts" },
  "npm run sidecar -- approve": { by: "test/console/loopback-page.test.ts" },
  "npm run sidecar -- approve --print": { by: "test/console/loopback-page.test.ts" },
  "npm run sidecar -- approver-page accept": {
    why: "It is asked at a terminal about a page that was exchanged; that page's own tests do so.",
  },
  "npm ci && npm start": {
    why: "The run has started it already, after the `npm ci` of this checkout.",
  },
  "npm start": { by: WALK },
  "MARKET_HOURS=exchange npm start": { by: "test/contract/chain.test.ts" },
  "npm ci && npm test": { why: "It is the run that this belongs to." },
  "npm run simulate": {
    why: "It takes a minute and more; test/simulation/simulation.test.ts plays a few worlds of it.",
  },
  "npm run bench -- --counts test/bench/counts.json": {
    why: "It takes minutes, and its counts are kept in that file.",
  },
  "npm run cost -- --owners 1000 --reads 50 --orders 1": { runs: true, says: /USD [\d.]+ a month/ },
  "npm run bench": { why: "It takes minutes, and its figures are read by people." },

  [`TOKEN=$(npm run -s token -- --scope "ibkr:accounts:read ibkr:positions:read")
curl -s http://localhost:8787/mcp \\
  -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
  -H "Accept: application/json, text/event-stream" -H "MCP-Protocol-Version: 2025-11-25" \\
  -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ibkr_accounts_list","arguments":{}}}'`]:
    { runs: true, says: /"account_id":"DU\d+"/ },
  'npm run -s token -- --scope "ibkr:accounts:read"': { runs: true, says: /^\S{40,}\s*$/ },

  "npm run token": { by: "test/console/first-passkey.test.ts" },

  [`npx mcporter config add ibkr http://localhost:8787/mcp
npx mcporter auth ibkr`]: { runs: true, says: /Added 'ibkr'/ },
  "npx mcporter config add ibkr <address>/mcp": { by: WALK },
  "npx mcporter auth ibkr": { runs: true },
  [`npx mcporter call ibkr.ibkr_accounts_list
npx mcporter call ibkr.ibkr_market_snapshot --args '{"conids": [265598], "fields": ["last", "bid", "ask"]}'`]:
    { runs: true, says: /DU\d+[\s\S]*"?ask"?/ },
  'npx mcporter call ibkr.ibkr_order_preview --args \'{"conid": 265598, "side": "BUY", "order_type": "LMT", "quantity": 1, "limit_price": "<limit>"}\'':
    { runs: true, says: /pv_[0-9A-Z]{26}/ },
  'npx mcporter call ibkr.ibkr_approvals_create --args \'{"preview_id": "<preview_id>", "submit_on_approval": true, "idempotency_key": "my-first-order"}\'':
    { runs: true, says: /\/approvals\/ap_[0-9A-Z]{26}/ },
  "npx @modelcontextprotocol/inspector --cli <address>/mcp --method tools/list": { by: WALK },
  "claude mcp add --transport http ibkr <address>/mcp": {
    why: "Claude Code cannot run here; its requests are replayed in test/clients/local-hosts.test.ts.",
  },
  '{"mcpServers": {"ibkr": {"url": "<address>/mcp"}}}': { readBy: "a client" },

  "npm run -s ibkr -- login http://localhost:8787": { runs: true, says: /Signed in to/ },
  [`npm run -s ibkr -- accounts list
npm run -s ibkr -- positions list
npm run -s ibkr -- market snapshot --contract-id 265598`]: {
    runs: true,
    says: /DU\d+[\s\S]*symbol[\s\S]*265598/,
  },
  "npm run -s ibkr -- --help": { runs: true, says: /Exit codes/ },
  "npm run -s ibkr -- positions list --all --json": { runs: true, says: /"positions":\{/ },
  "npm run -s ibkr -- completion bash": { runs: true, says: /complete -o default/ },
  "npm run -s ibkr -- whoami": { runs: true, says: /Sign-in:/ },
  "npm run -s ibkr -- orders place --symbol AAPL --side BUY --order-type LMT --quantity 1 --limit-price 187.25 --idempotency-key my-first-order":
    { by: CLIENT_ORDERS },
  "npm run -s ibkr -- orders resume --idempotency-key my-first-order": { by: CLIENT_ORDERS },
  "npm run -s ibkr -- mcp serve --print-config": { runs: true, says: /"mcpServers"/ },
  "npm run -s ibkr -- mcp serve --transport stdio --describe": { runs: true, says: /ibkr_health/ },
  "npm run -s ibkr -- acp --print-config zed -- my-agent --acp": {
    runs: true,
    says: /"agent_servers"/,
  },
  "npm run -s ibkr -- login": { runs: true, says: /Signed in to/ },
  "npm run -s ibkr -- login --no-browser": { by: "test/clients/client-sdk.test.ts" },
  "npm run -s ibkr -- logout": { runs: true, says: /Signed out/ },

  '{"<sub>": "operator"}': { readBy: "OIDC subjects" },

  "npx wrangler login": { why: "It needs a Cloudflare account." },
  "npm run deploy -- --origin https://<your host>": { why: "It needs a Cloudflare account." },
  "npm run deploy -- --dry-run --origin …": {
    runs: true,
    as: ["npm run deploy -- --dry-run --origin https://gateway.example"],
    says: /Would deploy https:\/\/gateway\.example/,
  },
  "npm run sidecar -- pair https://<your host>": {
    why: "It needs a deployed gateway; with a local address it is run in test/contract/owner-at-the-pc.test.ts.",
  },
  "npm run sidecar -- pair --replace": {
    why: "It waits for its code in the console; test/contract/owner-at-the-pc.test.ts types it.",
  },
  "npm run sidecar -- run": {
    why: "It serves the broker of this PC until it is stopped; `npm start` runs it so for the simulator.",
  },

  "npm run sidecar -- status": { runs: true, says: /Broker session: ready/ },
  "npm run sidecar -- doctor": { runs: true, says: /ok {5}pairing/ },
  "npm run sidecar -- takeover": { runs: true, says: /is here already/ },
  "npm run sidecar -- audit verify <folder>": { by: "test/contract/audit-export.test.ts" },
  "npm run sidecar -- audit accept": { by: "test/contract/audit-witness.test.ts" },
  "npm pack -w sidecar": { by: "test/clients/sidecar-package.test.ts" },
  "npm install -g": { by: "test/clients/sidecar-package.test.ts" },
  "npm run sidecar -- policy": { runs: true, says: /paper/ },
  "npm run sidecar -- approvers": { runs: true },
  "npm run sidecar -- approvers add": { runs: true, ends: 1, says: /No passkey waits/ },
  "npm run sidecar -- approvers remove --credential <id>": {
    by: "test/contract/sidecar-orders-cli.test.ts",
  },
  "npm run sidecar -- run --start-gateway <folder>": {
    by: "sidecar/src/brokers-gateway/look-after.test.ts",
  },
  "npm run sidecar -- service install": {
    why: "It starts a service of the reader's own user; test/contract/sidecar-service.test.ts installs it with a systemctl of its own.",
  },
  "npm run sidecar -- service status": { runs: true, ends: 1, says: /Not installed/ },
  "npm run sidecar -- service uninstall": { runs: true, says: /There is no service here/ },
  "npm run sidecar -- backup ibkr-pc.backup": { by: "test/contract/sidecar-moves.test.ts" },
  "npm run sidecar -- restore ibkr-pc.backup": { by: "test/contract/sidecar-moves.test.ts" },
  "npm run sidecar -- restore --fence": { by: "test/contract/sidecar-moves.test.ts" },
  "npm run sidecar -- use": { by: "test/console/second-pc.test.ts" },
  "npm run sidecar -- recover": { runs: true, says: /sign-in\/recover/ },
  "npm run sidecar -- requests": { runs: true, says: /Nothing was asked|number|asked/ },
  "npm run sidecar -- requests unlock": { runs: true, types: "yes" },
  "npm run sidecar -- mandates": { runs: true, says: /knows no mandate/ },
  "npm run sidecar -- mandates unlock": { runs: true, types: "yes" },
  "npm run sidecar -- mandates revoke <id>": { by: "test/contract/sidecar-orders-cli.test.ts" },
  "npm run sidecar -- policy set live mandates true": {
    runs: true,
    says: /is true from the next order/,
  },
  "npm run sidecar -- policy set <mode> uncovered_calls true": {
    runs: true,
    as: ["npm run sidecar -- policy set paper uncovered_calls true"],
    says: /uncovered_calls is true from the next order/,
  },
  "npm run sidecar -- policy set <mode> <cap> <value>": {
    runs: true,
    as: ["npm run sidecar -- policy set paper mandates true"],
    says: /is true from the next order/,
  },
  "npm run sidecar -- policy paper|live on|off": {
    runs: true,
    as: ["npm run sidecar -- policy paper on"],
    says: /paper orders are on/,
  },
  "npm run sidecar -- policy live on --account U1234567": { runs: true, types: "live" },
  "npm run sidecar -- kill": { runs: true, says: /No order opens/ },
  "npm run sidecar -- unkill": { runs: true, types: "lift", says: /lifted/ },

  "npx vitest run src/mcp/answer-sizes.test.ts --update": { why: ITSELF },
  '{ "columns": ["at", "open", "high"], "rows": [["2026-11-30T14:30:00Z", "187.10", "187.90"]] }': {
    why: "A part of an answer; src/mcp/tools/tools.test.ts reads whole ones.",
  },
  "UPDATE_DOCS=1 npx vitest run test/contract/negative-list.test.ts": { why: ITSELF },
  "UPDATE_DOCS=1 npx vitest run test/contract/order-guarantees-list.test.ts": { why: ITSELF },
  "UPDATE_DOCS=1 npx vitest run test/contract/relay-guarantees.test.ts": { why: ITSELF },
};

/** Whole families of examples that another test writes or holds. */
export const FAMILIES: readonly { document: string; text: RegExp; by: string }[] = [
  { document: "docs/first-order.md", text: /^npx mcporter |^npm start\nnpx @model/, by: WALK },
  { document: "docs/relay-protocol.md", text: /^\s*\{/, by: RELAY },
];

/** Settings that are read by what reads them in the product, by document. */
export const SETTINGS: Readonly<Record<string, Fate>> = {
  "docs/access.md": { readBy: "external issuers" },
  "docs/orders-at-the-pc.md": { readBy: "orders.json" },
};
