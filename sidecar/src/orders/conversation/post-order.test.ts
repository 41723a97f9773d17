import { describe, expect, it } from "vitest";
import type { SendOrder } from "../submit/send-to-broker.ts";
import { HeldBack, post } from "./post-order.ts";

/** A send whose connection stands at once. */
const sends =
  (calls: string[]): SendOrder =>
  async ({ lastLook }) => {
    lastLook();
    calls.push("first byte");
    return { kind: "answer", status: 200, body: "{}" };
  };

function look(calls: string[], over: { held?: Error; journal?: boolean; begin?: Error } = {}) {
  return {
    check: () => {
      calls.push("checked");
      return over.held ?? null;
    },
    begin: () => {
      calls.push("begun");
      if (over.begin !== undefined) throw over.begin;
    },
    journal: () => {
      calls.push("journaled");
      return over.journal ?? over.held === undefined;
    },
    mayGoOn: () => true,
  };
}

const request = { path: "/orders", body: {}, priority: "entry" } as const;

describe("a POST of the conversation", () => {
  it("is checked, begun and journaled before its first byte", async () => {
    const calls: string[] = [];
    const { ended } = await post(sends(calls), request, look(calls));
    expect(calls).toEqual(["checked", "begun", "journaled", "first byte"]);
    expect(ended).toMatchObject({ kind: "post_ended", mayGoOn: true });
  });

  it("held back has not begun, and says why", async () => {
    const calls: string[] = [];
    const refusals = [
      { code: "LOCAL_KILL_SWITCH", field: "kill_switch", rule: "not_engaged", message: "engaged" },
    ] as const;
    const held = new HeldBack([...refusals]);
    const { ended, thrown } = await post(sends(calls), request, look(calls, { held }));
    expect(calls).toEqual(["checked", "journaled"]);
    expect(ended).toEqual({ kind: "post_failed", refusals });
    expect(thrown).toBe(held);
  });

  it("does not leave when the journal or the job says no", async () => {
    for (const over of [{ journal: false }, { begin: new Error("the job was cancelled") }]) {
      const calls: string[] = [];
      const { ended } = await post(sends(calls), request, look(calls, over));
      expect(ended.kind).toBe("post_failed");
      expect(calls).not.toContain("first byte");
    }
  });
});
