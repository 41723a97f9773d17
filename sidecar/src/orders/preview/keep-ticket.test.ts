import { describe, expect, it } from "vitest";
import { handClock, START_MS } from "../../../../test/support/intent-record.ts";
import { aTicket, NOW } from "../../../../test/support/orders.ts";
import { openOrderStore } from "../journal/order-store.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { keepTicket } from "./keep-ticket.ts";

const effect = (kind: "entry" | "exit") =>
  ({ kind, position: "0", working_same_side: "0", at: NOW }) as const;
const made = (kind: "entry" | "exit") => ({
  ticket: aTicket(),
  effect: effect(kind),
  generation: 4,
  dailyPnl: null,
});

function rig(diskFault: string | null = null) {
  const store = openOrderStore(":memory:");
  const parts = { store, rules: { diskFault: () => diskFault }, clock: handClock() };
  let kept = 0;
  const keep = (share: string, kind: "entry" | "exit"): string => {
    kept += 1;
    keepTicket(parts, `pv_${kept}`, share, made(kind));
    return `pv_${kept}`;
  };
  return { store, keep };
}

describe("a ticket that was made", () => {
  it("is kept with its session's generation and what was used when it was made", () => {
    const { store, keep } = rig();
    expect(store.preview(keep("a", "entry"), START_MS)).toMatchObject({
      generation: 4,
      usage: { effect: "entry", ordersToday: 0 },
    });
  });

  it("of an entry finds no place once its client has taken half of them, of an exit always does", () => {
    const { store, keep } = rig();
    for (let n = 0; n < ORDER_LIMITS.previewsKept / 2; n += 1) keep("a", "entry");
    expect(() => keep("a", "entry")).toThrow(expect.objectContaining({ name: "GatewayError" }));
    for (let n = 0; n <= ORDER_LIMITS.exitPreviewsKept; n += 1) keep("a", "exit");
    expect(store.previewsSince(0, { share: "a", reduces: true }).own).toBeLessThanOrEqual(
      ORDER_LIMITS.exitPreviewsKept,
    );
    expect(store.preview(keep("b", "entry"), START_MS)).not.toBeNull();
  });

  it("is not kept on a full disk, unless it is an exit's", () => {
    const { store, keep } = rig("the disk is full");
    expect(store.preview(keep("a", "entry"), START_MS)).toBeNull();
    expect(store.preview(keep("a", "exit"), START_MS)).not.toBeNull();
  });
});
