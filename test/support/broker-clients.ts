/**
 * What other people's clients of the Client Portal say, in their order and their form, as far as it was seen
 * in public: what the wire must carry, whatever the client is written in. The suite in
 * test/contract/client-compatibility.test.ts says each of them to the simulator, and
 * docs/broker-clients.md is made from them.
 */
export interface ClientStep {
  /** `METHOD /path?query`, or a frame of the socket. `{name}` is filled in from what was learnt. */
  say: string;
  /** A body as it goes over the wire; a string is sent as it is. */
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  /** What is particular about the form. */
  form?: string;
  /** 200 unless it says otherwise. */
  status?: number;
  /** Of a frame: the topic whose frame answers it; null where nothing does. */
  hears?: string | null;
  /** What of the answer the client goes on with: a name, and the way to it. */
  learns?: Readonly<Record<string, readonly (string | number)[]>>;
  /** Ways at which the client needs something. */
  needs?: readonly (readonly (string | number)[])[];
  /** Time passes before the next one, on the broker's clock, ms. */
  thenMs?: number;
}

export interface ClientScript {
  client: string;
  title: string;
  /** Where it was seen. */
  seen: string;
  /** How its socket comes in: with the session in a cookie, in its first message, or with nothing. */
  socket?: "cookie" | "message" | "nothing";
  /** What a Python program sends with each request. */
  headers: Readonly<Record<string, string>>;
  steps: readonly ClientStep[];
}

const PYTHON = {
  "User-Agent": "python-requests/2.32.3",
  Accept: "*/*",
  "Accept-Encoding": "gzip, deflate",
  Connection: "keep-alive",
};
const JSON_TYPE = { "Content-Type": "application/json" };
const AAPL = 265598;

const IBIND = "ibind 0.1.24";
const SAMPLES = "IBKR's Web API samples";

const ibindSession: ClientScript = {
  client: IBIND,
  title: "opens a session and asks what there is",
  seen: "its run against this simulator; ibind #7 (accounts first)",
  headers: { ...PYTHON },
  steps: [
    {
      say: "POST /tickle",
      form: "no body, no cookie",
      needs: [["session"], ["iserver", "authStatus"]],
    },
    {
      say: "POST /iserver/auth/status",
      form: "no body",
      needs: [["authenticated"], ["connected"]],
    },
    {
      say: "GET /iserver/accounts",
      learns: { account: ["selectedAccount"] },
      needs: [["accounts", 0]],
    },
    { say: "GET /portfolio/accounts", needs: [[0, "accountId"]] },
    { say: "GET /portfolio/{account}/summary", needs: [["netliquidation", "amount"]] },
    { say: "GET /portfolio/{account}/ledger", needs: [["BASE", "cashbalance"]] },
    { say: "GET /portfolio/{account}/positions/0" },
    { say: "GET /portfolio2/{account}/positions" },
  ],
};

const ibindMarket: ClientScript = {
  client: IBIND,
  title: "looks contracts and prices up",
  seen: "its run against this simulator; ibind #1 and #107 (first snapshot blank), #15 (history)",
  headers: { ...PYTHON },
  steps: [
    { say: "GET /iserver/accounts" },
    { say: "GET /trsrv/stocks?symbols=AAPL", needs: [["AAPL", 0, "contracts", 0, "conid"]] },
    { say: "GET /trsrv/futures?symbols=ES", needs: [["ES", 0, "conid"]] },
    {
      say: "GET /iserver/secdef/search?symbol=AAPL&name=False",
      form: "Python's False",
      needs: [[0, "conid"]],
    },
    {
      say: "POST /iserver/contract/rules",
      headers: JSON_TYPE,
      body: { conid: String(AAPL), isBuy: true },
      form: "the contract's id as text",
      needs: [["orderTypes"], ["incrementRules"]],
    },
    {
      say: `GET /iserver/contract/${AAPL}/info-and-rules?isBuy=True`,
      form: "Python's True",
      needs: [["rules"]],
    },
    {
      say: `GET /iserver/marketdata/snapshot?conids=${AAPL}&fields=31,84,86`,
      form: "the first look is blank",
      needs: [[0, "conid"]],
    },
    { say: `GET /iserver/marketdata/snapshot?conids=${AAPL}&fields=31,84,86`, needs: [[0, "31"]] },
    {
      say: `GET /iserver/marketdata/history?conid=${AAPL}&period=1d&bar=5min&outsideRth=True`,
      form: "Python's True; the first look may fail",
      status: 0,
    },
    {
      say: `GET /iserver/marketdata/history?conid=${AAPL}&period=1d&bar=5min&outsideRth=True`,
      needs: [["data", 0, "c"]],
    },
    { say: "GET /iserver/marketdata/unsubscribeall", needs: [["unsubscribed"]] },
  ],
};

const ibindOrders: ClientScript = {
  client: IBIND,
  title: "places an order, answers what is asked, changes it, cancels it",
  seen: "client-side loop of up to twenty replies; ibind #35 and #103 (replies), #42 and #135 (questions)",
  headers: { ...PYTHON },
  steps: [
    { say: "GET /iserver/accounts", learns: { account: ["selectedAccount"] } },
    { say: "GET /portfolio/accounts" },
    {
      say: "POST /iserver/account/{account}/orders/whatif",
      headers: JSON_TYPE,
      body: {
        orders: [
          { conid: AAPL, side: "BUY", quantity: 1, orderType: "LMT", price: 100, tif: "GTC" },
        ],
      },
      needs: [["amount"], ["equity"]],
    },
    {
      say: "POST /iserver/account/{account}/orders",
      headers: JSON_TYPE,
      body: {
        orders: [
          {
            acctId: "{account}",
            conid: AAPL,
            side: "BUY",
            quantity: 1,
            orderType: "LMT",
            price: 100,
            tif: "GTC",
            outsideRTH: false,
            cOID: "my_order-1",
          },
        ],
      },
      form: "asked until an order's id comes: see the replies",
      needs: [[0]],
    },
    {
      say: "POST /iserver/reply/{reply}",
      headers: JSON_TYPE,
      body: { confirmed: true },
      form: "again and again, up to twenty times",
      learns: { order: [0, "order_id"] },
      thenMs: 2_000,
    },
    {
      say: "GET /iserver/account/orders?force=True&accountId={account}",
      form: "Python's True; empties the list",
    },
    { say: "GET /iserver/account/orders" },
    { say: "GET /iserver/account/orders", needs: [["orders", 0, "orderId"]] },
    { say: "GET /iserver/account/order/status/{order}", needs: [["order_status"]] },
    {
      say: "POST /iserver/account/{account}/order/{order}",
      headers: JSON_TYPE,
      body: {
        conid: AAPL,
        side: "BUY",
        quantity: 1,
        orderType: "LMT",
        price: 101,
        tif: "GTC",
        acctId: "{account}",
      },
      form: "the bare order, every field once more",
      needs: [[0]],
    },
    {
      say: "POST /iserver/reply/{reply}",
      headers: JSON_TYPE,
      body: { confirmed: true },
      form: "as above",
      thenMs: 2_000,
    },
    { say: "DELETE /iserver/account/{account}/order/{order}", needs: [["msg"]], thenMs: 2_000 },
    { say: "GET /iserver/account/trades/", form: "a slash at the end" },
    {
      say: "POST /iserver/account/{account}/orders",
      headers: JSON_TYPE,
      body: {
        orders: [
          {
            conid: AAPL,
            side: "BUY",
            quantity: 1,
            orderType: "LMT",
            price: 100,
            tif: "GTC",
            cOID: "my_order-1",
          },
        ],
      },
      form: "an id once used is refused inside a 200, in words that the client looks for",
      needs: [["error"]],
    },
    {
      say: "POST /iserver/questions/suppress",
      headers: JSON_TYPE,
      body: { messageIds: ["o163", "o354"] },
      needs: [["status"]],
    },
    { say: "POST /iserver/questions/suppress/reset", needs: [["status"]] },
  ],
};

const ibindSocket: ClientScript = {
  client: IBIND,
  title: "subscribes on the socket, and waits for the answers that it waits for",
  seen: "its table of confirmations (an answer on sd, ld, md, mh, pl, tr; none on or, bd); ibind #25, #129, #145, PR #149",
  socket: "cookie",
  headers: { ...PYTHON },
  steps: [
    { say: "GET /iserver/accounts", learns: { account: ["selectedAccount"] } },
    { say: `smd+${AAPL}+{"fields":["31","84","86"]}`, hears: `smd+${AAPL}` },
    {
      say: `smh+${AAPL}+{"period":"1d","bar":"1h","outsideRth":false,"source":"trades","format":"%o/%c/%h/%l"}`,
      hears: `smh+${AAPL}`,
    },
    { say: "sor+{}", hears: null, form: "no answer while there is no order" },
    {
      say: 'str+{"realtimeUpdatesOnly":false,"days":1}',
      hears: "str",
      form: "an answer also while there is no trade",
    },
    { say: "spl+{}", hears: "spl" },
    {
      say: 'ssd+{account}+{"keys":["NetLiquidation-S"],"fields":["currency","monetaryValue"]}',
      hears: "ssd+{account}",
    },
    {
      say: 'sld+{account}+{"keys":["LedgerListUSD"],"fields":["cashBalance","exchangeRate"]}',
      hears: "sld+{account}",
      form: "a field as the documents spell it",
    },
    { say: "tic", hears: null },
    { say: "ech+hb", hears: null, form: "the older ping" },
    { say: "usd+{account}+{}", hears: "unsubscribed from summary" },
    { say: "uld+{account}+{}", hears: "unsubscribed from ledger" },
    { say: `umd+${AAPL}+{}`, hears: null },
    { say: "uor+{}", hears: null },
    { say: "utr", hears: null, form: "bare" },
  ],
};

const samplesReads: ClientScript = {
  client: SAMPLES,
  title: "reads",
  seen: "their run against this simulator",
  headers: { ...PYTHON },
  steps: [
    {
      say: "GET /iserver/auth/status",
      form: "GET where the documents say POST",
      needs: [["authenticated"]],
    },
    { say: "GET /tickle", form: "GET", needs: [["session"]] },
    { say: "GET /iserver/accounts", learns: { account: ["selectedAccount"] } },
    { say: "GET /portfolio/accounts" },
    {
      say: "POST /trsrv/secdef",
      headers: JSON_TYPE,
      body: { conids: [AAPL, 756733] },
      form: "ids in a body",
      needs: [["secdef", 1, "conid"]],
    },
    {
      say: "POST /iserver/secdef/search",
      headers: JSON_TYPE,
      body: { symbol: "SPX", name: false, secType: "IND" },
      needs: [[0, "conid"]],
    },
    {
      say: "GET /iserver/secdef/strikes?conid=416904&sectype=OPT&month=APR26",
      needs: [["call", 0]],
    },
    {
      say: "GET /iserver/secdef/info?conid=416904&sectype=OPT&month=APR26&strike=6600&right=C",
      needs: [[0, "maturityDate"]],
    },
    { say: "GET /iserver/account/trades/?days=3", form: "a slash at the end" },
    { say: "GET //iserver/accounts", form: "a slash too many" },
    {
      say: "POST /iserver/contract/rules",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: `conid=${AAPL}&isBuy=True`,
      form: "a form's body",
      needs: [["orderTypes"]],
    },
    {
      say: "POST /iserver/scanner/run",
      headers: JSON_TYPE,
      body: { instrument: "STK", location: "STK.US.MAJOR", type: "TOP_PERC_GAIN", filter: [] },
      needs: [["contracts", 0, "con_id"]],
    },
    {
      say: "POST /pa/performance",
      headers: JSON_TYPE,
      body: { acctIds: ["{account}"], period: "1D" },
      needs: [["nav"]],
    },
    {
      say: "POST /iserver/reply/none",
      headers: JSON_TYPE,
      body: { confirmed: "true" },
      form: "yes as text is refused",
      status: 500,
    },
  ],
};

const samplesSocket: ClientScript = {
  client: SAMPLES,
  title: "open the socket of a local gateway with no cookie",
  seen: "their run against this simulator",
  socket: "nothing",
  headers: { ...PYTHON },
  steps: [
    { say: "GET /iserver/accounts" },
    { say: `smd+${AAPL}+{"fields":["31","83"]}`, hears: `smd+${AAPL}` },
    { say: `umd+${AAPL}+{}`, hears: null },
  ],
};

const olderSocket: ClientScript = {
  client: "older clients",
  title: "say the session in their first message",
  seen: "reported of clients from before the cookie",
  socket: "message",
  headers: { ...PYTHON },
  steps: [
    { say: "POST /tickle", needs: [["session"]] },
    { say: "GET /iserver/accounts" },
    { say: '{"session":"{session}"}', hears: "system" },
    { say: "spl+{}", hears: "spl" },
  ],
};

export const CLIENT_SCRIPTS: readonly ClientScript[] = [
  ibindSession,
  ibindMarket,
  ibindOrders,
  ibindSocket,
  samplesReads,
  samplesSocket,
  olderSocket,
];
