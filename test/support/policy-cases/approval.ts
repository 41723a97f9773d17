import { approval, both, type CheckCases, client, minutesAgo, nothing } from "./tweaks.ts";

/** Cases of the checks of the stage `approval`, by the check's name. */
export const APPROVAL_CASES: Record<string, CheckCases> = {
  "approval-present": {
    passes: nothing,
    fails: ({ s }) => {
      s.edge.approval = null;
    },
    unknown: "none",
  },
  "approval-matches": {
    passes: nothing,
    fails: ({ s }) => {
      approval(s).matches = false;
    },
    unknown: "none",
  },
  "approval-unused": {
    passes: nothing,
    fails: ({ s }) => {
      approval(s).state = "reserved";
    },
    unknown: "none",
  },
  "approval-in-time": {
    passes: nothing,
    fails: ({ s }) => {
      approval(s).expires_at = "2026-11-20T15:00:00.000Z";
    },
    unknown: "none",
  },
  "approval-tier": {
    passes: both(
      ({ s }) => {
        approval(s).tier = 2;
      },
      ({ p }) => {
        p.tiers.tier_two_above_notional = "187.24";
      },
    ),
    fails: ({ p }) => {
      p.tiers.tier_two_above_notional = "187.24";
    },
    unknown: "none",
  },
  "approval-rate": {
    passes: ({ s }) => {
      s.phase = "preview";
      client(s).approvals_last_hour = 9;
    },
    fails: ({ s }) => {
      s.phase = "preview";
      client(s).approvals_last_hour = 10;
    },
    unknown: ({ s }) => {
      s.phase = "preview";
      s.edge.client = null;
    },
  },
  "denial-holds": {
    passes: ({ s }) => {
      const { economic_hash } = s.edge;
      s.edge.asked = [{ economic_hash, at: minutesAgo(10), outcome: "denied" }];
    },
    fails: ({ s }) => {
      const { economic_hash } = s.edge;
      s.edge.asked = [{ economic_hash, at: minutesAgo(9.9), outcome: "denied" }];
    },
    unknown: ({ s }) => {
      s.edge.asked = null;
    },
  },
};
