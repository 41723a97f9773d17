import type { Bench, ClientAnswer } from "@ibkr-edge-gateway/simulator/testing/client.ts";
import { prime } from "@ibkr-edge-gateway/simulator/testing/client.ts";

/** One answer of the simulator, and what was asked. */
export interface Stop {
  method: string;
  /** Without the query. */
  path: string;
  answer: ClientAnswer;
}

type Visit = (request: string, body?: unknown) => Promise<ClientAnswer>;

/**
 * Visits every path of the API that the simulator serves, each in a state in which it answers in
 * full: warm, logged in, with an order, a fill, a watchlist and, for the live login, an alert.
 */
export async function tour(bench: Bench): Promise<Stop[]> {
  const user = bench.control.world().sso.user;
  const account = user?.accountIds[0] ?? "";
  const stops: Stop[] = [];
  const visit: Visit = async (request, body) => {
    const [method = "GET", path = "/"] = request.split(" ");
    const answer = await bench.call(method, path, body);
    stops.push({ method, path: path.split("?")[0] ?? path, answer });
    return answer;
  };
  await prime(bench);
  await session(visit, account);
  await portfolio(visit, account);
  await contracts(visit);
  await market(visit, bench);
  await orders(visit, account, bench);
  await notes(visit);
  if (user?.isPaper === false) await alerts(visit, account);
  await visit("POST /logout");
  return stops;
}

async function session(visit: Visit, account: string): Promise<void> {
  await visit("POST /iserver/auth/status");
  await visit("GET /iserver/auth/status");
  await visit("POST /iserver/auth/ssodh/init", { publish: true, compete: false });
  await visit("POST /tickle");
  await visit("GET /sso/validate");
  await visit("GET /iserver/accounts");
  await visit("POST /iserver/account", { acctId: account });
  await visit(`GET /acesws/${account}/signatures-and-owners`);
}

async function portfolio(visit: Visit, account: string): Promise<void> {
  for (const path of ["accounts", "subaccounts", "subaccounts2?page=0"])
    await visit(`GET /portfolio/${path}`);
  for (const part of ["meta", "summary", "ledger", "allocation"])
    await visit(`GET /portfolio/${account}/${part}`);
  await visit(`POST /portfolio/${account}/positions/invalidate`);
  // Cold, then warm: the two have different keys.
  for (let read = 0; read < 2; read++)
    await visit(`GET /portfolio/${account}/positions/0?sort=name`);
  await visit(`GET /portfolio/${account}/position/756733`);
  await visit("GET /portfolio/positions/756733");
  await visit("POST /portfolio/allocation", { acctIds: [account] });
  await visit(`GET /portfolio2/${account}/positions`);
  for (const part of ["", "/available_funds", "/balances", "/margins", "/market_value"]) {
    await visit(`GET /iserver/account/${account}/summary${part}`);
  }
  await visit("GET /iserver/account/pnl/partitioned");
  await visit("POST /pa/performance", { acctIds: [account], period: "1M" });
  await visit("POST /pa/allperiods", { acctIds: [account] });
  await visit("POST /pa/transactions", {
    acctIds: [account],
    conids: [756733],
    currency: "USD",
    days: 90,
  });
}

async function contracts(visit: Visit): Promise<void> {
  await visit("GET /iserver/secdef/search?symbol=SPX");
  await visit("GET /iserver/secdef/search?symbol=SPY");
  await visit("POST /iserver/secdef/search", { symbol: "SPY" });
  await visit("GET /iserver/secdef/strikes?conid=416904&sectype=OPT&month=APR26");
  await visit("GET /iserver/secdef/info?conid=416904&sectype=OPT&month=APR26&strike=6600&right=C");
  await visit("GET /trsrv/secdef?conids=756733,265598,416904,12087792");
  await visit("GET /trsrv/stocks?symbols=AAPL,2330");
  await visit("GET /trsrv/futures?symbols=ES");
  await visit("GET /trsrv/all-conids?exchange=NASDAQ");
  await visit("GET /trsrv/secdef/schedule?assetClass=STK&symbol=AAPL");
  await visit("GET /contract/trading-schedule?conid=265598");
  await visit("GET /iserver/contract/756733/info");
  await visit("GET /iserver/contract/265598/info-and-rules?isBuy=true");
  await visit("GET /iserver/contract/265598/algos");
  await visit("GET /iserver/contract/265598/algos?addParams=1");
  await visit("POST /iserver/contract/rules", { conid: 756733, isBuy: true });
  await visit("GET /iserver/secdef/bond-filters?symbol=BOND&issuerId=e1");
  await visit("GET /iserver/currency/pairs?currency=USD");
  await visit("GET /iserver/exchangerate?source=EUR&target=USD");
}

async function market(visit: Visit, bench: Bench): Promise<void> {
  const fields = "31,55,70,71,82,83,84,85,86,87,88,7059,7295,7296,7762";
  for (let read = 0; read < 3; read++) {
    await visit(`GET /iserver/marketdata/snapshot?conids=756733,14204,38708077&fields=${fields}`);
  }
  await bench.get("/iserver/marketdata/history?conid=265598&period=1d&bar=5min");
  await visit("GET /iserver/marketdata/history?conid=265598&period=1d&bar=5min");
  await visit("POST /iserver/marketdata/unsubscribe", { conid: 756733 });
  await visit("GET /iserver/marketdata/unsubscribeall");
  await visit("GET /iserver/scanner/params");
  const scan = { instrument: "STK", type: "TOP_PERC_GAIN", location: "STK.US.MAJOR", filter: [] };
  await visit("POST /iserver/scanner/run", scan);
}

const BUY = { conid: 756733, side: "BUY", orderType: "LMT", tif: "GTC", quantity: 2 };

async function orders(visit: Visit, account: string, { control }: Bench): Promise<void> {
  const place = `POST /iserver/account/${account}/orders`;
  const resting = { ...BUY, price: 500, cOID: "tour-resting" };
  await visit(`${place}/whatif`, { orders: [resting] });
  await answerAll(visit, await visit(place, { orders: [resting] }));
  const filled = { ...BUY, orderType: "MKT", tif: "DAY", cOID: "tour-filled" };
  await answerAll(visit, await visit(place, { orders: [filled] }));
  await control.advance(5_000);
  const idOf = (ref: string): number =>
    control.orders().find((order) => order.ref === ref)?.id ?? 0;
  const id = idOf("tour-resting");
  await visit("GET /iserver/account/orders");
  for (const one of [id, idOf("tour-filled")])
    await visit(`GET /iserver/account/order/status/${one}`);
  await visit("GET /iserver/account/trades");
  const change = await visit(`POST /iserver/account/${account}/order/${id}`, {
    ...BUY,
    price: 501,
  });
  await answerAll(visit, change);
  await control.advance(1_000);
  await visit("POST /iserver/questions/suppress", { messageIds: ["o163", "o10138"] });
  await visit(`POST /iserver/account/${account}/order/${id}`, { ...BUY, price: 502 });
  await control.advance(1_000);
  await visit(`DELETE /iserver/account/${account}/order/${id}`);
  await visit("POST /iserver/questions/suppress/reset");
  await visit("POST /iserver/notification", { orderId: id, reqId: "1", text: "Cancel" });
}

/** Says Yes until there is no further question. */
async function answerAll(visit: Visit, first: ClientAnswer): Promise<void> {
  for (let answer = first, left = 10; left > 0; left--) {
    const question: unknown = Array.isArray(answer.json) ? answer.json[0] : answer.json;
    if (typeof question !== "object" || question === null || !("id" in question)) return;
    answer = await visit(`POST /iserver/reply/${String(question.id)}`, { confirmed: true });
  }
}

async function notes(visit: Visit): Promise<void> {
  await visit("GET /iserver/watchlists?SC=USER_WATCHLIST");
  // Cold, then warm.
  for (let read = 0; read < 2; read++) await visit("GET /iserver/watchlist?id=100");
  await visit("POST /iserver/watchlist", { id: "777", name: "Tour", rows: [{ C: 265598 }] });
  await visit("DELETE /iserver/watchlist?id=777");
  await visit("GET /fyi/unreadnumber");
  await visit("GET /fyi/settings");
  await visit("POST /fyi/settings/BA", { enabled: true });
  await visit("GET /fyi/disclaimer/BA");
  await visit("PUT /fyi/disclaimer/BA", {});
  await visit("GET /fyi/deliveryoptions");
  await visit("PUT /fyi/deliveryoptions/email?enabled=true", {});
  await visit("POST /fyi/deliveryoptions/device", {
    deviceId: "d1",
    deviceName: "d",
    uiName: "d",
    enabled: true,
  });
  await visit("DELETE /fyi/deliveryoptions/d1");
  await visit("GET /fyi/notifications?max=10");
  await visit("GET /fyi/notifications/more");
  await visit("PUT /fyi/notifications/2026040100000001", {});
}

async function alerts(visit: Visit, account: string): Promise<void> {
  const created = await visit(`POST /iserver/account/${account}/alert`, {
    orderId: 0,
    alertName: "Tour",
    alertMessage: "a price",
    alertRepeatable: 0,
    outsideRth: 0,
    tif: "GTC",
    conditions: [
      {
        conidex: "265598@SMART",
        logicBind: "n",
        operator: ">=",
        triggerMethod: "0",
        type: 1,
        value: "500",
      },
    ],
  });
  const body = created.json;
  const id =
    typeof body === "object" && body !== null && "order_id" in body ? Number(body.order_id) : 0;
  await visit(`GET /iserver/account/${account}/alerts`);
  await visit(`GET /iserver/account/alert/${id}?type=Q`);
  await visit("GET /iserver/account/mta");
  await visit(`POST /iserver/account/${account}/alert/activate`, { alertId: id, alertActive: 1 });
  await visit(`DELETE /iserver/account/${account}/alert/${id}`);
}
