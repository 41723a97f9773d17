import type { PolicyDocument } from "@ibkr-edge-gateway/policy/document.ts";
import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import type { EdgeOrderOperationName } from "@ibkr-edge-gateway/protocol/operation-schemas/edge-order-operations.ts";
import { tradePreview } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-previews.ts";
import type { PasskeyAssertion } from "@ibkr-edge-gateway/protocol/passkey.ts";
import type { JobSettlement } from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import type { Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import * as z from "zod";
import {
  createOrderService,
  type OrderService,
} from "../../durable-objects/account/orders/order-service.ts";
import type { OwnerAccount } from "../../durable-objects/account/rpc/owner.ts";
import {
  ACCOUNT,
  admit,
  type DeskRig,
  deskRig,
  outcome,
  previewed,
  settled,
} from "./order-desk.ts";
import { aLeg, anOrder } from "./orders.ts";
import { ownerVerbs } from "./owner-verbs.ts";
import { softwareAuthenticator } from "./software-authenticator.ts";

export const AGENT_SCOPES = [
  "ibkr:orders:preview",
  "ibkr:approvals:create",
  "ibkr:orders:paper:submit",
] as const satisfies readonly Scope[];

/** The PC's end of a job that it was not there for. */
export const AWAY: JobSettlement = {
  ok: false,
  code: "UNAVAILABLE",
  message: "not there",
  retryable: true,
  outcome: "not_executed",
};

/** One share of AAPL to a limit; the first price is 186.99. */
export const LIMIT_BUY = {
  conid: 265598,
  side: "BUY",
  order_type: "LMT",
  quantity: "1",
  time_in_force: "DAY",
  outside_rth: false,
  reduce_only: false,
} as const;

/** How the PC answers, by operation; what is not named here finds it away. */
export type PcAnswers = Record<
  string,
  (input: JsonObject) => JobSettlement | Promise<JobSettlement>
>;

type Prepared = NonNullable<z.output<typeof tradePreview.output>["preview"]>;

/**
 * An account whose owner has a passkey, with agents and a PC that prepares what it is asked for and
 * takes every order, unless the test says otherwise.
 */
export interface OwnerWorld {
  rig: DeskRig;
  desk: OrderService;
  pc: PcAnswers;
  /** Of the signed-in owner. */
  verbs: OwnerAccount;
  phone: ReturnType<typeof softwareAuthenticator>;
  now(): string;
  /** One call of an agent; throws where it fails. */
  run<Output extends z.ZodType>(
    operation: { name: EdgeOrderOperationName; output: Output },
    input: JsonObject,
    by?: { clientId?: string; scopes?: readonly string[] },
  ): Promise<z.output<Output>>;
  /** Prepares another order each time, so that none is the duplicate of an earlier one. */
  preview(clientId?: string): Promise<Prepared>;
  /** What the phone's browser gives where its owner taps over this hash. */
  tap(hash: string): PasskeyAssertion;
}

export function ownerWorld(
  over: {
    pc?: (now: () => string) => PcAnswers;
    policy?: (policy: PolicyDocument) => void;
    clients?: readonly string[];
    scopes?: readonly Scope[];
    audited?: string[];
    requestId?: string;
  } = {},
): OwnerWorld {
  const { clients = ["client-1"], scopes = AGENT_SCOPES, audited, requestId } = over;
  let cents = 18_700;
  const now = () => new Date(rig.clock.now).toISOString();
  const pc: PcAnswers = {
    "order.preview": ({ request }) => {
      const { order } = z.object({ order: z.object({ limit_price: z.string() }) }).parse(request);
      const asked = anOrder({ legs: [aLeg({ limit_price: order.limit_price })] });
      return previewed(asked, rig.clock.now);
    },
    "order.place": ({ coid }) => {
      const taken = { coid: String(coid), state: "accepted", proved_by: "submit_answer" } as const;
      return settled(outcome(taken, `9${cents}`, rig.clock.now));
    },
    ...over.pc?.(now),
  };
  const rig: DeskRig = deskRig(
    ({ operation, input }) => pc[operation]?.(JSON.parse(JSON.stringify(input))) ?? AWAY,
    over.policy,
  );
  for (const clientId of clients) admit(rig, clientId, scopes);
  const phone = softwareAuthenticator();
  rig.parts.storage.sql.exec(
    `INSERT INTO passkeys (credential_id, public_key, counter, transports, name, backed_up, added_at)
     VALUES (?, ?, 0, '[]', 'phone', 0, 0)`,
    phone.credentialId,
    Buffer.from(phone.publicKey).toString("base64url"),
  );
  const desk = createOrderService(rig.parts);
  const verbs = ownerVerbs(rig, {
    orders: desk,
    ...(audited !== undefined && { audited }),
    ...(requestId !== undefined && { requestId }),
  });
  const run: OwnerWorld["run"] = async (operation, input, by = {}) => {
    const answer = await desk.runTool(
      { clientId: by.clientId ?? "client-1", scopes: by.scopes ?? scopes, requestId: "r" },
      { operation: operation.name, input: { account_id: ACCOUNT, ...input } },
    );
    if (!answer.ok) throw new Error(JSON.stringify(answer.failure));
    return z.parse(operation.output, answer.result);
  };
  return {
    rig,
    desk,
    pc,
    verbs,
    phone,
    now,
    run,
    async preview(clientId = "client-1") {
      cents -= 1;
      const order = { ...LIMIT_BUY, limit_price: (cents / 100).toFixed(2) };
      const { preview } = await run(tradePreview, order, { clientId });
      if (preview === null) throw new Error("nothing was prepared");
      return preview;
    },
    tap(hash) {
      const { id, client_data_json, authenticator_data, signature } = phone.approve(hash);
      return {
        id,
        rawId: id,
        type: "public-key",
        response: {
          clientDataJSON: client_data_json,
          authenticatorData: authenticator_data,
          signature,
        },
      };
    },
  };
}

/** The request that an answer names. */
export function approvalIdOf({ approval }: { approval: { approval_id: string } | null }): string {
  if (approval === null) throw new Error("nothing was asked");
  return approval.approval_id;
}
