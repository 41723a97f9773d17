import { aLeg } from "../orders.ts";
import { both, type CheckCases, cancel, change, client, live, nothing } from "./tweaks.ts";

/** Cases of the checks of the stage `identity`, by the check's name. */
export const IDENTITY_CASES: Record<string, CheckCases> = {
  "scope-granted": {
    passes: nothing,
    fails: ({ s }) => {
      client(s).scopes = ["ibkr:orders:preview", "ibkr:orders:paper:cancel"];
    },
    unknown: ({ s }) => {
      s.edge.client = null;
    },
  },
  "client-allowed": {
    passes: ({ s, p }) => {
      p.clients.allowed = ["client-1"];
      client(s).accounts = ["DU1234567"];
    },
    fails: ({ s }) => {
      client(s).accounts = ["DU7654321"];
    },
    unknown: ({ s }) => {
      s.edge.client = null;
    },
  },
  "account-allowed": {
    passes: nothing,
    fails: ({ p }) => {
      p.account_id = "DU7654321";
    },
    unknown: "none",
  },
  "account-mode": {
    passes: nothing,
    fails: ({ s }) => {
      s.edge.proved_mode = "unknown";
    },
    unknown: "none",
  },
  "feature-enabled": {
    passes: nothing,
    fails: ({ s }) => {
      s.edge.features = { at_edge: true, at_pc: false, checklist_complete: true };
    },
    unknown: ({ s }) => {
      s.edge.features = null;
    },
  },
  "checklist-complete": {
    passes: both(live, ({ s }) => {
      s.edge.features = { at_edge: true, at_pc: true, checklist_complete: true };
    }),
    fails: live,
    unknown: both(live, ({ s }) => {
      s.edge.features = null;
    }),
  },
  "agent-budget": {
    passes: ({ s }) => {
      client(s).orders_today = 19;
      client(s).notional_today = "9812.75";
    },
    fails: ({ s }) => {
      client(s).notional_today = "9812.76";
    },
    unknown: ({ s }) => {
      s.edge.client = null;
    },
  },
  "client-quarantine": {
    passes: ({ p }) => {
      p.clients.quarantine_minutes = 60;
    },
    fails: ({ p, s }) => {
      p.clients.quarantine_minutes = 60;
      client(s).admitted_at = "2026-11-20T14:00:00.001Z";
    },
    unknown: ({ s }) => {
      s.edge.client = null;
    },
  },
  "foreign-order": {
    passes: cancel(aLeg(), true),
    fails: both(cancel(aLeg(), true), ({ s }) => {
      s.edge.approval = null;
    }),
    unknown: "none",
  },
  "order-modifiable": {
    passes: change({ limit_price: "187.24" }),
    fails: both(change({ limit_price: "187.24" }), ({ s }) => {
      s.facts.working = [];
    }),
    unknown: both(change({ limit_price: "187.24" }), ({ s }) => {
      s.facts.working = null;
    }),
  },
};
