import { expect, it } from "vitest";
import type { Clock } from "../../client-portal/clock.ts";
import { createTeller } from "./gateway-alerts.ts";

it("shows twenty of the gateway's alerts in an hour and ten more of a stop, says of the others that they were not taken, and goes on after it", async () => {
  let nowMs = Date.parse("2026-11-20T15:00:00.000Z");
  const pushed: string[] = [];
  const clock: Pick<Clock, "now"> = { now: () => nowMs };
  const tell = createTeller(
    {
      terminal: () => false,
      desktop: () => Promise.resolve(false),
      push: (title, text) => {
        pushed.push(`${title}|${text}`);
        return Promise.resolve(true);
      },
    },
    clock,
  );
  const taken: boolean[] = [];
  for (let n = 0; n < 40; n += 1) {
    nowMs += 1_000;
    taken.push((await tell({ kind: "unexplained_order", message: `number ${n}` })).taken);
  }
  expect(taken.filter((one) => one)).toHaveLength(20);
  expect(taken.lastIndexOf(true)).toBe(19);
  const stops: boolean[] = [];
  for (let n = 0; n < 15; n += 1) {
    nowMs += 1_000;
    stops.push((await tell({ kind: "kill_switch_engaged", message: `stop ${n}` })).taken);
  }
  expect(stops.filter((one) => one)).toHaveLength(10);
  expect(stops.lastIndexOf(true)).toBe(9);
  expect(pushed).toHaveLength(30);
  nowMs += 3_600_000;
  expect(await tell({ kind: "daily_loss_hard", message: "again" })).toMatchObject({
    taken: true,
    shown: ["push"],
  });
  expect(pushed.at(-1)).toBe("ibkr-sidecar: daily_loss_hard|The gateway says: again");
});
