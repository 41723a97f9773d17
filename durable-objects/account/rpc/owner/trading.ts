import { RpcTarget } from "cloudflare:workers";
import type { KillEffect, KillScope } from "@ibkr-edge-gateway/policy/kill-table.ts";
import type { PasskeyAssertion } from "@ibkr-edge-gateway/protocol/passkey.ts";
import type { SignedIn } from "../../access/owner-access.ts";
import type { OrderService } from "../../orders/order-service.ts";
import { flattenPlan } from "../../orders/owner/flatten-plan.ts";
import { beginLift, lift, stopTrading } from "../../orders/owner/owner-kill-switch.ts";
import { beginPolicy, type Change, setPolicy } from "../../orders/owner/set-policy.ts";
import { switchTrading, tickItem, tradingSettings } from "../../orders/owner/trading-switches.ts";
import type { AskedElsewhere, ConfirmElsewhere } from "../approval-page-types.ts";
import type {
  FlattenPlan,
  PolicyBegun,
  PolicyOutcome,
  SignedTerms,
  StatementCeremony,
  TradingSettings,
  TradingSwitched,
} from "../order-views.ts";

/** What may be traded at all, in the owner's hand. */
export class OwnerTrading extends RpcTarget {
  readonly #orders: OrderService;
  readonly #signedIn: () => SignedIn;

  constructor(orders: OrderService, signedIn: () => SignedIn) {
    super();
    this.#orders = orders;
    this.#signedIn = signedIn;
  }

  /** The switches, kill switches and policies as they stand. */
  tradingSettings(): TradingSettings {
    this.#signedIn();
    return tradingSettings(this.#orders.parts);
  }

  /**
   * Switches paper or live orders on or off. On needs a session that a passkey has confirmed, and for
   * live the whole checklist; off needs neither.
   */
  switchTrading(change: { mode: "paper" | "live"; on: boolean }): TradingSwitched {
    return switchTrading(this.#orders.parts, this.#signedIn(), change);
  }

  /** Ticks one item of the list before live; false when there is none such, or not confirmed. */
  tickChecklist(item: string): boolean {
    return tickItem(this.#orders.parts, this.#signedIn(), item);
  }

  /**
   * Stops what the scope covers at once, and cancels its working orders where `effect` says so.
   * `subject` is the broker account or the client that the scope is about; null for the whole
   * account. Needs no passkey, since it only tightens.
   * @returns false when it was engaged already and nothing was added
   */
  engageKill(kill: {
    scope: KillScope;
    subject: string | null;
    effect: KillEffect;
    reason: string;
  }): boolean {
    const { parts, inFlight } = this.#orders;
    return stopTrading(parts, inFlight, this.#signedIn(), kill);
  }

  /**
   * What closing every position would take; read only. Quantities are signed decimal strings; `ok:
   * false` when the PC cannot be asked for the accounts.
   */
  async flattenPlan(): Promise<FlattenPlan> {
    this.#signedIn();
    return flattenPlan(this.#orders.parts);
  }

  /** What a passkey has to sign to lift this switch at its present epoch; null when it is not engaged. */
  beginLift(asked: { scope: KillScope; subject: string | null }): StatementCeremony | null {
    this.#signedIn();
    return beginLift(this.#orders.parts, asked);
  }

  /** False when the passkey did not sign it, or the switch changed meanwhile. */
  async liftKill(asked: {
    scope: KillScope;
    subject: string | null;
    terms: SignedTerms;
    assertion: PasskeyAssertion;
  }): Promise<boolean> {
    return lift(this.#orders.parts, this.#signedIn(), asked);
  }

  /** What a passkey has to sign for this very document to take effect at once. */
  beginPolicy(change: Change): PolicyBegun {
    this.#signedIn();
    return beginPolicy(this.#orders.parts, change);
  }

  /**
   * Sets a policy. A tightening takes effect at once; a loosening at once only with the passkey's
   * signature over this very document, else after 24 hours. `stale` when another policy than
   * `basedOn` (a hash) is in force by now, `invalid` with the path of the field.
   */
  async changePolicy(
    change: Change & { signed: { terms: SignedTerms; assertion: PasskeyAssertion } | null },
  ): Promise<PolicyOutcome> {
    return setPolicy(this.#orders.parts, this.#signedIn(), change);
  }

  /**
   * Asks for the confirmation on a page of the owner's own, in place of a passkey here. It takes effect
   * when the PC says that it was confirmed there, within ten minutes; `detail` is for a page.
   */
  async confirmElsewhere(wanted: ConfirmElsewhere): Promise<AskedElsewhere> {
    this.#signedIn();
    return this.#orders.pageCarrier.confirm(wanted);
  }
}
