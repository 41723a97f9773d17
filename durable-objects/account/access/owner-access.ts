import type { AuditEventType } from "@ibkr-edge-gateway/protocol/audit/event.ts";
import type { PasskeyAssertion, PasskeyRegistration } from "@ibkr-edge-gateway/protocol/passkey.ts";
import type { OwnerSession, SignInSource } from "../rpc/account-types.ts";
import type { PasskeyCeremony } from "../rpc/passkey-ceremony-types.ts";
import { stopRecoveries } from "./member-recovery.ts";
import {
  addPasskey,
  confirmWithPasskey,
  issueChallenge,
  proves,
  registerPasskey,
  setTokenSignIn,
  spendSignInChallenge,
} from "./passkeys.ts";
import { noteRecoveredKeys } from "./recovered-keys.ts";
import { type OpenedSession, openOwnerSession } from "./session-lifecycle.ts";
import { noteConfirmed } from "./tables/owner-sessions.ts";
import { countPasskeys, listPasskeys, removePasskey } from "./tables/passkeys.ts";
import type { RelyingParty } from "./webauthn.ts";

/**
 * What an owner does about getting in: passkeys, confirmations, settings. Once there is a passkey,
 * whatever widens access needs one to confirm it; a stolen session cookie alone cannot.
 */
export interface OwnerAccess {
  readonly sql: SqlStorage;
  readonly party: RelyingParty;
  readonly audit: (
    type: AuditEventType,
    facts?: {
      refused?: boolean;
      clientId?: string;
      sidecarId?: string;
      meta?: Record<string, string>;
    },
  ) => void;
  readonly now: () => number;
}

/** The owner, signed in, and what they ask for under one request. */
export interface SignedIn extends OwnerAccess {
  readonly requestId: string;
  /**
   * The session as it stands at this moment; throws `SessionEnded` when it has ended. What waits for
   * a passkey or the PC reads it again before it acts.
   */
  readonly session: () => OwnerSession;
}

/** A session that may widen access now: a passkey confirmed it, or there is none to ask. */
export function confirmedSession(owner: SignedIn): OwnerSession | null {
  const session = owner.session();
  const free = session.confirmed || session.method === "recovery";
  return free || countPasskeys(owner.sql) === 0 ? session : null;
}

export async function signInWithPasskey(
  access: OwnerAccess,
  answer: SignInSource & { assertion: PasskeyAssertion; challenge: string },
): Promise<OpenedSession | null> {
  const { sql, now } = access;
  const { assertion, challenge, source, label } = answer;
  if (
    !spendSignInChallenge(sql, challenge, now()) ||
    !(await provesOwner(access, assertion, challenge))
  ) {
    access.audit("owner.sign_in_refused", { refused: true, meta: { method: "passkey" } });
    return null;
  }
  const session = openOwnerSession(sql, { source, label, method: "passkey" }, now());
  access.audit("owner.signed_in", { meta: { method: "passkey" } });
  return session;
}

/** What the page that adds a passkey needs; null when the session has to be confirmed first. */
export function beginPasskey(owner: SignedIn): PasskeyCeremony | null {
  const session = confirmedSession(owner);
  return session === null ? null : ceremony(owner, "register", session.id);
}

export async function finishPasskey(
  owner: SignedIn,
  made: { registration: PasskeyRegistration; name: string },
): Promise<"added" | "refused" | "known" | "full"> {
  const session = confirmedSession(owner);
  if (session === null) return "refused";
  const { registration: response, name } = made;
  const { sql, party, now } = owner;
  const answer = { response, name, party, sessionId: session.id };
  const before = listPasskeys(sql);
  const outcome = await registerPasskey(sql, answer, now);
  if (outcome === "added" && session.method === "recovery") {
    noteRecoveredKeys(sql, before, listPasskeys(sql), now());
  }
  if (outcome === "added") owner.audit("owner.passkey_added", { meta: { name } });
  else owner.audit("owner.passkey_refused", { refused: true, meta: { reason: outcome } });
  return outcome;
}

/** The passkey a new account begins with; refused where there is one already. */
export async function firstPasskey(
  access: OwnerAccess,
  made: { registration: PasskeyRegistration; challenge: string; name: string },
): Promise<boolean> {
  const { sql, party, now } = access;
  if (countPasskeys(sql) > 0) return false;
  const { registration: response, challenge, name } = made;
  if (!spendSignInChallenge(sql, challenge, now())) return false;
  if ((await addPasskey(sql, { response, challenge, name, party }, now)) !== "added") return false;
  access.audit("owner.passkey_added", { meta: { name } });
  return true;
}

export function dropPasskey(owner: SignedIn, credentialId: string): boolean {
  if (confirmedSession(owner) === null) return false;
  if (!removePasskey(owner.sql, credentialId)) return false;
  owner.audit("owner.passkey_removed");
  return true;
}

export function switchTokenSignIn(owner: SignedIn, on: boolean): boolean {
  // Switching it off narrows access and waits for nothing.
  if (on && confirmedSession(owner) === null) return false;
  setTokenSignIn(owner.sql, on);
  owner.audit("owner.setting_changed", { meta: { token_sign_in: on ? "on" : "off" } });
  return true;
}

/** What the confirmation page needs. */
export function beginConfirmation(owner: SignedIn): PasskeyCeremony {
  return ceremony(owner, "confirm", owner.session().id);
}

export async function confirmSession(
  owner: SignedIn,
  response: PasskeyAssertion,
): Promise<boolean> {
  const { sql, party, now } = owner;
  const session = owner.session();
  if (!(await confirmWithPasskey(sql, { response, sessionId: session.id, party }, now))) {
    return false;
  }
  passkeyIsNotLost(owner);
  noteConfirmed(sql, session.id, now());
  owner.audit("owner.confirmed");
  return true;
}

/**
 * Whether one of this account's passkeys answered the challenge, which the caller has spent. One that
 * did, whatever for, is not lost: it ends a recovery.
 */
export async function provesOwner(
  access: OwnerAccess,
  response: PasskeyAssertion,
  challenge: string,
): Promise<boolean> {
  const { sql, party, now } = access;
  if (!(await proves(sql, response, challenge, party, now))) return false;
  passkeyIsNotLost(access);
  return true;
}

/** A recovery is for passkeys that are lost; one that was just used ends it. */
function passkeyIsNotLost({ sql, audit }: OwnerAccess): void {
  if (stopRecoveries(sql)) audit("owner.recovery_stopped", { meta: { by: "passkey" } });
}

function ceremony(
  { sql, now }: OwnerAccess,
  purpose: "register" | "confirm",
  sessionId: string,
): PasskeyCeremony {
  return {
    challenge: issueChallenge(sql, purpose, sessionId, now()),
    credentials: listPasskeys(sql).map(({ credentialId, transports }) => ({
      id: credentialId,
      transports,
    })),
  };
}
