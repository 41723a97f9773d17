import { confirmedSession, type SignedIn } from "../../access/owner-access.ts";
import { countPasskeys } from "../../access/tables/passkeys.ts";
import { CLIENTS_TO_CHOOSE } from "../../clients/list-clients.ts";
import { clientOf, listedClients } from "../../clients/tables/clients.ts";
import type { TradingSettings, TradingSwitched } from "../../rpc/order-views.ts";
import { pcOffers } from "../facts/conditions.ts";
import { iso, type OrderParts } from "../order-context.ts";
import { feature, LIVE_CHECKLIST } from "../rules/limits/trading-features.ts";
import { killEpoch } from "../tables/kill-epoch.ts";
import { engagedKills } from "../tables/kill-switches.ts";
import { standingMandates } from "../tables/mandates.ts";
import { accountsWithPolicy, policyInForce, waitingPolicy } from "../tables/policies.ts";
import { switchFeature, tickChecklist } from "../transactions/switch-feature.ts";

/** The owner's switches for paper and live, and the checklist between them. */

export function tradingSettings(parts: OrderParts): TradingSettings {
  const { sql } = parts.storage;
  const nowMs = parts.now();
  const live = feature(sql, "live");
  return {
    paper: feature(sql, "paper").enabled,
    live: live.enabled,
    checklist: LIVE_CHECKLIST.map((item) => {
      const at = live.checklist[item];
      return { item, tickedAt: at === undefined ? null : iso(at) };
    }),
    pc: pcOffers(parts),
    passkeys: countPasskeys(sql),
    mandates: standingMandates(sql, nowMs).filter(({ pc }) => pc.state === "confirmed").length,
    agents: agentsToStop(sql),
    kill: {
      epoch: killEpoch(sql),
      switches: engagedKills(sql).map(({ engagedAt, cancelFrom: _, ...kill }) => ({
        ...kill,
        engagedAt: iso(engagedAt),
      })),
    },
    policies: accountsWithPolicy(sql).flatMap((brokerAccount) => {
      const policy = policyInForce(sql, brokerAccount, nowMs);
      if (policy === null) return [];
      const waiting = waitingPolicy(sql, brokerAccount, nowMs);
      return [
        {
          brokerAccount,
          ...policy,
          waiting:
            waiting === null
              ? null
              : { version: waiting.version, effectiveAt: iso(waiting.effectiveAt) },
        },
      ];
    }),
  };
}

/** The latest that were let in, and every one that is stopped by a switch of its own. */
function agentsToStop(sql: SqlStorage): TradingSettings["agents"] {
  const latest = listedClients(sql, "active", { after: null, limit: CLIENTS_TO_CHOOSE });
  const stopped = engagedKills(sql).flatMap(({ scope, subject }) => {
    const client = scope === "agent" && subject !== null ? clientOf(sql, subject) : null;
    return client?.state === "active" ? [client] : [];
  });
  return [
    ...new Map([...latest, ...stopped].map((client) => [client.clientId, client])).values(),
  ].map(({ clientId, clientName }) => ({ clientId, name: clientName }));
}

export function switchTrading(
  parts: OrderParts,
  owner: SignedIn,
  change: { mode: "paper" | "live"; on: boolean },
): TradingSwitched {
  return parts.storage.transactionSync(() => {
    const { sql } = parts.storage;
    if (change.on) {
      if (confirmedSession(owner) === null) return "not_confirmed";
      // Without a passkey nothing could ever be approved; and the first one must not come later.
      if (countPasskeys(sql) === 0) return "no_passkey";
    }
    if (!switchFeature(sql, change.mode, change.on)) return "checklist";
    owner.audit("owner.setting_changed", {
      meta: { [`${change.mode}_orders`]: change.on ? "on" : "off" },
    });
    return "done";
  });
}

export function tickItem(parts: OrderParts, owner: SignedIn, wanted: string): boolean {
  return parts.storage.transactionSync(() => {
    const item = LIVE_CHECKLIST.find((known) => known === wanted);
    if (item === undefined || confirmedSession(owner) === null) return false;
    tickChecklist(parts.storage.sql, item, parts.now());
    owner.audit("owner.setting_changed", { meta: { live_checklist: item } });
    return true;
  });
}
