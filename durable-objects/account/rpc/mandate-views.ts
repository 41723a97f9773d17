import type { Mandate, MandateUsage } from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import type { BrokerMessage } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import type { PasskeyCeremony } from "./passkey-ceremony-types.ts";

/** What the owner's pages ask about mandates. All of it needs an owner session; none takes a token. */

export interface MandateView {
  mandateId: string;
  mandate: Mandate;
  signedAt: string;
  /** How it stands: only one that is `in_force` lets an order by without a tap. */
  state:
    | "in_force"
    /** The PC shows its number, and the owner has to bring it back. */
    | "waits_for_number"
    /** The PC has not been told of it yet. */
    | "waits_for_pc"
    | "refused_by_pc"
    | "over"
    | "revoked";
  revokedAt: string | null;
  /** By whom it was ended. */
  revokedBy: "owner" | "pc" | null;
  /** What the PC said when it refused. */
  pcWords: string;
  /** Revoked here, and the PC has not answered that it knows. */
  pcUntold: boolean;
  /** Of the last 24 hours. */
  usage: MandateUsage;
}

/** What a mandate can be made of: what this account knows. */
export interface MandateChoices {
  accounts: {
    brokerAccount: string;
    mode: "paper" | "live";
    /** Its limits let mandates in; without that every order still needs a tap. */
    letIn: boolean;
  }[];
  /** Agents that may ask for approvals. */
  clients: { clientId: string; name: string }[];
  /** Contracts of recent previews. */
  contracts: { conid: number; symbol: string; assetClass: string; currency: string }[];
  /** Warnings of recent previews that may be accepted beforehand. */
  warnings: BrokerMessage[];
  passkeys: number;
}

export type MandateCeremony =
  | { ok: true; mandate: Mandate; ceremony: PasskeyCeremony }
  | { ok: false; field: string; detail: string };

export type MandateDone = { ok: true; mandateId: string } | { ok: false; detail: string };
