import type { PasskeyProof } from "@ibkr-edge-gateway/protocol/approval/approval-proof.ts";
import { statementHash } from "@ibkr-edge-gateway/protocol/approval/statement.ts";
import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import type { CanonicalOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { intentHash, intentOf } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import type { BrokerEvent } from "../../sidecar/src/client-portal/events/broker-event.ts";
import type { Ask, Portal } from "../../sidecar/src/client-portal/portal-interface.ts";
import type { WireAnswer, WireRequest } from "../../sidecar/src/client-portal/transport.ts";
import type { OperationRequest } from "../../sidecar/src/operation-handlers/executor-interface.ts";
import { contextFor, createSeen } from "../../sidecar/src/operation-handlers/operation-context.ts";
import type { KeyPolicy } from "../../sidecar/src/orders/approval/receive-announced-keys.ts";
import { type OrderStore, openOrderStore } from "../../sidecar/src/orders/journal/order-store.ts";
import type { LocalRules } from "../../sidecar/src/orders/local-policy/local-rules.ts";
import type { BrokerSide, OrderSideOptions } from "../../sidecar/src/orders/order-side-parts.ts";
import { createSubmitContext } from "../../sidecar/src/orders/submit/create-submit-context.ts";
import type { SubmitInput } from "../../sidecar/src/orders/submit/submit-context.ts";
import { DEFAULT_CAPS } from "../../sidecar/src/trust/limits/caps.ts";
import { enrolApprover } from "../../sidecar/src/trust/tables/approvers.ts";
import { handClock, noLog, settled } from "./intent-record.ts";
import { AAPL, anOrder, aTicket } from "./orders.ts";
import { RELYING_PARTY, softwareAuthenticator } from "./software-authenticator.ts";

/**
 * The PC's order side with its own journal, rules, approvals and conversation, and a broker that
 * answers by the name of the question. No socket; the clock is turned by hand.
 */
export const ACCOUNT = "DU1234567";

const at = (text: string): number => Date.parse(text) / 1_000;
const READY: BrokerSession = {
  state: "ready",
  meaning: "The broker session is ready.",
  mode: "paper",
  generation: 1,
  observed_at: null,
  source: "simulator",
  next_step: null,
  session_ends_at: null,
  warnings: [],
  reads: "all",
  server_version: null,
  silent_until: null,
};

/** What the broker says of one account without a position, and of AAPL on a Friday morning. */
const answers = (nowMs: () => number): Record<string, unknown> => ({
  "portfolio.accounts": [{ id: ACCOUNT, accountId: ACCOUNT, currency: "USD" }],
  "iserver.accounts": { accounts: [ACCOUNT], selectedAccount: ACCOUNT, isPaper: true },
  "portfolio.ledger": { USD: { exchangerate: 1 }, BASE: { exchangerate: 1 } },
  "portfolio.summary": {
    netliquidation: { amount: 1_000_000, currency: "USD" },
    buyingpower: { amount: 4_000_000, currency: "USD" },
    totalcashvalue: { amount: 0, currency: "USD", isNull: true },
  },
  "iserver.pnl": { upnl: { [`${ACCOUNT}.Core`]: { dpl: -12.5 } } },
  "portfolio2.positions": [],
  "iserver.orders": { orders: [], snapshot: true },
  "iserver.trades": [],
  "marketdata.snapshot": () => [
    {
      conid: AAPL.conid,
      "31": "187.25",
      "84": "187.20",
      "86": "187.30",
      "7741": "186.00",
      "6509": "RpB",
      _updated: nowMs(),
    },
  ],
  "contract.schedule": {
    exchange_time_zone: "US/Eastern",
    schedules: Object.fromEntries(
      ["2026-11-20", "2026-11-23"].map((day) => {
        const hours = { opening: at(`${day}T14:30:00Z`), closing: at(`${day}T21:00:00Z`) };
        return [day.replaceAll("-", ""), { liquid_hours: [hours], extended_hours: [hours] }];
      }),
    ),
  },
  "trsrv.secdef": {
    secdef: [
      {
        conid: AAPL.conid,
        currency: "USD",
        name: "APPLE INC",
        assetClass: "STK",
        ticker: "AAPL",
        listingExchange: "NASDAQ",
        countryCode: "US",
      },
    ],
  },
  "contract.rules": { orderTypes: ["limit", "market"], incrementRules: [] },
  "order.what-if": {
    amount: { amount: "187.25 USD (1 Shares)", commission: "1 USD", total: "188.25 USD" },
  },
});

/** A row of the broker's order list. */
export const bookRow = (over: Record<string, unknown> = {}) => ({
  acct: ACCOUNT,
  orderId: 11,
  order_ref: null,
  conid: AAPL.conid,
  secType: "STK",
  cashCcy: "USD",
  ticker: "AAPL",
  side: "BUY",
  origOrderType: "LIMIT",
  price: "187.25",
  timeInForce: "DAY",
  totalSize: 1,
  filledQuantity: 0,
  remainingQuantity: 1,
  status: "Submitted",
  ...over,
});

export const json = (body: unknown, status = 200): WireAnswer => ({
  status,
  contentType: "application/json",
  text: JSON.stringify(body),
});

export const notAnswered = (): GatewayError =>
  new GatewayError(failure("BROKER_BACKEND_UNAVAILABLE", "The broker does not answer now."));

export function pcOrders(
  over: {
    keys?: Partial<KeyPolicy>;
    source?: BrokerSide["source"];
    /** Where the journal is; in memory without one. */
    path?: string;
    disk?: Pick<OrderSideOptions, "disk" | "reserve">;
  } = {},
) {
  const clock = handClock();
  const store: OrderStore = openOrderStore(over.path ?? ":memory:");
  const phone = softwareAuthenticator();
  enrolApprover(store.db, { ...phone, label: "phone", enrolledBy: "terminal" }, 1);
  const broker = {
    answers: answers(clock.now),
    asked: [] as string[],
    /** What comes back for each order request, in turn; a function is called right before it. */
    replies: [] as (WireAnswer | Error | Promise<WireAnswer>)[],
    sent: [] as WireRequest[],
    /** Called when the connection stands, before the last look. */
    onDial: (): void => {},
    session: READY,
  };
  const portal: Portal = {
    ask: async <T>(ask: Ask<T>) => {
      broker.asked.push(ask.name);
      const found = broker.answers[ask.name];
      const body: unknown = typeof found === "function" ? found(ask) : found;
      if (body === undefined) throw notAnswered();
      if (body instanceof Error) throw body;
      const at = clock.now();
      return { value: ask.decode(body), at, begunAt: at, from: "broker", proved: true };
    },
  };
  const transport: BrokerSide["transport"] = {
    send: async (request) => {
      broker.onDial();
      request.beforeSend?.();
      broker.sent.push(request);
      const reply = broker.replies.shift() ?? json({ error: "nothing to answer" }, 500);
      if (reply instanceof Error) throw reply;
      return reply;
    },
    verifyPeer: () => null,
    close: () => Promise.resolve(),
  };
  const told: BrokerEvent[] = [];
  const shown: string[] = [];
  const pushed: string[] = [];
  const side: BrokerSide = {
    portal,
    transport,
    pacer: {
      acquire: () => Promise.resolve(() => {}),
      penalize: () => {},
      silentUntil: () => 0,
      close: () => {},
    },
    clock,
    source: over.source ?? "simulator",
    logger: noLog,
    stream: {
      pnl: () => null,
      orders: () => null,
      executions: () => null,
      quotes: () => null,
      depth: () => Promise.reject(notAnswered()),
    },
    session: () => broker.session,
    accounts: () => [ACCOUNT],
    clockSkewMs: () => 0,
    onRateLimited: () => {},
    onUnauthorized: () => {},
    tell: (event) => told.push(event),
  };
  const local = {
    policyFault: null as string | null,
    engaged: false,
    caps: DEFAULT_CAPS,
    offer: ["orders.paper" as const],
  };
  const rules: LocalRules = {
    policyFault: () => local.policyFault,
    policy: () => ({ offer: local.offer, broker_accounts: null }),
    killSwitch: () =>
      local.engaged ? { engaged: true, since: null, reason: "by hand" } : { engaged: false },
    engage: () => {
      local.engaged = true;
    },
    caps: () => ({ ok: true, caps: local.caps }),
  };
  const options: OrderSideOptions = {
    store,
    rules,
    settings: { v: 1, futures_operator: null, alerts: { webhook_url: null, ntfy_url: null } },
    gatewayAccountId: "acc_7d3f",
    sidecarId: "sc_1b2c",
    relyingParty: RELYING_PARTY,
    reach: {
      terminal: (lines) => shown.push(lines.join("\n")) > 0,
      desktop: () => Promise.resolve(false),
      push: (title, text) => Promise.resolve(pushed.push(`${title}: ${text}`) > 0),
    },
    keys: { takeUnasked: false, taken: () => {}, waiting: () => {}, ...over.keys },
    ...over.disk,
    echo: () => 42,
  };
  const submit = createSubmitContext(options, side);
  const seen = createSeen();
  const context = (more: { deadlineMs?: number; signal?: AbortSignal; share?: string } = {}) =>
    contextFor({
      portal,
      clock,
      source: side.source,
      signal: more.signal ?? new AbortController().signal,
      configDir: "",
      ownerZone: null,
      priority: "entry",
      share: more.share ?? null,
      deadlineAt: clock.now() + (more.deadlineMs ?? 20_000),
      session: side.session,
      stream: side.stream,
      lines: { touch: () => Promise.resolve(), held: () => 0, reset: () => {}, close: () => {} },
      seen,
      isOwnOrder: (ref) => store.owns(ref),
      renewSession: () => Promise.resolve(),
    });
  const request = (more: Partial<OperationRequest> = {}): OperationRequest => ({
    operation: "order.place",
    input: {},
    deadlineMs: 20_000,
    signal: new AbortController().signal,
    jobId: "job-1",
    grant: { capability: "orders.paper", brokerAccount: ACCOUNT },
    begin: () => {},
    ...more,
  });
  return {
    clock,
    store,
    phone,
    broker,
    side,
    local,
    options,
    submit,
    told,
    shown,
    pushed,
    context,
    request,
    /** Keeps a ticket of this order, and gives what an honest gateway sends after the owner's tap. */
    approved: (order: CanonicalOrder = anOrder(), n = 1): SubmitInput => {
      const terms = {
        preview_id: `pv_${n}`,
        policy_version: 1,
        policy_hash: "a".repeat(64),
        accepted_warnings: [],
        nonce: n.toString(16).padStart(32, "0"),
        not_after: new Date(clock.now() + 300_000).toISOString(),
      };
      const ticket = aTicket(order);
      const kept = { ticket, generation: 1, echo: null, madeAt: clock.now(), usage: null };
      store.keepPreview(terms.preview_id, kept);
      const intent = intentOf({
        v: 1,
        ticket,
        gateway_account_id: options.gatewayAccountId,
        sidecar_id: options.sidecarId,
        generation: 1,
        ...terms,
      });
      const approval: PasskeyProof = {
        kind: "passkey",
        ...terms,
        tier: 1,
        echo: null,
        assertion: phone.approve(statementHash({ act: "order", intent })),
      };
      return {
        account_id: order.account_id,
        mode: order.mode,
        coid: intent.coid,
        intent_hash: intentHash(intent),
        approval,
      };
    },
    /** Lets it end, and time pass while it waits for time. */
    async finish<T>(work: Promise<T>): Promise<T> {
      let ended = false;
      const mark = () => {
        ended = true;
      };
      work.then(mark, mark);
      for (let turn = 0; turn < 1_000 && !ended; turn += 1) {
        await settled();
        // Signatures are checked on another thread; time stands meanwhile.
        await new Promise((resolve) => setTimeout(resolve, 1));
        if (!ended) clock.run(100);
      }
      return work;
    },
  };
}
export type PcOrders = ReturnType<typeof pcOrders>;
