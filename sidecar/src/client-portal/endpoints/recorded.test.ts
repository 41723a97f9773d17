import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { judgeAnswer } from "../answer-verdict.ts";
import type { Ask } from "../portal-interface.ts";
import { readAuthStatus, readPrime, readTickle } from "../session/read-auth.ts";
import { accountMeta, brokerageAccounts, portfolioAccounts } from "./accounts.ts";
import { alertDetail, alertsOf } from "./alerts.ts";
import { allocationOf } from "./allocation.ts";
import { performanceOf, transactionsOf } from "./analyst.ts";
import { portfolioLedger, portfolioSummary } from "./balances.ts";
import { contractFacts, searchContracts } from "./contracts.ts";
import { notices } from "./notices.ts";
import { strikesOf } from "./option-contracts.ts";
import { orderStatus } from "./order-status.ts";
import { liveOrders } from "./orders.ts";
import { pnlPartitioned } from "./pnl.ts";
import { realtimePositions, settledPositions } from "./positions.ts";
import { snapshotLook } from "./quotes.ts";
import { ScannerParams } from "./scanner.ts";
import { trades } from "./trades.ts";
import { tradingSchedule } from "./trading-schedule.ts";
import { watchlist, watchlists } from "./watchlists.ts";

const ROOT = join(import.meta.dirname, "../../../../test/fixtures/cpapi");

interface Recording {
  name: string;
  status: number;
  /** The body as it stands in the file, digit by digit. */
  text: string;
}

/** Cut from the file's text, so that no parser has touched the figures before ours does. */
function recordings(): Recording[] {
  return readdirSync(ROOT, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => {
      const file = readFileSync(join(ROOT, name), "utf8");
      const parsed: { Response: { StatusCode: number; Body: unknown } } = JSON.parse(file);
      const from = file.indexOf('"Body":') + '"Body":'.length;
      const raw = file
        .slice(from)
        .replace(/\}\s*\}\s*$/, "")
        .trim();
      const plain = typeof parsed.Response.Body === "string";
      return {
        name,
        status: parsed.Response.StatusCode,
        text: plain ? String(parsed.Response.Body) : raw,
      };
    });
}

const ALL = recordings();

function recorded(name: string): Recording {
  const found = ALL.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no recording ${name}`);
  return found;
}

function bodyOf(name: string): unknown {
  const { status, text } = recorded(name);
  const verdict = judgeAnswer({ status, contentType: "application/json", text });
  if (verdict.kind !== "ok") throw new Error(`${name} judged ${verdict.kind}`);
  return verdict.json;
}

const decoded = <T>(ask: Ask<T>, name: string): T => ask.decode(bodyOf(name));

/** Answers that are words or nothing, not JSON. */
const WORDS = ["Fyi/DELETE-device.json", "Orders/POST-dismiss-notification.json"];

describe("every recorded answer of the broker", () => {
  it("is there to be read", () => {
    expect(ALL.length).toBeGreaterThanOrEqual(60);
  });

  it.each(ALL.map((one) => one.name))("%s is judged as what it is", (name) => {
    const { status, text } = recorded(name);
    const verdict = judgeAnswer({ status, contentType: "application/json", text });
    if (WORDS.includes(name)) expect(["empty", "unreadable"]).toContain(verdict.kind);
    else expect(verdict.kind).toBe("ok");
  });
});

describe("(k) the decoders read the recorded answers", () => {
  it("session: status, init, tickle and accounts", () => {
    for (const name of ["Session/GET-auth-status.json", "Session/POST-ssodh-init.json"]) {
      expect(readAuthStatus(bodyOf(name))).toEqual({
        authenticated: true,
        established: true,
        connected: true,
        competing: false,
        fail: "",
        serverVersion: "Build 10.44.1d, Mar 3, 2026 1:55:32 PM",
      });
    }
    const tickle = readTickle(bodyOf("Session/POST-tickle.json"));
    expect(tickle?.session).toBe("abc123def456");
    expect(tickle?.auth?.established).toBe(true);
    expect(readPrime(bodyOf("Accounts/GET-iserver-accounts.json"))).toEqual({
      accounts: ["U1234567"],
      isPaper: true,
    });
  });

  it("accounts: brokerage accounts, sub-accounts and metadata", () => {
    const brokerage = decoded(brokerageAccounts, "Accounts/GET-iserver-accounts.json");
    expect(brokerage.acctProps?.U1234567?.supportsFractions).toBe(true);
    expect(brokerage.allowFeatures?.allowedAssetTypes).toContain("STK");
    for (const name of ["GET-portfolio-subaccounts", "GET-subaccounts2"]) {
      const [account] = decoded(portfolioAccounts, `Portfolio/${name}.json`);
      expect(account).toMatchObject({ accountId: "U1234567", currency: "USD", type: "DEMO" });
    }
    const meta = decoded(accountMeta("U1234567"), "Portfolio/GET-portfolio-meta.json");
    expect(meta).toMatchObject({ accountAlias: null, tradingType: "STKNOPT", faclient: false });
  });

  it("money: summary and ledger keep every digit", () => {
    const summary = decoded(portfolioSummary("U1234567"), "Portfolio/GET-portfolio-summary.json");
    expect(summary.get("buyingpower")).toMatchObject({ amount: "3984328.97", currency: "USD" });
    expect(summary.get("accountcode")?.currency).toBeNull();
    const ledger = decoded(portfolioLedger("U1234567"), "Portfolio/GET-portfolio-ledger.json");
    expect(ledger.get("BASE")).toMatchObject({ interest: "2682.45", realizedpnl: "0" });
    expect(ledger.get("USD")?.exchangerate).toBe("1");
  });

  it("positions: both lists, digit by digit", () => {
    const fast = decoded(realtimePositions("U1234567"), "Portfolio/GET-portfolio2-positions.json");
    expect(fast[1]).toMatchObject({
      conid: 756733,
      position: "44",
      marketPrice: "655.8945922851562",
      unrealizedPnl: "150.47206054687558",
    });
    const slow = settledPositions("U1234567", 0);
    const cold = decoded(slow, "Portfolio/GET-portfolio-positions-page0.json");
    expect(cold[0]).toMatchObject({ conid: 320227571, avgCost: "584.31333335", name: null });
    expect(slow.isCold?.(cold)).toBe(true);
    const warm = decoded(slow, "Portfolio/GET-portfolio-position-by-conid.json");
    expect(warm[0]).toMatchObject({ ticker: "SPY", strike: null });
    expect(slow.isCold?.(warm)).toBe(false);
  });

  it("contracts: search, strikes, facts and schedule", () => {
    const hits = decoded(
      searchContracts({ text: "SPY", byName: false }),
      "Contracts/GET-secdef-search.json",
    );
    expect(hits.map((hit) => [hit.conid, hit.description])).toEqual([
      [756733, "ARCA"],
      [38709152, "MEXI"],
    ]);
    const strikes = decoded(strikesOf(756733, "OPT", "APR26"), "Contracts/GET-secdef-strikes.json");
    expect(strikes.call).toHaveLength(12);
    expect(strikes.put[0]).toBe("50");
    const facts = decoded(contractFacts([756733]), "Contracts/GET-trsrv-secdef.json");
    expect(facts[0]).toMatchObject({ currency: "USD", listingExchange: "ARCA", isUS: true });
    const schedule = decoded(tradingSchedule(756733), "Contracts/GET-trading-schedule.json");
    expect(schedule.timeZone).toBe("US/Eastern");
    expect(schedule.days.map((day) => day.day)).toEqual(["2026-04-02", "2026-04-06"]);
  });

  it("market data: snapshot and scanner parameters", () => {
    const [row] = decoded(snapshotLook([756733], ["31"]), "MarketData/GET-snapshot.json");
    expect(row?.fields.get("31")).toBe("655.89");
    expect(row?.availabilityCode).toBe("S");
    const params = ScannerParams.parse(bodyOf("MarketData/GET-scanner-params.json"));
    expect(params.scan_type_list[0]?.instruments).toContain("ETF.EQ.US");
    expect(params.location_tree[0]?.locations[0]?.type).toBe("STK.US.MAJOR");
  });

  it("orders: list, status and trades", () => {
    const live = decoded(liveOrders(), "Orders/GET-live-orders.json");
    expect(live.orders[0]).toMatchObject({
      orderId: "473740665",
      price: null,
      timeInForce: "CLOSE",
      avgPrice: "647.09",
      filledQuantity: "1",
    });
    expect(decoded(liveOrders(), "Orders/GET-live-orders-empty.json").orders).toEqual([]);
    const status = decoded(orderStatus("473740665"), "Orders/GET-order-status.json");
    expect(status).toMatchObject({ order_status: "Filled", total_size: "1", tif: "DAY" });
    expect(decoded(trades(1), "Orders/GET-trades.json")[0]).toMatchObject({
      execution_id: "00018fae.67890abc.01.01",
      side: "BOT",
      price: "647.09",
    });
    expect(decoded(trades(1), "Orders/GET-trades-empty.json")).toEqual([]);
  });

  it("portfolio analyst, allocation and partitioned profit and loss", () => {
    const performance = decoded(
      performanceOf("U1234567", "1M"),
      "Portfolio/POST-pa-performance.json",
    );
    expect(performance.nav?.data[0]?.startNAV?.val).toBe("1002158.75");
    expect(performance.cps?.data[0]?.returns?.[0]).toBe("0.00025849");
    const paid = decoded(
      transactionsOf({ accountId: "U1234567", conid: 756733, currency: "USD", days: 31 }),
      "Portfolio/POST-pa-transactions.json",
    );
    expect(paid.transactions[1]).toMatchObject({ rawDate: "2026-04-01", amt: "-11789.55" });
    for (const name of ["GET-portfolio-allocation", "POST-portfolio-consolidated-allocation"]) {
      const allocation = decoded(allocationOf("U1234567"), `Portfolio/${name}.json`);
      expect(allocation.assetClass).toContainEqual({ name: "CASH", long: "971869.6", short: null });
    }
    const pnl = decoded(pnlPartitioned, "Portfolio/GET-iserver-account-pnl-partitioned.json");
    expect(pnl.size).toBe(0);
    expect(pnlPartitioned.isCold?.(pnl)).toBe(true);
  });

  it("watchlists, alerts and notices", () => {
    expect(decoded(watchlists, "Watchlists/GET-watchlists.json")[0]?.name).toBe("Capture Test");
    const list = decoded(watchlist("99999"), "Watchlists/GET-watchlist-by-id.json");
    expect(list.instruments[0]).toMatchObject({ conid: 756733, ticker: "SPY" });
    for (const name of ["GET-alerts-list", "GET-mta-alert"]) {
      expect(decoded(alertsOf("DU9999999"), `Alerts/${name}.json`)[0]?.alert_active).toBe(true);
    }
    const alert = decoded(alertDetail("100001"), "Alerts/GET-alert-detail.json");
    expect(alert.conditions[0]).toMatchObject({
      condition_operator: ">=",
      condition_value: "500.00",
    });
    expect(decoded(notices(10), "Fyi/GET-more-notifications.json")[0]).toMatchObject({
      ID: "2026040100000001",
      R: false,
      D: 1_775_000_000_000,
    });
  });
});
