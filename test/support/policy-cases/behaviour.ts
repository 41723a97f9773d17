import { AAPL } from "../orders.ts";
import { account, type CheckCases, market, minutesAgo, nothing } from "./tweaks.ts";

/** Cases of the checks of the stage `behaviour`, by the check's name. */
export const BEHAVIOUR_CASES: Record<string, CheckCases> = {
  "daily-loss": {
    passes: ({ s }) => {
      account(s).daily_pnl = "-1000";
    },
    fails: ({ s }) => {
      account(s).daily_pnl = "-1000.01";
    },
    unknown: ({ s }) => {
      account(s).daily_pnl = null;
    },
  },
  drawdown: {
    passes: ({ s, p }) => {
      p.behaviour.max_drawdown_percent = "10";
      account(s).net_liquidation = "90000";
    },
    fails: ({ s, p }) => {
      p.behaviour.max_drawdown_percent = "10";
      account(s).net_liquidation = "89999.99";
    },
    unknown: ({ s, p }) => {
      p.behaviour.max_drawdown_percent = "10";
      account(s).peak_net_liquidation = null;
    },
  },
  "loss-cooldown": {
    passes: ({ s, p }) => {
      Object.assign(p.behaviour, { cooldown_after_losses: 3, cooldown_minutes: 30 });
      s.edge.losses = { consecutive: 3, last_loss_at: minutesAgo(30), stop_outs: [] };
    },
    fails: ({ s, p }) => {
      Object.assign(p.behaviour, { cooldown_after_losses: 3, cooldown_minutes: 30 });
      s.edge.losses = { consecutive: 3, last_loss_at: minutesAgo(29), stop_outs: [] };
    },
    unknown: ({ s, p }) => {
      Object.assign(p.behaviour, { cooldown_after_losses: 3, cooldown_minutes: 30 });
      s.edge.losses = null;
    },
  },
  "reentry-lock": {
    passes: ({ s, p }) => {
      p.behaviour.reentry_lock_minutes = 30;
      const stop_outs = [{ conid: AAPL.conid, at: minutesAgo(30) }];
      s.edge.losses = { consecutive: 1, last_loss_at: null, stop_outs };
    },
    fails: ({ s, p }) => {
      p.behaviour.reentry_lock_minutes = 30;
      const stop_outs = [{ conid: AAPL.conid, at: minutesAgo(29) }];
      s.edge.losses = { consecutive: 1, last_loss_at: null, stop_outs };
    },
    unknown: ({ s, p }) => {
      p.behaviour.reentry_lock_minutes = 30;
      s.edge.losses = null;
    },
  },
  "quiet-hours": {
    passes: ({ p }) => {
      p.state.quiet_hours = [{ from: "22:00", to: "15:00", zone: "UTC" }];
    },
    fails: ({ p }) => {
      p.state.quiet_hours = [{ from: "22:00", to: "15:01", zone: "UTC" }];
    },
    unknown: "none",
  },
  "duplicate-order": {
    passes: ({ s }) => {
      const { economic_hash } = s.edge;
      s.edge.asked = [{ economic_hash, at: minutesAgo(1), outcome: "placed" }];
    },
    fails: ({ s }) => {
      const { economic_hash } = s.edge;
      s.edge.asked = [{ economic_hash, at: minutesAgo(0, 59_999), outcome: "placed" }];
    },
    unknown: ({ s }) => {
      s.edge.asked = null;
    },
  },
  "idempotency-key": {
    passes: nothing,
    fails: ({ s }) => {
      s.edge.idempotency = { key: null, seen: "new" };
    },
    unknown: ({ s }) => {
      s.edge.idempotency = null;
    },
  },
  "idempotency-conflict": {
    passes: nothing,
    fails: ({ s }) => {
      s.edge.idempotency = { key: "k-1", seen: "conflict" };
    },
    unknown: ({ s }) => {
      s.edge.idempotency = null;
    },
  },
  "preview-fresh": {
    passes: nothing,
    fails: ({ s }) => {
      s.edge.preview = { expires_at: "2026-11-20T15:00:00.000Z", generation: 4 };
    },
    unknown: ({ s }) => {
      s.edge.preview = null;
    },
  },
  "price-drift": {
    passes: ({ s }) => {
      Object.assign(market(s), { bid: "189.1225", ask: "189.1225" });
    },
    fails: ({ s }) => {
      Object.assign(market(s), { bid: "189.1226", ask: "189.1226" });
    },
    unknown: ({ s }) => {
      s.edge.market_now = null;
    },
  },
};
