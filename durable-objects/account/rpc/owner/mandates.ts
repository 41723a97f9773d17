import { RpcTarget } from "cloudflare:workers";
import type { PasskeyAssertion } from "@ibkr-edge-gateway/protocol/passkey.ts";
import type { SignedIn } from "../../access/owner-access.ts";
import type { OrderService } from "../../orders/order-service.ts";
import { beginMandate } from "../../orders/owner/mandate-draft.ts";
import { mandateChoices, mandateViews } from "../../orders/owner/mandate-view.ts";
import {
  confirmMandate,
  revokeMandate,
  showMandate,
  signMandate,
} from "../../orders/owner/mandates.ts";
import type {
  MandateCeremony,
  MandateChoices,
  MandateDone,
  MandateView,
} from "../mandate-views.ts";

/** Standing approvals inside bounds, in the owner's hand. */
export class OwnerMandates extends RpcTarget {
  readonly #orders: OrderService;
  readonly #signedIn: () => SignedIn;

  constructor(orders: OrderService, signedIn: () => SignedIn) {
    super();
    this.#orders = orders;
    this.#signedIn = signedIn;
  }

  /** Every mandate, with how it stands here and at the PC. */
  listMandates(): MandateView[] {
    this.#signedIn();
    return mandateViews(this.#orders.parts);
  }

  /** What a mandate can be made of: what this account knows. */
  mandateChoices(): MandateChoices {
    this.#signedIn();
    return mandateChoices(this.#orders.parts);
  }

  /**
   * Checks a draft and gives the mandate that the passkey is to sign; nothing is kept. Money is in
   * decimal strings. `ok: false` names the field that is wrong.
   */
  beginMandate(draft: unknown): MandateCeremony {
    this.#signedIn();
    return beginMandate(this.#orders.parts, draft);
  }

  /**
   * Keeps what the passkey signed (its challenge is the mandate's hash), and shows it at the PC. It is
   * in force only after `confirmMandate`.
   */
  async signMandate(signed: {
    mandate: unknown;
    assertion: PasskeyAssertion;
  }): Promise<MandateDone> {
    return signMandate(this.#orders.parts, this.#signedIn(), signed);
  }

  /** Brings back the number that the PC shows. A wrong one ends the mandate. */
  async confirmMandate(given: { mandateId: string; number: number }): Promise<MandateDone> {
    return confirmMandate(this.#orders.parts, this.#signedIn(), given);
  }

  /** Shows it at the PC once more; `ok: false` when the PC cannot be reached or refuses it. */
  async showMandate(mandateId: string): Promise<MandateDone> {
    this.#signedIn();
    return showMandate(this.#orders.parts, mandateId);
  }

  /** Ends it; needs no passkey, since it only tightens. False when none such is in force. */
  revokeMandate(mandateId: string): boolean {
    return revokeMandate(this.#orders.parts, this.#signedIn(), mandateId);
  }
}
