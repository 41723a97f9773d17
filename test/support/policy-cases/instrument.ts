import { AAPL } from "../orders.ts";
import {
  both,
  type CheckCases,
  instrument,
  leg,
  market,
  nothing,
  option,
  shortOption,
} from "./tweaks.ts";

/** Cases of the checks of the stage `instrument`, by the check's name. */
export const INSTRUMENT_CASES: Record<string, CheckCases> = {
  "instrument-unambiguous": {
    passes: option(),
    fails: option({ contract: { ...AAPL, asset_class: "OPT", multiplier: "100" } }),
    unknown: "none",
  },
  "instrument-allowed": {
    passes: ({ p }) => {
      p.instruments.conids_allowed = [AAPL.conid];
    },
    fails: ({ p }) => {
      p.instruments.conids_allowed = [];
    },
    unknown: "none",
  },
  "instrument-denied": {
    passes: ({ p }) => {
      p.instruments.conids_denied = [1];
    },
    fails: ({ p }) => {
      p.instruments.conids_denied = [AAPL.conid];
    },
    unknown: "none",
  },
  "issuer-allowed": {
    passes: ({ p }) => {
      p.instruments.issuers_denied = ["Enron"];
    },
    fails: ({ p }) => {
      p.instruments.issuers_denied = ["Apple Inc"];
    },
    unknown: ({ s, p }) => {
      p.instruments.issuers_denied = ["Enron"];
      instrument(s).issuer = null;
    },
  },
  "asset-class-allowed": {
    passes: nothing,
    fails: ({ p }) => {
      p.instruments.asset_classes = ["OPT"];
    },
    unknown: "none",
  },
  "exchange-allowed": {
    passes: ({ p }) => {
      p.instruments.exchanges = ["NASDAQ"];
    },
    fails: ({ p }) => {
      p.instruments.exchanges = ["SMART", "NYSE"];
    },
    unknown: both(leg({ contract: { ...AAPL, listing_exchange: null } }), ({ p }) => {
      p.instruments.exchanges = ["NASDAQ"];
    }),
  },
  "currency-allowed": {
    passes: ({ p }) => {
      p.instruments.currencies = ["USD"];
    },
    fails: ({ p }) => {
      p.instruments.currencies = ["EUR"];
    },
    unknown: "none",
  },
  "sector-allowed": {
    passes: ({ p }) => {
      p.instruments.sectors_denied = ["Tobacco"];
    },
    fails: ({ p }) => {
      p.instruments.sectors_denied = ["technology"];
    },
    unknown: ({ s, p }) => {
      p.instruments.sectors_denied = ["Tobacco"];
      instrument(s).sector = null;
    },
  },
  "restricted-list": {
    passes: ({ p }) => {
      p.instruments.restricted = [
        {
          conid: AAPL.conid,
          from: null,
          until: "2026-11-20T15:00:00.000Z",
          blocks: "all",
          reason: "",
        },
      ];
    },
    fails: ({ p }) => {
      p.instruments.restricted = [
        {
          conid: AAPL.conid,
          from: "2026-11-20T15:00:00.000Z",
          until: null,
          blocks: "all",
          reason: "",
        },
      ];
    },
    unknown: "none",
  },
  "not-halted": {
    passes: nothing,
    fails: ({ s }) => {
      market(s).halted = true;
    },
    unknown: ({ s }) => {
      market(s).halted = null;
    },
  },
  "tradable-now": {
    passes: ({ p }) => {
      p.form.when_closed = false;
    },
    fails: ({ s, p }) => {
      p.form.when_closed = false;
      instrument(s).tradable_now = false;
    },
    unknown: ({ s, p }) => {
      p.form.when_closed = false;
      instrument(s).tradable_now = null;
    },
  },
  "option-rules": {
    passes: shortOption,
    fails: both(option(), ({ s }) => {
      instrument(s).days_to_expiry = 0;
    }),
    unknown: both(option(), ({ s }) => {
      instrument(s).days_to_expiry = null;
    }),
  },
};
