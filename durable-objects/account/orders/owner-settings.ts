import { PolicyDocument, policyHash } from "../../../src/policy/document.ts";
import type { KillScope } from "../../../src/policy/kill-table.ts";
import { compareRestriction } from "../../../src/policy/restriction.ts";
import {
  challengeOf,
  type Statement,
  statementHash,
} from "../../../src/protocol/approval/statement.ts";
import { newNonce } from "../../../src/protocol/orders/intent.ts";
import type { PasskeyAssertion } from "../../../src/protocol/passkey.ts";
import { confirmedSession, type OwnerAccess } from "../owner-access.ts";
import { checkOwnerSession } from "../owner-sessions.ts";
import { countPasskeys, listPasskeys, proves } from "../passkeys.ts";
import type {
  OrdersRpc,
  PolicyOutcome,
  SignedTerms,
  StatementCeremony,
  TradingSettings,
} from "../rpc-orders.ts";
import { feature, LIVE_CHECKLIST, switchFeature, tickChecklist } from "./features.ts";
import { engagedKills, killEpoch, liftKill } from "./kill-switch.ts";
import { iso, type OrderParts } from "./parts.ts";
import { changePolicy, policyInForce, waitingPolicy } from "./policies.ts";
import { worldOf } from "./world.ts";

/** The owner's switches, checklist, policies and kill switches. What widens needs a passkey. */
const TERMS_MS = 10 * 60_000;

export function tradingSettings(parts: OrderParts): TradingSettings {
  const { sql } = parts.storage;
  const nowMs = parts.now();
  const live = feature(sql, "live");
  const { pcOffers } = worldOf(
    parts,
    { clientId: "", scopes: [], requestId: "" },
    { skewMs: null, reread: false },
  );
  return {
    paper: feature(sql, "paper").enabled,
    live: live.enabled,
    checklist: LIVE_CHECKLIST.map((item) => {
      const at = live.checklist[item];
      return { item, tickedAt: at === undefined ? null : iso(at) };
    }),
    pc: pcOffers,
    passkeys: countPasskeys(sql),
    kill: {
      epoch: killEpoch(sql),
      switches: engagedKills(sql).map(({ engagedAt, ...kill }) => ({
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

export function switchTrading(
  parts: OrderParts,
  access: OwnerAccess,
  secret: string,
  change: { mode: "paper" | "live"; on: boolean },
): Awaited<ReturnType<OrdersRpc["switchTrading"]>> {
  return parts.storage.transactionSync(() => {
    const { sql } = parts.storage;
    if (change.on) {
      if (confirmedSession(access, secret) === null) return "not_confirmed";
      // Without a passkey nothing could ever be approved; and the first one must not come later.
      if (countPasskeys(sql) === 0) return "no_passkey";
    } else if (checkOwnerSession(sql, secret, parts.now()) === null) return "not_confirmed";
    if (!switchFeature(sql, change.mode, change.on)) return "checklist";
    access.audit("owner.setting_changed", {
      meta: { [`${change.mode}_orders`]: change.on ? "on" : "off" },
    });
    return "done";
  });
}

export function tick(
  parts: OrderParts,
  access: OwnerAccess,
  secret: string,
  wanted: string,
): boolean {
  return parts.storage.transactionSync(() => {
    const item = LIVE_CHECKLIST.find((known) => known === wanted);
    if (item === undefined || confirmedSession(access, secret) === null) return false;
    tickChecklist(parts.storage.sql, item, parts.now());
    access.audit("owner.setting_changed", { meta: { live_checklist: item } });
    return true;
  });
}

type KillName = { scope: KillScope; subject: string | null };

export function beginLift(
  parts: OrderParts,
  secret: string,
  lift: KillName,
): StatementCeremony | null {
  const { sql } = parts.storage;
  if (checkOwnerSession(sql, secret, parts.now()) === null || !isEngaged(sql, lift)) return null;
  const terms = newTerms(parts);
  const statement = liftStatement(parts, lift, terms);
  return statement === null ? null : ceremonyOf(sql, statement, terms);
}

/** The signature names the switch and the epoch, so that it lifts this one, once. */
export async function lift(
  parts: OrderParts,
  access: OwnerAccess,
  secret: string,
  asked: KillName & { terms: SignedTerms; assertion: PasskeyAssertion },
  requestId: string,
): Promise<boolean> {
  const { storage } = parts;
  const epoch = killEpoch(storage.sql);
  const statement = liftStatement(parts, asked, asked.terms);
  if (statement === null) return false;
  if (!(await signed(parts, access, secret, statement, asked.terms, asked.assertion))) return false;
  return storage.transactionSync(() => {
    const { scope, subject } = asked;
    if (!liftKill(storage.sql, { scope, subject, actor: "owner", epoch })) return false;
    parts.log({
      type: "kill.lifted",
      kind: "owner",
      clientId: scope === "agent" ? subject : null,
      sidecarId: null,
      brokerAccount: scope === "broker_account" ? subject : null,
      decision: "allow",
      errorCode: null,
      requestId,
      meta: { scope, statement: statementHash(statement) },
    });
    return true;
  });
}

export type Change = { document: unknown; basedOn: string };

export function beginPolicy(parts: OrderParts, secret: string, change: Change) {
  const { sql } = parts.storage;
  if (checkOwnerSession(sql, secret, parts.now()) === null) {
    return { ok: false as const, detail: "Nobody is signed in." };
  }
  const parsed = PolicyDocument.safeParse(change.document);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { ok: false as const, detail: `${issue?.path.join(".")}: ${issue?.message}` };
  }
  const inForce = policyInForce(sql, parsed.data.account_id, parts.now());
  if (inForce === null || inForce.hash !== change.basedOn) {
    return { ok: false as const, detail: "The policy was changed meanwhile." };
  }
  const comparison = compareRestriction(inForce.document, parsed.data);
  const terms = newTerms(parts);
  const statement = policyStatement(parts, parsed.data, change.basedOn, terms);
  return { ok: true as const, ...comparison, ceremony: ceremonyOf(sql, statement, terms) };
}

/** With the passkey over this very change at once; without it a loosening waits a day. */
export async function setPolicy(
  parts: OrderParts,
  access: OwnerAccess,
  secret: string,
  change: Change & { signed: { terms: SignedTerms; assertion: PasskeyAssertion } | null },
  requestId: string,
): Promise<PolicyOutcome> {
  const { storage } = parts;
  if (checkOwnerSession(storage.sql, secret, parts.now()) === null) {
    return { ok: false, reason: "not_signed_in", detail: "Nobody is signed in." };
  }
  const parsed = PolicyDocument.safeParse(change.document);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { ok: false, reason: "invalid", detail: issue?.path.join(".") ?? "" };
  }
  const document = parsed.data;
  // An account that has no policy gets its first by being used, never by a form.
  if (policyInForce(storage.sql, document.account_id, parts.now()) === null) {
    return { ok: false, reason: "stale", detail: "This account has no policy to change." };
  }
  if (change.signed !== null) {
    const { terms, assertion } = change.signed;
    const statement = policyStatement(parts, document, change.basedOn, terms);
    if (!(await signed(parts, access, secret, statement, terms, assertion))) {
      return { ok: false, reason: "passkey", detail: "The passkey did not sign this change." };
    }
  }
  return storage.transactionSync(() => {
    const nowMs = parts.now();
    const made = changePolicy(
      storage.sql,
      { document, basedOn: change.basedOn, signed: change.signed !== null },
      nowMs,
    );
    if (!made.ok) return made;
    const waits = made.effectiveAt > nowMs;
    parts.log({
      type: "policy.changed",
      kind: "owner",
      clientId: null,
      sidecarId: null,
      brokerAccount: document.account_id,
      decision: "allow",
      errorCode: null,
      requestId,
      meta: {
        version: String(made.version),
        hash: made.hash,
        from_hash: change.basedOn,
        signed: String(change.signed !== null),
        effective_at: iso(made.effectiveAt),
        fields: (made.comparison?.changes ?? [])
          .map(({ field, change: how }) => `${field}:${how}`)
          .join(",")
          .slice(0, 500),
      },
    });
    return {
      ok: true,
      version: made.version,
      effectiveAt: iso(made.effectiveAt),
      changes: made.comparison?.changes ?? [],
      waits,
    };
  });
}

/** A passkey of this account signed the statement, now, for a session that is open. */
export async function signed(
  parts: OrderParts,
  access: OwnerAccess,
  secret: string,
  statement: Statement,
  terms: SignedTerms,
  assertion: PasskeyAssertion,
): Promise<boolean> {
  const { sql } = parts.storage;
  if (checkOwnerSession(sql, secret, parts.now()) === null) return false;
  const until = Date.parse(terms.notAfter);
  if (!(parts.now() < until && until <= parts.now() + TERMS_MS)) return false;
  return proves(sql, assertion, challengeOf(statementHash(statement)), access.party, parts.now);
}

export function newTerms(parts: OrderParts): SignedTerms {
  return {
    nonce: newNonce((bytes) => crypto.getRandomValues(new Uint8Array(bytes))),
    notAfter: iso(parts.now() + TERMS_MS),
  };
}

export function ceremonyOf(
  sql: SqlStorage,
  statement: Statement,
  terms: SignedTerms,
): StatementCeremony {
  return {
    challenge: challengeOf(statementHash(statement)),
    credentials: listPasskeys(sql).map(({ credentialId, transports }) => ({
      id: credentialId,
      transports,
    })),
    ...terms,
  };
}

function liftStatement(parts: OrderParts, lifted: KillName, terms: SignedTerms): Statement | null {
  const { scope, subject } = lifted;
  // The PC's own switch is lifted at the PC.
  if (scope === "sidecar") return null;
  return {
    act: "lift_kill_switch",
    lift: {
      gateway_account_id: parts.accountId,
      scope,
      subject,
      epoch: killEpoch(parts.storage.sql),
      nonce: terms.nonce,
      not_after: terms.notAfter,
    },
  };
}

function policyStatement(
  parts: OrderParts,
  document: PolicyDocument,
  basedOn: string,
  terms: SignedTerms,
): Statement {
  const { newest } = parts.storage.sql
    .exec<{ newest: number }>(
      "SELECT COALESCE(MAX(version), 0) AS newest FROM order_policies WHERE broker_account = ?",
      document.account_id,
    )
    .one();
  return {
    act: "loosen_policy",
    change: {
      gateway_account_id: parts.accountId,
      broker_account_id: document.account_id,
      from_hash: basedOn,
      to_hash: policyHash(document),
      to_version: newest + 1,
      nonce: terms.nonce,
      not_after: terms.notAfter,
    },
  };
}

function isEngaged(sql: SqlStorage, { scope, subject }: KillName): boolean {
  return engagedKills(sql).some((kill) => kill.scope === scope && kill.subject === subject);
}

function accountsWithPolicy(sql: SqlStorage): string[] {
  return sql
    .exec<{ broker_account: string }>(
      "SELECT DISTINCT broker_account FROM order_policies ORDER BY broker_account",
    )
    .toArray()
    .map(({ broker_account }) => broker_account);
}
