import type { Json } from "@ibkr-edge-gateway/evidence/canonical-json.ts";
import type { Verdict } from "@ibkr-edge-gateway/evidence/export/verdict.ts";
import {
  type VerifyProofOptions,
  verifyProof,
} from "@ibkr-edge-gateway/evidence/proof/verify-proof.ts";
import { aPolicy, NOW_SECONDS } from "@ibkr-edge-gateway/evidence/testing/a-log.ts";
import type { OrderParts, SomePasskey } from "@ibkr-edge-gateway/evidence/testing/an-order.ts";
import { modifyBody, placeBody } from "@ibkr-edge-gateway/protocol/orders/broker-body.ts";
import type { CanonicalOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import type { Intent } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { softwareAuthenticator } from "./software-authenticator.ts";

/** What one order's proof is made of, from the project's own intents, bodies and passkeys. */
export const asJson = (value: unknown): { [name: string]: Json } =>
  JSON.parse(JSON.stringify(value));

/** What the PC posts for an order; empty where it would not. */
export function bodyOf(order: CanonicalOrder, coid: string): string {
  const operator = { manual_indicator: true, ext_operator: "owner" };
  const made =
    order.action === "place" ? placeBody(order, coid, operator) : modifyBody(order, operator);
  return made.ok ? JSON.stringify(made.body) : "";
}

/** All parts for an intent, as they should be. */
export function partsOf(
  intent: Intent,
  passkey: SomePasskey = softwareAuthenticator(),
  over: Partial<OrderParts> = {},
): OrderParts {
  return {
    intent: asJson(intent),
    mandate: null,
    body: bodyOf(intent.ticket.order, intent.coid),
    passkey,
    account: intent.gateway_account_id,
    brokerAccount: intent.ticket.order.account_id,
    policy: null,
    ...over,
  };
}

/** The verdict of a reader who trusts the right log, witness and keys. */
export const verify = async (
  text: string,
  keys: string,
  options: Partial<VerifyProofOptions> = {},
): Promise<Verdict> =>
  verifyProof(text, { policy: await aPolicy(), keys, nowSeconds: NOW_SECONDS, ...options });
