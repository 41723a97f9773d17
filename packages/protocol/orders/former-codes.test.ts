import { expect, it } from "vitest";
import { jobSettlementOf } from "../relay/edge/job-settlement.ts";
import { FORMER_NAMES, presentCode } from "./former-codes.ts";
import { ORDER_REFUSAL_CODES, OrderRefusal, OrderRefusalCode } from "./order-refusal.ts";

it("reads a stored refusal that bears a former name, and gives it by today's", () => {
  expect(FORMER_NAMES).toHaveLength(20);
  for (const former of FORMER_NAMES) {
    const stored = { code: former, field: "limit_price", rule: "collar", message: "Too far." };
    const read = OrderRefusal.parse(JSON.parse(JSON.stringify(stored)));
    expect(ORDER_REFUSAL_CODES).toContain(read.code);
    expect(read.code).not.toBe(former);
    expect(read).toEqual({ ...stored, code: former.replace(/^(LIVE|PAPER)_/, "") });
  }
});

it("writes no code that names a mode, and takes no name that never was", () => {
  for (const code of ORDER_REFUSAL_CODES) {
    expect(code).not.toMatch(/^(LIVE|PAPER)_/);
    expect(presentCode(code)).toBe(code);
  }
  for (const other of ["LIVE_NONSENSE", "constructor", "__proto__", "", 7, null]) {
    expect(OrderRefusalCode.safeParse(other).success).toBe(false);
  }
});

it("understands a PC that says why in a former name", () => {
  const settled = jobSettlementOf({
    type: "job.error",
    payload: {
      job_id: "j",
      code: "PERMISSION_DENIED",
      message: "no",
      retryable: false,
      outcome: "not_executed",
      details: {
        failure: {
          code: "LIVE_KILL_SWITCH_CLOSED",
          message: "Stopped.",
          retryable: false,
          user_action: null,
        },
      },
    },
  });
  expect(settled).toMatchObject({ ok: false, failure: { code: "KILL_SWITCH_CLOSED" } });
});
