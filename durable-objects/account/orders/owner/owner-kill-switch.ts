import type { KillEffect, KillScope } from "@ibkr-edge-gateway/policy/kill-table.ts";
import {
  type LiftStatement,
  type Statement,
  statementHash,
} from "@ibkr-edge-gateway/protocol/approval/statement.ts";
import type { PasskeyAssertion } from "@ibkr-edge-gateway/protocol/passkey.ts";
import type { SignedIn } from "../../access/owner-access.ts";
import type { SignedTerms, StatementCeremony } from "../../rpc/order-views.ts";
import { cancelWorking } from "../agent/cancel-all.ts";
import type { OrderParts } from "../order-context.ts";
import type { InFlight } from "../sidecar-calls/in-flight.ts";
import { killEpoch } from "../tables/kill-epoch.ts";
import { engagedKills } from "../tables/kill-switches.ts";
import { engage } from "../transactions/engage-kill-switch.ts";
import { liftKill } from "../transactions/kill-switches.ts";
import { ceremonyOf, newTerms, signed } from "./signed-statement.ts";

/** The owner's kill switch. Lifting it takes a passkey, which signs which one, and at which epoch. */

type KillName = { scope: KillScope; subject: string | null };

/** Engages it, and cancels the working orders that it covers where `effect` says so. */
export function stopTrading(
  parts: OrderParts,
  inFlight: InFlight,
  { requestId }: SignedIn,
  kill: KillName & { effect: KillEffect; reason: string },
): boolean {
  const engaged = engage(parts, { ...kill, actor: "owner" }, { clientId: null, requestId });
  if (kill.effect !== "freeze") {
    const asker = { kind: "owner", requestId } as const;
    cancelWorking(parts, inFlight, asker, { ...kill, exits: true });
  }
  return engaged;
}

export function beginLift(parts: OrderParts, lift: KillName): StatementCeremony | null {
  const { sql } = parts.storage;
  if (!isEngaged(sql, lift)) return null;
  const terms = newTerms(parts);
  const statement = liftStatement(parts, lift, terms);
  return statement === null ? null : ceremonyOf(sql, statement, terms);
}

/** The signature names the switch and the epoch, so that it lifts this one, once. */
export async function lift(
  parts: OrderParts,
  owner: SignedIn,
  asked: KillName & { terms: SignedTerms; assertion: PasskeyAssertion },
): Promise<boolean> {
  const statement = liftStatement(parts, asked, asked.terms);
  if (statement?.act !== "lift_kill_switch") return false;
  if (!(await signed(parts, owner, statement, asked.terms, asked.assertion))) return false;
  return liftConfirmed(parts, statement.lift, owner.requestId);
}

/** Lifts what its owner's passkey was found to have signed; false where the epoch is another by now. */
export function liftConfirmed(
  parts: OrderParts,
  confirmed: LiftStatement,
  requestId: string,
): boolean {
  const { storage } = parts;
  const { scope, subject, epoch } = confirmed;
  const statement: Statement = { act: "lift_kill_switch", lift: confirmed };
  return storage.transactionSync(() => {
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

export function isEngaged(sql: SqlStorage, { scope, subject }: KillName): boolean {
  return engagedKills(sql).some((kill) => kill.scope === scope && kill.subject === subject);
}
