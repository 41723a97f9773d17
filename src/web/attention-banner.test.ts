import { describe, expect, it } from "vitest";
import type { Attention } from "../../durable-objects/account/rpc/attention-types.ts";
import { AttentionBanner, attentionWords } from "./attention-banner.tsx";

// fixed date: the clock is given to the function.
const NOW = new Date("2026-11-30T12:00:00.000Z");
const ALL: Attention[] = [
  {
    kind: "stopped",
    by: "policy",
    reason: "<b>loss</b>",
    since: "2026-11-30T11:00:00.000Z",
    everything: true,
  },
  { kind: "order_in_doubt", count: 1, needsOwner: true },
  { kind: "question", count: 1 },
  { kind: "approval", count: 2 },
  { kind: "pc_away", openOrders: 1, since: null },
  { kind: "login_due" },
  { kind: "session_ends", at: "2026-11-30T12:40:00.000Z" },
  { kind: "log_behind", waiting: 10_001 },
];
const shown = async (attention: readonly Attention[], room?: string) =>
  String(await AttentionBanner({ attention, room, now: NOW }));

describe("the banner of what waits", () => {
  it("has words, a room and a step for every kind", () => {
    for (const one of ALL) {
      const words = attentionWords(one, NOW);
      expect(words?.says).toMatch(/^[A-Z1-9].*\.$/);
      expect(words?.room).toMatch(/^\//);
      expect(words?.action.length).toBeGreaterThan(3);
    }
  });

  it("shows the first and folds the others", async () => {
    const html = await shown(ALL);
    expect(html.indexOf("Trading is stopped.")).toBeLessThan(html.indexOf("<details>"));
    expect(html).toContain("And 7 more things");
    expect(html).toContain("By your limits, 1 hour ago: &lt;b&gt;loss&lt;/b&gt;");
  });

  it("offers no way to the page it stands on, and passes over what it does not know", async () => {
    const approval: Attention[] = [{ kind: "approval", count: 1 }];
    expect(await shown(approval)).toContain('href="/approvals"');
    expect(await shown(approval, "/approvals")).not.toContain("href");
    const newer = JSON.parse('[{"kind":"of a newer object"}]');
    expect(await shown(newer)).toBe("null");
    expect(await shown([])).toBe("null");
  });
});
