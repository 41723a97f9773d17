import type { JobSettlement } from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import { describe, expect, it } from "vitest";
import {
  ACCOUNT,
  admit,
  type DeskRig,
  deskRig,
  outcome,
  previewed,
  settled,
} from "../../../../test/support/order-desk.ts";
import { aLeg, anOrder } from "../../../../test/support/orders.ts";
import { createOrderService } from "../order-service.ts";
import { approvalsForPreview, findApproval } from "../tables/approvals.ts";

/**
 * A PC that was updated before its gateway: its answers have members that the gateway does not know.
 * Reads, exits and cancels go on; an entry is refused before anybody is asked, with what to update.
 */
const COID = "ieg1-0123456789abcdef0123456789ab";
const SCOPES = [
  "ibkr:orders:preview",
  "ibkr:approvals:create",
  "ibkr:orders:paper:submit",
  "ibkr:orders:paper:cancel",
] as const;
const asker = { clientId: "client-1", scopes: SCOPES, requestId: "r-1" };

/** The answer with a member more in the object at `path`. */
function newer(answer: JobSettlement, ...path: (string | number)[]): JobSettlement {
  const copy = structuredClone(answer);
  let at: unknown = copy.ok ? copy.result : null;
  for (const step of path) at = Object(at)[step];
  Object.assign(Object(at), { of_tomorrow: { rule: "new" } });
  return copy;
}

/** A PC whose previews are entries or exits by its own finding, as a newer one would tell them. */
function pc(effect: "entry" | "exit", ...path: (string | number)[]): DeskRig {
  const side = effect === "exit" ? "SELL" : "BUY";
  const rig = deskRig((job, { clock }) => {
    if (job.operation === "order.cancel") {
      const coid = String(job.input.coid);
      const done = {
        action: "cancel",
        coid,
        state: "cancelled",
        proved_by: "order_status",
      } as const;
      return newer(settled(outcome(done, "501", clock.now)));
    }
    const told = previewed(anOrder({ legs: [aLeg({ side })] }), clock.now);
    const facts = Object(told.ok ? told.result : {}).facts;
    facts.effect = {
      kind: effect,
      position: effect === "exit" ? "10" : "0",
      working_same_side: "0",
      at: new Date(clock.now).toISOString(),
    };
    return path.length === 0 ? told : newer(told, ...path);
  });
  admit(rig, "client-1", SCOPES);
  return rig;
}

const prepare = (rig: DeskRig, side: string) =>
  createOrderService(rig.parts).runTool(asker, {
    operation: "trade.preview",
    input: {
      account_id: ACCOUNT,
      conid: 265598,
      side,
      order_type: "LMT",
      quantity: "1",
      limit_price: "187.25",
      time_in_force: "DAY",
      outside_rth: false,
      reduce_only: false,
    },
  });

const PLACES: readonly (readonly (string | number)[])[] = [
  ["ticket"],
  ["ticket", "order"],
  ["ticket", "order", "legs", 0, "contract"],
  ["facts"],
];

describe("a PC that is newer than its gateway", () => {
  it.each(PLACES)(
    "has an entry refused, before anybody is asked: more at %s %s %s",
    async (...at) => {
      const rig = pc("entry", ...at);
      const shown = await prepare(rig, "BUY");
      expect(shown).toMatchObject({
        ok: false,
        failure: {
          code: "SIDECAR_CAPABILITY_MISSING",
          message: expect.stringContaining("The PC is newer than the gateway"),
          user_action: expect.stringContaining("npm run deploy"),
          retryable: false,
        },
      });
    },
  );

  it.each(PLACES.map((at) => ({ at })))(
    "has an exit prepared and asked for, whole: more at $at",
    async ({ at }) => {
      const rig = pc("exit", ...at);
      const shown = await prepare(rig, "SELL");
      expect(shown).toMatchObject({ ok: true, result: { outcome: "prepared" } });
      const { preview } = Object(shown.ok ? shown.result : {});
      const asked = await createOrderService(rig.parts).runTool(asker, {
        operation: "trade.ask",
        input: { account_id: ACCOUNT, preview_id: preview.preview_id },
      });
      expect(asked).toMatchObject({ ok: true, result: { outcome: "asked" } });
      // What the passkey signs is the PC's own ticket, to the member.
      const { sql } = rig.parts.storage;
      const [approvalId = ""] = approvalsForPreview(sql, preview.preview_id, rig.clock.now);
      const { ticket } = Object(findApproval(sql, approvalId, rig.clock.now)?.intent);
      const carried = at.slice(1).reduce<unknown>((from, step) => Object(from)[step], ticket);
      if (at[0] === "ticket") {
        expect(carried).toHaveProperty("of_tomorrow", { rule: "new" });
        expect(preview.notes.join(" ")).toContain("The PC is newer than the gateway");
      }
    },
  );

  it("has its cancels taken for what they are", async () => {
    const rig = pc("entry", "ticket");
    rig.working(COID, "501");
    const done = await createOrderService(rig.parts).runTool(asker, {
      operation: "trade.cancel",
      input: { account_id: ACCOUNT, mode: "paper", order_id: "501", idempotency_key: "key-0001" },
    });
    expect(done).toMatchObject({ ok: true, result: { order: { state: "cancelled" } } });
  });
});
