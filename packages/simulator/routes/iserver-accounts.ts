import { answer, failed, fieldsOf, ok, parameter, type SimRequest } from "../http/exchange.ts";
import type { SimRoute } from "../http/router.ts";
import type { WireJson } from "../json.ts";
import type { Simulator } from "../simulator.ts";
import type { Account } from "../state/accounts.ts";
import { BROKER_SERVER_INFO } from "./session.ts";

const ASSET_TYPES =
  "STK,CFD,OPT,FOP,WAR,FUT,BAG,PDC,CASH,IND,BOND,BILL,FUND,SLB,News,CMDTY,IOPT,ICU,ICS,PHYSS,CRYPTO";
const ALL_PERIODS = [
  "STK",
  "CFD",
  "WAR",
  "IOPT",
  "FUT",
  "CASH",
  "IND",
  "BOND",
  "FUND",
  "CMDTY",
  "PHYSS",
  "CRYPTO",
];

/** The account of a path, when it is one of this login's. */
export function ownAccount(sim: Simulator, id: string): Account | undefined {
  if (sim.world.sso.user?.accountIds.includes(id) !== true) return undefined;
  return sim.world.accounts.get(id);
}

/** What `/iserver/accounts` answers and the `act` topic repeats. */
export function accountsOf(sim: Simulator): { [key: string]: WireJson } {
  const user = sim.world.sso.user;
  const ids = user?.accountIds ?? [];
  const established = sim.world.brokerage.established;
  const props = {
    hasChildAccounts: false,
    supportsCashQty: true,
    liteUnderPro: false,
    noFXConv: false,
    isProp: false,
    supportsFractions: true,
    allowCustomerTime: false,
    autoFx: false,
  };
  return {
    // Before the session is established the list is there and empty.
    accounts: established ? ids : [],
    acctProps: Object.fromEntries(ids.map((id) => [id, props])),
    aliases: Object.fromEntries(ids.map((id) => [id, id])),
    allowFeatures: {
      showGFIS: true,
      showEUCostReport: false,
      allowEventContract: true,
      allowFXConv: true,
      allowFinancialLens: false,
      allowMTA: true,
      allowTypeAhead: true,
      allowEventTrading: true,
      snapshotRefreshTimeout: 30,
      liteUser: false,
      showWebNews: true,
      research: true,
      debugPnl: true,
      showTaxOpt: true,
      showImpactDashboard: true,
      allowDynAccount: false,
      allowCrypto: true,
      allowFA: false,
      allowLiteUnderPro: false,
      allowedAssetTypes: ASSET_TYPES,
      restrictTradeSubscription: false,
      showUkUserLabels: false,
      sideBySide: true,
    },
    chartPeriods: Object.fromEntries([
      ...ALL_PERIODS.map((type) => [type, ["*"]]),
      ["OPT", ["2h", "1d", "2d", "1w", "1m"]],
      ["FOP", ["2h", "1d", "2d", "1w", "1m"]],
    ]),
    groups: [],
    profiles: [],
    selectedAccount: sim.world.brokerage.selectedAccount,
    serverInfo: BROKER_SERVER_INFO,
    sessionId: `${sim.world.sso.sessionId.slice(0, 8)}.00000001`,
    isFT: false,
    isPaper: isPaper(sim),
  };
}

/** True or false, in whichever way the build at hand writes it. */
export function isPaper(sim: Simulator): WireJson {
  const paper = sim.world.sso.user?.isPaper ?? false;
  switch (sim.behaviours.drift.isPaperAs) {
    case "boolean":
      return paper;
    case "text":
      return String(paper);
    case "number":
      return paper ? 1 : 0;
  }
}

function accounts(sim: Simulator) {
  if (sim.world.brokerage.established) sim.world.brokerage.primed.iserverAccounts = true;
  return ok(accountsOf(sim));
}

function select(sim: Simulator, request: SimRequest) {
  const id = fieldsOf(request).acctId;
  if (typeof id !== "string" || id === "") return failed(400, "Bad Request: acctId is required");
  if (ownAccount(sim, id) === undefined) return failed(500, "Unknown account");
  if (id === sim.world.brokerage.selectedAccount) return ok({ success: "Account already set" });
  sim.world.brokerage.selectedAccount = id;
  return ok({ set: true, acctId: id });
}

export const accountRoutes: readonly SimRoute[] = [
  { method: "GET", pattern: "/iserver/accounts", needs: "brokerage", handle: accounts },
  { method: "POST", pattern: "/iserver/account", needs: "brokerage", handle: select },
  {
    method: "GET",
    pattern: "/iserver/account/search/:pattern",
    needs: "brokerage",
    handle: () =>
      failed(
        503,
        "Details currently unavailable. Please try again later and contact client services if the issue persists.",
      ),
  },
  {
    method: "POST",
    pattern: "/iserver/dynaccount",
    needs: "brokerage",
    handle: () => answer(401, { error: "Unauthorized", statusCode: 401 }),
  },
  {
    method: "GET",
    pattern: "/acesws/:account/signatures-and-owners",
    needs: "sso",
    handle: (sim, request) => {
      const account = ownAccount(sim, parameter(request, "account"));
      if (account === undefined) return answer(401, { error: "Unauthorized", statusCode: 401 });
      return ok({
        accountId: account.id,
        users: [
          {
            roleId: "OWNER",
            hasRightCodeInd: true,
            userName: sim.world.sso.user?.name,
            entity: {
              firstName: "Simulated",
              lastName: "Owner",
              entityType: "INDIVIDUAL",
              entityName: "Simulated Owner",
              dateOfBirth: "1990-01-15",
            },
          },
        ],
        applicant: { signatures: ["Simulated Owner"] },
      });
    },
  },
];
