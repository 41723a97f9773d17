import { orderPreview } from "@ibkr-edge-gateway/protocol/operation-schemas/order-preview.ts";
import { expect, it } from "vitest";
import { tradingRig } from "../../../../test/support/trading-rig.ts";
import { storeSession } from "../../relay/tables/session.ts";

const startRig = (knows: readonly string[]) => {
  const rig = tradingRig((policy) => {
    policy.portfolio.short = true;
    for (const part of [policy.cumulative, policy.portfolio, policy.clients]) {
      for (const [key, value] of Object.entries(part)) {
        if (key.startsWith("max_") && value !== null) Object.assign(part, { [key]: null });
      }
    }
    policy.behaviour.duplicate_window_seconds = null;
  });
  storeSession(
    rig.parts.storage.sql,
    JSON.stringify({ knows, capabilities: ["orders.paper", "broker.read"] }),
  );
  const placed = () => rig.jobs.filter(({ operation }) => operation === "order.place");
  return { rig, placed };
};

it("an exit's job leaves beside an entry that hangs, and says what it is", async () => {
  const { rig, placed } = startRig(["service-class"]);
  const entry = await rig.approved({ limit_price: "187.2" });
  rig.pc.effect = "exit";
  const exit = await rig.approved({ side: "SELL", limit_price: "187.3" });
  rig.pc.effect = "entry";
  rig.pc.place = () => new Promise(() => {});
  void rig.submit(entry);
  await expect.poll(() => placed().length).toBe(1);
  rig.pc.effect = "exit";
  void rig.submit(exit);
  await expect.poll(() => placed().length, { timeout: 5_000 }).toBe(2);
  expect(placed().map(({ service }) => service?.class)).toEqual(["entry", "exit"]);
});

it("at a PC that takes one write at a time an exit is the next, before entries that waited longer", async () => {
  const { rig, placed } = startRig([]);
  const first = await rig.approved({ limit_price: "187.1" });
  const second = await rig.approved({ limit_price: "187.2" });
  rig.pc.effect = "exit";
  const exit = await rig.approved({ side: "SELL", limit_price: "187.3" });
  rig.pc.effect = "entry";
  let end = (): void => {};
  const { place } = rig.pc;
  rig.pc.place = async (coid, at) => {
    await new Promise<void>((resolve) => {
      end = resolve;
    });
    return place(coid, at);
  };
  const all = [rig.submit(first)];
  await expect.poll(() => placed().length).toBe(1);
  all.push(rig.submit(second));
  const inLine = () => [...rig.desk.inFlight.lanes.values()][0]?.waiting.length;
  await expect.poll(inLine).toBe(1);
  rig.pc.effect = "exit";
  all.push(rig.submit(exit));
  await expect.poll(inLine).toBe(2);
  rig.pc.place = place;
  end();
  await Promise.all(all);
  expect(placed().map(({ service }) => service?.class)).toEqual(["entry", "exit", "entry"]);
});

it("a client's previews are served as exits six times a minute where they may be one, else as reads", async () => {
  const { rig } = startRig(["service-class"]);
  for (let n = 0; n < 10; n += 1)
    await rig.approved({ limit_price: `180.${n + 10}` }).catch(() => {});
  const classes = rig.jobs
    .filter(({ operation }) => operation === orderPreview.name)
    .map(({ service }) => service?.class);
  expect(classes.filter((one) => one === "exit").length).toBeLessThanOrEqual(6);
  expect(classes.filter((one) => one === "agent").length).toBeGreaterThan(0);
});
