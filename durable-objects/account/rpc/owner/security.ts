import { RpcTarget } from "cloudflare:workers";
import type { PasskeyAssertion, PasskeyRegistration } from "@ibkr-edge-gateway/protocol/passkey.ts";
import { pendingRecoveries, stopRecoveries } from "../../access/member-recovery.ts";
import {
  beginConfirmation,
  beginPasskey,
  confirmedSession,
  confirmSession,
  dropPasskey,
  finishPasskey,
  type SignedIn,
  switchTokenSignIn,
} from "../../access/owner-access.ts";
import { tokenSignsIn } from "../../access/passkeys.ts";
import { keepForm } from "../../access/pending-forms.ts";
import { listOwnerSessions } from "../../access/session-lifecycle.ts";
import { revokeOtherSessions, revokeOwnerSession } from "../../access/tables/owner-sessions.ts";
import { listPasskeys } from "../../access/tables/passkeys.ts";
import { pendingForm, takeForm } from "../../access/tables/pending-forms.ts";
import type { AccountParts } from "../account-parts.ts";
import type { OwnerSessionView, PendingRecovery, SignInSecurity } from "../account-types.ts";
import type { PasskeyCeremony } from "../passkey-ceremony-types.ts";
import {
  type DeletionAsked,
  type DeletionOutcome,
  type DeletionView,
  deleteAccount,
  deletionView,
} from "./delete-account.ts";

/** How the owner gets in, and keeps others out. */
export class OwnerSecurity extends RpcTarget {
  readonly #parts: AccountParts;
  readonly #signedIn: () => SignedIn;

  constructor(parts: AccountParts, signedIn: () => SignedIn) {
    super();
    this.#parts = parts;
    this.#signedIn = signedIn;
  }

  /** Signs out: ends this very session. */
  closeSession(): void {
    const owner = this.#signedIn();
    if (revokeOwnerSession(owner.sql, owner.session().id)) owner.audit("owner.signed_out");
  }

  /** Every open session, the latest first; at most twenty, each ends after twelve hours. */
  listSessions(): OwnerSessionView[] {
    const owner = this.#signedIn();
    return listOwnerSessions(owner.sql, owner.now());
  }

  /** Ends one session by its id; false when there is no such session. */
  revokeSession(id: string): boolean {
    const owner = this.#signedIn();
    if (!revokeOwnerSession(owner.sql, id)) return false;
    owner.audit("owner.session_revoked");
    return true;
  }

  /** Ends every session but this one; how many there were. */
  revokeOtherSessions(): number {
    const owner = this.#signedIn();
    const ended = revokeOtherSessions(owner.sql, owner.session().id);
    if (ended > 0) owner.audit("owner.session_revoked", { meta: { count: String(ended) } });
    return ended;
  }

  /** The passkeys, and whether the owner token signs in. */
  signInSecurity(): SignInSecurity {
    const { sql } = this.#signedIn();
    return { passkeys: listPasskeys(sql), tokenSignsIn: tokenSignsIn(sql) };
  }

  /**
   * What a page needs to make a passkey (WebAuthn Level 3, section 5.4); its challenge holds for ten
   * minutes. Null when a passkey has to confirm the session first.
   */
  beginPasskey(): PasskeyCeremony | null {
    return beginPasskey(this.#signedIn());
  }

  /**
   * Adds a passkey. `refused` when the registration proves nothing or the session is not confirmed,
   * `known` when the credential is here already, `full` when there are twenty.
   */
  async addPasskey(made: {
    registration: PasskeyRegistration;
    name: string;
  }): Promise<"added" | "refused" | "known" | "full"> {
    const outcome = await finishPasskey(this.#signedIn(), made);
    if (outcome === "added") this.#parts.announceKeys();
    return outcome;
  }

  /** Removes a passkey; false when it is the last one, unknown, or the session is not confirmed. */
  removePasskey(credentialId: string): boolean {
    const removed = dropPasskey(this.#signedIn(), credentialId);
    if (removed) this.#parts.announceKeys();
    return removed;
  }

  /** Lets the owner token sign in, or not; false when that widens access and is not confirmed. */
  setTokenSignIn(on: boolean): boolean {
    return switchTokenSignIn(this.#signedIn(), on);
  }

  /**
   * Keeps a form of a page of this session's for ten minutes, until a passkey has confirmed it.
   * `path` is the form's action, `fields` are form-encoded.
   * @returns its id; null when path and fields have more than 65536 characters
   */
  keepForm(form: { path: string; fields: string }): string | null {
    const owner = this.#signedIn();
    return keepForm(owner.sql, owner.session().id, form, owner.now());
  }

  /** The form that waits under this id, to be shown; null when none of this session's does. */
  pendingForm(id: string): { path: string; fields: string } | null {
    const owner = this.#signedIn();
    return pendingForm(owner.sql, owner.session().id, id, owner.now());
  }

  /** Once, for a confirmed session: the form as it was sent; null otherwise. */
  takeForm(id: string): { path: string; fields: string } | null {
    const owner = this.#signedIn();
    const session = confirmedSession(owner);
    return session === null ? null : takeForm(owner.sql, session.id, id, owner.now());
  }

  /** What the page needs on which a passkey confirms this session. */
  beginConfirmation(): PasskeyCeremony {
    return beginConfirmation(this.#signedIn());
  }

  /** Whether the passkey confirmed this session, which then stays so for five minutes. */
  async confirmSession(assertion: PasskeyAssertion): Promise<boolean> {
    return confirmSession(this.#signedIn(), assertion);
  }

  /** What stands between the owner and the deletion of the account. */
  deletionView(): DeletionView {
    this.#signedIn();
    return deletionView(this.#parts);
  }

  /**
   * Deletes the account, its log and all that is stored of it, for a passkey's answer to
   * `beginConfirmation`. With `begun` every session, agent and PC has lost its standing; what is stored
   * is gone some seconds later. Every other outcome changed nothing.
   */
  async deleteAccount(asked: DeletionAsked): Promise<DeletionOutcome> {
    return deleteAccount(this.#parts, this.#signedIn(), asked);
  }

  /** Recoveries that wait or are open, for every page to show. */
  pendingRecoveries(): PendingRecovery[] {
    const owner = this.#signedIn();
    return pendingRecoveries(owner.sql, owner.now());
  }

  /** Stops every recovery; false when there was none. */
  stopRecoveries(): boolean {
    const owner = this.#signedIn();
    if (!stopRecoveries(owner.sql)) return false;
    owner.audit("owner.recovery_stopped", { meta: { by: "session" } });
    return true;
  }
}
