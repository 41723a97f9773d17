import type { Finding } from "./openapi-check.ts";

/**
 * Where the simulator differs from IBKR's OpenAPI file on purpose. A `*` in `at` stands for
 * any one key. Each has its reason; one that no longer occurs fails the test.
 */
export interface Deviation {
  /** `GET /path/{parameter}`, or a beginning of it that ends in `*`. */
  endpoint: string;
  at: string;
  problem: string;
  why: string;
}

/** A recorded answer in test/fixtures/cpapi has it so. */
const RECORDED = "recorded so from a paper account";
const NULL = "recorded as null where there is nothing; the file does not say that it may be";
const AMOUNT = "the file says int32 of an amount that carries cents";
const DOCUMENTED = "the published documentation and field reports have it so";
const QUESTION =
  "an order answer is one of several shapes, and the file names fewer keys of a question than are sent";

function each(endpoint: string, problem: string, why: string, ...places: string[]): Deviation[] {
  return places.map((at) => ({ endpoint, at, problem, why }));
}

const INFO = "GET /iserver/contract/{conid}/info*";
const RULES = "POST /iserver/contract/rules";
const BOTH_RULES = ["/rules", ""] as const;

export const DEVIATIONS: readonly Deviation[] = [
  // Session.
  ...each("GET /sso/validate", "type", DOCUMENTED, "/QUALIFIED_FOR_MOBILE_AUTH"),
  ...each("GET /sso/validate", "unknown", DOCUMENTED, "/LOGIN_TYPE", "/features/env"),
  ...each(
    "GET /iserver/accounts",
    "unknown",
    RECORDED,
    "/allowFeatures/allowFA",
    "/allowFeatures/allowLiteUnderPro",
    "/isFT",
  ),
  ...each("POST /iserver/account", "unknown", DOCUMENTED, "/success"),
  ...each("GET /acesws/*", "unknown", RECORDED, "/users/*/entity/dateOfBirth"),

  // Portfolio.
  ...each("GET /portfolio/accounts", "unknown", RECORDED, "/*/faclient"),
  ...each("GET /portfolio/subaccounts", "unknown", RECORDED, "/*/faclient"),
  ...each("GET /portfolio/{accountId}/meta", "unknown", RECORDED, "/faclient"),
  ...each("GET /portfolio/accounts", "enum", RECORDED, "/*/businessType", "/*/type"),
  ...each("GET /portfolio/subaccounts", "enum", RECORDED, "/*/businessType", "/*/type"),
  ...each("GET /portfolio/{accountId}/meta", "enum", RECORDED, "/businessType", "/type"),
  ...each(
    "GET /portfolio/{accountId}/summary",
    "type",
    "the file says a number of what is recorded as the currency's name",
    "/*/currency",
  ),
  ...each(
    "GET /portfolio/{accountId}/ledger",
    "type",
    "the rate of a foreign currency is no whole number",
    "/*/exchangerate",
  ),
  ...each(
    "GET /portfolio/{accountId}/ledger",
    "unknown",
    RECORDED,
    "/*/endofbundle",
    "/*/cryptocurrencyvalue",
  ),
  ...each(
    "GET /portfolio/{accountId}/positions/{pageId}",
    "type",
    NULL,
    "/*/multiplier",
    "/*/putOrCall",
    "/*/lastTradingDay",
    "/*/group",
    "/*/sector",
    "/*/sectorGroup",
  ),
  ...each("GET /portfolio/{accountId}/positions/{pageId}", "enum", NULL, "/*/putOrCall"),
  ...each(
    "GET /portfolio/{accountId}/positions/{pageId}",
    "type",
    "a number on the sparse row, recorded so",
    "/*/strike",
  ),
  ...each(
    "GET /portfolio/{accountid}/position/{conid}",
    "type",
    NULL,
    "/*/putOrCall",
    "/*/lastTradingDay",
    "/*/group",
    "/*/sector",
    "/*/sectorGroup",
  ),
  ...each("GET /portfolio/{accountid}/position/{conid}", "enum", NULL, "/*/putOrCall"),
  ...each(
    "GET /portfolio/positions/{conid}",
    "type",
    "recorded as a list by account, not as one object",
    "/*",
  ),

  // The brokerage side's own figures.
  ...each("GET /iserver/account/{accountId}/summary", "type", AMOUNT, "/*", "/cashBalances/*/*"),
  ...each(
    "GET /iserver/account/{accountId}/summary/*",
    "unknown",
    "recorded under other names than the file's",
    "/*/*",
    "/Crypto at Paxos",
  ),

  // Analyst.
  ...each("POST /pa/performance", "type", AMOUNT, "/nav/data/*/startNAV/val"),
  ...each(
    "POST /pa/allperiods",
    "unknown",
    "the file spells it startNav, the answer as in performance",
    "/*/*/startNAV",
  ),
  ...each("POST /pa/transactions", "type", AMOUNT, "/transactions/*/pr", "/transactions/*/amt"),
  ...each("POST /pa/transactions", "unknown", RECORDED, "/transactions/*/rawDate"),

  // Contracts.
  ...each("GET /iserver/secdef/search", "unknown", RECORDED, "/*/sections/*/conid"),
  ...each("POST /iserver/secdef/search", "unknown", RECORDED, "/*/sections/*/conid"),
  ...each(
    INFO,
    "type",
    NULL,
    "/cusip",
    "/expiry_full",
    "/maturity_date",
    "/contract_clarification_type",
    "/classifier",
    "/text",
    "/multiplier",
    "/underlying_issuer",
    "/contract_month",
  ),
  ...each(INFO, "unknown", RECORDED, "/has_related_contracts", "/rules/stopprice"),
  ...each(INFO, "unknown", DOCUMENTED, "/rules/overnightEligible"),
  ...each(RULES, "unknown", RECORDED, "/stopprice"),
  ...each(RULES, "unknown", DOCUMENTED, "/overnightEligible"),
  ...BOTH_RULES.flatMap((prefix) => {
    const endpoint = prefix === "" ? RULES : INFO;
    return [
      ...each(
        endpoint,
        "type",
        "the file says int32 of a price",
        `${prefix}/limitPrice`,
        `${prefix}/increment`,
        `${prefix}/incrementRules/*/increment`,
      ),
      ...each(
        endpoint,
        "enum",
        "recorded with midprice, which the file does not list",
        `${prefix}/ibAlgoTypes/*`,
      ),
    ];
  }),
  ...each(
    "GET /iserver/currency/pairs",
    "type",
    "the file says int32 of a currency's name",
    "/*/*/ccyPair",
  ),

  // Market data.
  ...each(
    "POST /iserver/marketdata/unsubscribe",
    "enum",
    "the file's enum is the text true of a boolean",
    "/success",
  ),
  ...each(
    "GET /iserver/marketdata/unsubscribeall",
    "enum",
    "the file's enum is the text true of a boolean",
    "/unsubscribed",
  ),
  ...each(
    "GET /iserver/scanner/params",
    "type",
    RECORDED,
    "/location_tree/*/locations/*/locations",
  ),

  // Orders.
  ...each("POST /iserver/account/{accountId}/orders/whatif", "type", RECORDED, "/error"),
  ...each("POST /iserver/account/{accountId}/orders", "type", QUESTION, ""),
  ...each("POST /iserver/account/{accountId}/orders", "unknown", QUESTION, "/*/*"),
  ...each("POST /iserver/account/{accountId}/order/{orderId}", "type", QUESTION, ""),
  ...each("POST /iserver/account/{accountId}/order/{orderId}", "unknown", QUESTION, "/*/*"),
  ...each("POST /iserver/reply/{replyId}", "unknown", QUESTION, "/*/*"),
  ...each(
    "GET /iserver/account/orders",
    "type",
    "recorded as numbers, the file says text",
    "/orders/*/conid",
    "/orders/*/filledQuantity",
    "/orders/*/lastExecutionTime_r",
    "/orders/*/remainingQuantity",
    "/orders/*/totalSize",
  ),
  ...each(
    "GET /iserver/account/orders",
    "unknown",
    DOCUMENTED,
    "/orders/*/order_ref",
    "/orders/*/outsideRTH",
  ),
  ...each(
    "GET /iserver/account/orders",
    "unknown",
    "a field nobody documented, for decoders to put up with",
    "/orders/*/simulatedExtra",
  ),
  ...each("GET /iserver/account/order/status/{orderId}", "type", RECORDED, "/sub_type", "/conid"),
  ...each(
    "GET /iserver/account/order/status/{orderId}",
    "enum",
    "B and S are seen beside BUY and SELL",
    "/side",
  ),
  ...each(
    "GET /iserver/account/order/status/{orderId}",
    "unknown",
    "recorded with keys that the file does not name",
    "/*",
  ),
  ...each("GET /iserver/account/trades", "type", RECORDED, "/*/conid"),

  // Lists and notices.
  ...each("GET /iserver/watchlist", "unknown", "a blank line of the list", "/instruments/*/H"),
  ...each("GET /fyi/notifications", "type", RECORDED, "/*/R"),
  ...each(
    "POST /iserver/account/{accountId}/alert",
    "type",
    NULL,
    "/order_status",
    "/warning_message",
  ),
  ...each("POST /iserver/account/{accountId}/alert/activate", "type", NULL, "/failure_list"),
  ...each("DELETE /iserver/account/{accountId}/alert/{alertId}", "type", NULL, "/failure_list"),
  ...each(
    "GET /iserver/account/alert/{alertId}",
    "type",
    RECORDED,
    "/alert_play_audio",
    "/alert_triggered",
    "/alert_default_type",
    "/conditions/*/condition_trigger_method",
    "/conditions/*/condition_logic_bind",
  ),
  ...each("GET /iserver/account/alert/{alertId}", "enum", RECORDED, "/order_status"),
  ...each("GET /iserver/account/alert/{alertId}", "unknown", RECORDED, "/alert_name"),
  ...each("GET /iserver/account/mta", "type", RECORDED, ""),
];

export function explains(deviation: Deviation, finding: Finding): boolean {
  const { endpoint } = deviation;
  const here = endpoint.endsWith("*")
    ? finding.endpoint.startsWith(endpoint.slice(0, -1))
    : finding.endpoint === endpoint;
  return here && deviation.problem === finding.problem && fits(deviation.at, finding.at);
}

function fits(pattern: string, at: string): boolean {
  const wanted = pattern.split("/");
  const found = at.split("/");
  return (
    wanted.length === found.length &&
    wanted.every((part, index) => part === "*" || part === found[index])
  );
}
