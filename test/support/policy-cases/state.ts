import { AAPL } from "../orders.ts";
import { type CheckCases, minutesAgo, nothing, session } from "./tweaks.ts";

/** Cases of the checks of the stage `state`, by the check's name. */
export const STATE_CASES: Record<string, CheckCases> = {
  "kill-switch": {
    passes: nothing,
    fails: ({ s }) => {
      s.edge.kill = [{ scope: "broker_account", since: minutesAgo(1) }];
    },
    unknown: ({ s }) => {
      s.edge.kill = null;
    },
  },
  "trading-state": {
    passes: nothing,
    fails: ({ s }) => {
      s.edge.trading_state = "reducing";
    },
    unknown: ({ s }) => {
      s.edge.trading_state = null;
    },
  },
  "sidecar-online": {
    passes: nothing,
    fails: ({ s }) => {
      s.edge.sidecar_online = false;
    },
    unknown: ({ s }) => {
      s.edge.sidecar_online = null;
    },
  },
  "session-ready": {
    passes: nothing,
    fails: ({ s }) => {
      session(s).state = "degraded";
    },
    unknown: ({ s }) => {
      s.edge.session = null;
    },
  },
  "no-takeover": {
    passes: nothing,
    fails: ({ s }) => {
      session(s).state = "takeover_required";
    },
    unknown: ({ s }) => {
      s.edge.session = null;
    },
  },
  reconciling: {
    passes: ({ s }) => {
      s.edge.intents_in_doubt = [
        { conid: AAPL.conid, side: "SELL" },
        { conid: 1, side: "BUY" },
      ];
    },
    fails: ({ s }) => {
      s.edge.intents_in_doubt = [{ conid: AAPL.conid, side: "BUY" }];
    },
    unknown: ({ s }) => {
      s.edge.intents_in_doubt = null;
    },
  },
  "audit-available": {
    passes: ({ s }) => {
      s.edge.audit = { writable: true, lag_seconds: 3_600 };
    },
    fails: ({ s }) => {
      s.edge.audit = { writable: true, lag_seconds: 3_601 };
    },
    unknown: ({ s }) => {
      s.edge.audit = null;
    },
  },
  "clock-skew": {
    passes: ({ s }) => {
      s.edge.sidecar_skew_ms = -2_000;
    },
    fails: ({ s }) => {
      s.edge.sidecar_skew_ms = -2_001;
    },
    unknown: ({ s }) => {
      s.edge.sidecar_skew_ms = null;
    },
  },
  "policy-enabled": {
    passes: nothing,
    fails: ({ p }) => {
      p.enabled = false;
    },
    unknown: "none",
  },
  "policy-in-force": {
    passes: ({ p }) => {
      p.expires_at = "2026-11-20T15:00:00.001Z";
    },
    fails: ({ p }) => {
      p.expires_at = "2026-11-20T15:00:00.000Z";
    },
    unknown: "none",
  },
  "maintenance-window": {
    passes: ({ p }) => {
      p.state.maintenance = [{ from: "10:01", to: "09:59", zone: "America/New_York" }];
      p.state.maintenance = [{ from: "10:01", to: "11:00", zone: "America/New_York" }];
    },
    fails: ({ p }) => {
      p.state.maintenance = [{ from: "23:45", to: "10:01", zone: "America/New_York" }];
    },
    unknown: "none",
  },
};
