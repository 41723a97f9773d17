import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PasskeyProof } from "@ibkr-edge-gateway/protocol/approval/approval-proof.ts";
import { statementHash } from "@ibkr-edge-gateway/protocol/approval/statement.ts";
import type { Capability } from "@ibkr-edge-gateway/protocol/capabilities.ts";
import { GatewayError, type GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonObject, JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import {
  IntentAlertEvent,
  IntentStateEvent,
} from "@ibkr-edge-gateway/protocol/operation-schemas/order-events.ts";
import { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import {
  type PreviewedTicket,
  PreviewOutcome,
} from "@ibkr-edge-gateway/protocol/operation-schemas/order-preview.ts";
import {
  type AcceptedWarning,
  intentHash,
  intentOf,
} from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import type { OrderState } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import type { JobService } from "@ibkr-edge-gateway/protocol/service-class.ts";
import type { SimulatorOptions } from "@ibkr-edge-gateway/simulator/options.ts";
import type { RunningSimulator } from "@ibkr-edge-gateway/simulator/start.ts";
import type { Transport } from "../../sidecar/src/client-portal/transport.ts";
import { type OrderStore, openOrderStore } from "../../sidecar/src/orders/journal/order-store.ts";
import {
  fileLocalRules,
  type LocalRules,
} from "../../sidecar/src/orders/local-policy/local-rules.ts";
import { capsPath } from "../../sidecar/src/orders/local-policy/order-settings.ts";
import type { Reach } from "../../sidecar/src/orders/notify/desktop-and-webhook.ts";
import { createOrderSide } from "../../sidecar/src/orders/order-side.ts";
import { type Caps, DEFAULT_CAPS } from "../../sidecar/src/trust/limits/caps.ts";
import { enrolApprover } from "../../sidecar/src/trust/tables/approvers.ts";
import { type BrokerRig, startRig } from "./broker.ts";
import {
  type Ceremony,
  RELYING_PARTY,
  type SoftwareAuthenticator,
  softwareAuthenticator,
} from "./software-authenticator.ts";

/**
 * The sidecar's order side at its own seam: what the relay would ask is asked here, by an edge that
 * is honest or not, and what reaches the broker is read from the simulator's request log.
 */
export const GATEWAY = { accountId: "acc_7d3f", sidecarId: "sc_1b2c" };
export const AAPL_CONID = 265598;
export const POLICY_HASH = "a".repeat(64);

export interface Submission extends JsonObject {
  account_id: string;
  mode: "paper" | "live";
  coid: string;
  intent_hash: string;
  approval: JsonObject;
}

export interface Told {
  done: boolean;
  outcome: OrderOutcome | null;
  failed: GatewayFailure | null;
  began: number;
}

export interface OrderRig extends BrokerRig {
  account: string;
  phone: SoftwareAuthenticator;
  rules: LocalRules;
  store(): OrderStore;
  /** What the PC showed. */
  shown: string[];
  pushed: string[];
  caps(change: (caps: Caps) => Caps): void;
  /** Any operation, as a job with its grant. */
  job(operation: string, input: JsonObject, more?: JobOptions): Promise<JsonValue>;
  preview(request: JsonObject): Promise<PreviewedTicket>;
  tryPreview(request: JsonObject): Promise<PreviewOutcome>;
  /** What an honest edge sends after the owner's tap. */
  approve(ticket: PreviewedTicket, over?: ApproveOver): Submission;
  place(submission: Submission, more?: JobOptions): Promise<OrderOutcome>;
  /** The same without waiting; time moves only when the test moves it. */
  start(operation: string, input: JsonObject, more?: JobOptions): Told;
  write(operation: string, input: JsonObject, more?: JobOptions): Promise<OrderOutcome>;
  state(coid: string): OrderState | undefined;
  untilState(coid: string, ...states: OrderState[]): Promise<void>;
  /** Order POSTs that came to the broker, by their log entries. */
  posts(): { at: number; body: string; path: string; connection: number; onConnection: number }[];
  replies(): { body: string; path: string }[];
  states(coid: string): OrderState[];
  alerts(): IntentAlertEvent[];
}

export interface JobOptions {
  capability?: Capability;
  brokerAccount?: string | null;
  jobId?: string;
  begin?: () => void;
  deadlineMs?: number;
  service?: JobService;
}

export interface ApproveOver {
  nonce?: string;
  tier?: 1 | 2;
  echo?: number | null;
  warnings?: AcceptedWarning[];
  ttlMs?: number;
  phone?: SoftwareAuthenticator;
  ceremony?: Partial<Ceremony>;
  /** What the edge says it computed over; the signature follows it. */
  generation?: number;
  gatewayAccountId?: string;
  sidecarId?: string;
}

/** Where a test may make the process die: at each write of the journal and each request. */
export interface Burn {
  store(store: OrderStore): OrderStore;
  send(): void;
}

export async function startOrderRig(
  options: SimulatorOptions & {
    beforeStart?(sim: RunningSimulator): void;
    burn?: Burn;
    /** Also told of everything that goes out, as the PC's own ways are. */
    also?: Reach;
  } = {},
): Promise<OrderRig> {
  const { burn, also, ...rest } = options;
  let store: OrderStore | null = null;
  let rules: LocalRules | null = null;
  const phone = softwareAuthenticator();
  const shown: string[] = [];
  const pushed: string[] = [];
  const reach: Reach = {
    terminal: (lines) => {
      shown.push(lines.join("\n"));
      return true;
    },
    desktop: () => Promise.resolve(false),
    push: (title, text) => {
      pushed.push(`${title}: ${text}`);
      return also === undefined ? Promise.resolve(true) : also.push(title, text);
    },
  };
  const rig = await startRig({
    ...rest,
    around: ({ configDir }) => {
      store?.close();
      const opened = openOrderStore(join(configDir, "orders.sqlite"));
      enrolApprover(opened.db, { ...phone, label: "phone", enrolledBy: "terminal" }, 1);
      store = opened;
      const local = fileLocalRules(configDir);
      rules = local;
      return {
        isOwnOrder: (ref) => opened.owns(ref),
        orders: (parts) =>
          createOrderSide(
            {
              store: burn === undefined ? opened : burn.store(opened),
              rules: local,
              settings: {
                v: 1,
                futures_operator: null,
                alerts: { webhook_url: null, ntfy_url: null },
              },
              gatewayAccountId: GATEWAY.accountId,
              sidecarId: GATEWAY.sidecarId,
              relyingParty: RELYING_PARTY,
              reach,
              keys: { takeUnasked: false, taken: () => undefined, waiting: () => undefined },
              echo: () => 42,
            },
            burn === undefined ? parts : { ...parts, transport: burning(parts.transport, burn) },
          ),
      };
    },
  });
  await rig.ready();
  // Paper or live is proved by the validator, which may be asked once in 75 s.
  await rig.until(() => rig.broker.session().mode !== "unknown", 180_000);
  const accounts = await rig.ask("accounts.list");
  const account = accounts.accounts[0]?.account_id ?? "";
  const held = <T>(value: T | null): T => {
    if (value === null) throw new Error("the rig has not started");
    return value;
  };
  const mode = rig.broker.session().mode === "live" ? ("live" as const) : ("paper" as const);
  let jobs = 0;

  const start: OrderRig["start"] = (operation, input, more = {}) => {
    const told: Told = { done: false, outcome: null, failed: null, began: 0 };
    const request = {
      operation,
      input,
      deadlineMs: more.deadlineMs ?? 20_000,
      signal: new AbortController().signal,
      jobId: more.jobId ?? `job-${++jobs}`,
      grant: {
        capability: more.capability ?? (mode === "live" ? "orders.live" : "orders.paper"),
        brokerAccount: more.brokerAccount === undefined ? account : more.brokerAccount,
      },
      ...(more.service === undefined ? {} : { service: more.service }),
      begin: () => {
        told.began += 1;
        more.begin?.();
      },
    };
    rig.broker
      .execute(request)
      .then(
        (value) => {
          told.outcome = OrderOutcome.parse(value);
        },
        (error: unknown) => {
          told.failed =
            error instanceof GatewayError
              ? error.failure
              : { code: "INTERNAL", message: String(error), retryable: false, user_action: null };
        },
      )
      .finally(() => {
        told.done = true;
      });
    return told;
  };

  const job: OrderRig["job"] = async (operation, input, more = {}) => {
    let settled: { value: JsonValue } | { error: unknown } | null = null;
    rig.broker
      .execute({
        operation,
        input,
        deadlineMs: more.deadlineMs ?? 60_000,
        signal: new AbortController().signal,
        jobId: more.jobId ?? `job-${++jobs}`,
        grant: {
          capability: more.capability ?? "broker.read",
          brokerAccount: more.brokerAccount === undefined ? account : more.brokerAccount,
        },
        begin: more.begin ?? (() => {}),
      })
      .then(
        (value) => {
          settled = { value };
        },
        (error: unknown) => {
          settled = { error };
        },
      );
    await rig.until(() => settled !== null, 120_000);
    const end = held(settled as { value: JsonValue } | { error: unknown } | null);
    if ("error" in end) throw end.error;
    return end.value;
  };

  const write: OrderRig["write"] = async (operation, input, more) => {
    const told = start(operation, input, more);
    await rig.until(() => told.done, 120_000);
    if (told.failed !== null) throw new GatewayError(told.failed);
    return held(told.outcome);
  };

  const order: OrderRig = Object.assign(rig, {
    account,
    phone,
    get rules() {
      return held(rules);
    },
    store: () => held(store),
    shown,
    pushed,
    caps: (change: (caps: Caps) => Caps) => {
      writeFileSync(capsPath(rig.configDir), JSON.stringify(change(DEFAULT_CAPS)));
    },
    job,
    start,
    write,
    tryPreview: async (request: JsonObject) =>
      PreviewOutcome.parse(await job("order.preview", { account_id: account, request })),
    preview: async (request: JsonObject) => {
      const answer = PreviewOutcome.parse(
        await job("order.preview", { account_id: account, request }),
      );
      if (answer.outcome === "refused") {
        throw new Error(answer.refusals.map(({ message }) => message).join(" "));
      }
      return answer;
    },
    approve: (ticket: PreviewedTicket, over: ApproveOver = {}): Submission => {
      const nonce = over.nonce ?? nextNonce();
      const intent = intentOf({
        v: 1,
        ticket: ticket.ticket,
        gateway_account_id: over.gatewayAccountId ?? GATEWAY.accountId,
        sidecar_id: over.sidecarId ?? GATEWAY.sidecarId,
        generation: over.generation ?? ticket.generation,
        preview_id: ticket.preview_id,
        policy_version: 1,
        policy_hash: POLICY_HASH,
        accepted_warnings: over.warnings ?? [],
        nonce,
        not_after: new Date(rig.now() + (over.ttlMs ?? 300_000)).toISOString(),
      });
      const signer = over.phone ?? phone;
      const proof: PasskeyProof = {
        kind: "passkey",
        preview_id: ticket.preview_id,
        policy_version: 1,
        policy_hash: POLICY_HASH,
        accepted_warnings: over.warnings ?? [],
        nonce,
        not_after: intent.not_after,
        tier: over.tier ?? 1,
        echo: over.echo ?? null,
        assertion: signer.approve(statementHash({ act: "order", intent }), over.ceremony),
      };
      return {
        account_id: ticket.ticket.order.account_id,
        mode: ticket.ticket.order.mode,
        coid: intent.coid,
        intent_hash: intentHash(intent),
        approval: proof,
      };
    },
    place: (submission: Submission, more?: JobOptions) => write("order.place", submission, more),
    state: (coid: string) => held(store).intent(coid)?.state,
    untilState: (coid: string, ...states: OrderState[]) =>
      rig.until(() => {
        const state = held(store).intent(coid)?.state;
        return state !== undefined && states.includes(state);
      }, 900_000),
    posts: () =>
      rig.sim.control
        .requests()
        .filter(
          ({ method, path }) =>
            method === "POST" &&
            /^\/iserver\/account\/[^/]+\/(orders|order\/[^/]+)$/.test(path) &&
            !path.endsWith("/whatif"),
        )
        .map(({ at, body, path, connection, onConnection }) => ({
          at,
          body,
          path,
          connection,
          onConnection,
        })),
    replies: () =>
      rig.sim.control
        .requests()
        .filter(({ path }) => path.startsWith("/iserver/reply/"))
        .map(({ body, path }) => ({ body, path })),
    states: (coid: string) =>
      rig.events.flatMap((event) => {
        const parsed = IntentStateEvent.safeParse(event.payload);
        return parsed.success && parsed.data.coid === coid ? [parsed.data.state] : [];
      }),
    alerts: () =>
      rig.events.flatMap((event) => {
        const parsed = IntentAlertEvent.safeParse(event.payload);
        return parsed.success ? [parsed.data] : [];
      }),
  });
  const close = rig.close;
  order.close = async () => {
    await close();
    store?.close();
  };
  return order;
}

/** A killed process sends nothing, and hears no answer to what it has sent. */
function burning(transport: Transport, burn: Burn): Transport {
  return {
    ...transport,
    send: async (request) => {
      if (request.fresh !== true) return transport.send(request);
      burn.send();
      const answer = await transport.send(request);
      burn.send();
      return answer;
    },
  };
}

let nonces = 0;
const nextNonce = (): string => (++nonces).toString(16).padStart(32, "0");

/** A small limit order well inside every bound, at the market or away from it. */
export const limitOrder = (account: string, limit: string, over: JsonObject = {}): JsonObject => ({
  kind: "order",
  order: {
    account_id: account,
    conid: AAPL_CONID,
    side: "BUY",
    order_type: "LMT",
    quantity: "2",
    limit_price: limit,
    ...over,
  },
});
