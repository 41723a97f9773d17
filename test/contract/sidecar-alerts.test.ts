import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { machineReach } from "../../sidecar/src/orders/notify/desktop-and-webhook.ts";
import { AAPL_CONID, limitOrder, type OrderRig, startOrderRig } from "../support/order-rig.ts";

/**
 * What the owner must look at reaches the addresses of `orders.json`: a webhook gets JSON, an ntfy
 * topic gets text, by real requests. One PC lives through all of it.
 */
interface Got {
  path: string;
  type: string;
  body: string;
}
const got: Got[] = [];
let server: Server;
let rig: OrderRig;
let reach: ReturnType<typeof machineReach>;
let address: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => void chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      got.push({ path: request.url ?? "", type: request.headers["content-type"] ?? "", body });
      if (request.url === "/moved") response.writeHead(302, { location: "/webhook" });
      else response.writeHead(request.url === "/broken" ? 500 : 200);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("the server has no port");
  address = `http://127.0.0.1:${bound.port}`;
  reach = reaching("/webhook", "/topic");
  rig = await startOrderRig({ also: reach, behaviours: { questions: { enabled: false } } });
  rig.sim.control.pin(AAPL_CONID, { last: 180, bid: 179.9, ask: 180.1, data: "R" });
}, 60_000);
afterAll(async () => {
  await rig?.close();
  await new Promise((resolve) => server.close(resolve));
});

function reaching(webhook: string | null, ntfy: string | null) {
  return machineReach({
    interactive: false,
    write: () => {},
    webhookUrl: webhook === null ? null : `${address}${webhook}`,
    ntfyUrl: ntfy === null ? null : `${address}${ntfy}`,
  });
}

const place = async (limit: string) => {
  const submission = rig.approve(await rig.preview(limitOrder(rig.account, limit)));
  return { submission, outcome: await rig.place(submission) };
};

/** Both addresses heard of it, in their own form; nothing that should stay here went out. */
async function told(kind: string, says: string): Promise<void> {
  const title = `ibkr-sidecar: ${kind}`;
  await vi.waitFor(() => {
    const webhook = got.filter(({ path, body }) => path === "/webhook" && body.includes(title));
    const ntfy = got.filter(({ path, body }) => path === "/topic" && body.startsWith(title));
    expect([webhook.length, ntfy.length]).toEqual([1, 1]);
    expect(webhook[0]?.type).toBe("application/json");
    const { text, ...rest } = JSON.parse(webhook[0]?.body ?? "");
    expect(rest).toEqual({ title });
    expect(text).toContain(says);
    expect(text).not.toContain(rig.account);
    expect(ntfy[0]).toMatchObject({ type: "text/plain", body: `${title}\n${text}` });
  });
}

describe("alerts go to the webhook and the ntfy topic", () => {
  it("a question of the broker's waits for the owner", async () => {
    rig.sim.control.change({
      questions: { enabled: true, extra: [{ id: "o99999", text: "This is unusual. Proceed?" }] },
    });
    const { outcome } = await place("176");
    expect(outcome.state).toBe("awaiting_confirmation");
    await told("question_waiting", "The broker asks before it takes an order");
    rig.sim.control.change({ questions: { enabled: false, extra: [] } });
    await rig.advance(60_000);
  });

  it("a position stands without its protection", async () => {
    rig.sim.control.change({ brackets: { mode: "child-refused" } });
    const preview = await rig.preview({
      kind: "bracket",
      bracket: {
        account_id: rig.account,
        conid: AAPL_CONID,
        side: "BUY",
        order_type: "LMT",
        quantity: "2",
        limit_price: "178",
        take_profit_price: "190",
        stop_loss_price: "170",
      },
    });
    await rig.place(rig.approve(preview));
    await rig.until(() => rig.alerts().some(({ alert }) => alert === "unprotected_position"));
    await told("unprotected_position", "");
  });

  it("the outcome of an order is unknown", async () => {
    rig.sim.control.addFault({
      match: { method: "POST", path: "/^/iserver/account/[^/]+/orders$/" },
      do: { action: "dropRequest" },
    });
    const { outcome } = await place("175");
    expect(outcome.state).toBe("unknown");
    await told("outcome_unknown", "will not be sent again");
    rig.sim.control.clearFaults();
  });

  it("the broker session is lost while orders are open", async () => {
    rig.sim.control.evict();
    await rig.until(() => rig.alerts().some(({ alert }) => alert === "session_lost"), 180_000);
    await told("session_lost", "The broker session is gone while orders are open");
  });

  it("the kill switch at the PC was engaged", async () => {
    await rig.job("kill.engage", { reason: "enough" }, { brokerAccount: null });
    await told("kill_switch_engaged", "Only this PC lifts it");
  });

  it("what the gateway itself noticed is told in its name, with no control characters", async () => {
    const tell = (kind: string, message: string) =>
      rig.job("alert.tell", { kind, message }, { brokerAccount: null });
    expect(await tell("daily_loss_hard", "Today's loss\u202e is 2000.\u0007")).toMatchObject({
      shown: ["terminal", "push"],
      taken: true,
    });
    await told("daily_loss_hard", "The gateway says: Today's loss  is 2000. ");
    await expect(tell("Not A Kind", "x")).rejects.toMatchObject({
      failure: { code: "INPUT_INVALID" },
    });
  });

  it("an address that fails, moves or is not there breaks nothing, and is no success", async () => {
    expect(await reaching("/webhook", null).push("t", "x")).toBe(true);
    expect(await reaching(null, "/topic").push("t", "x")).toBe(true);
    expect(await reaching(null, null).push("t", "x")).toBe(false);
    expect(await reaching("/broken", null).push("t", "x")).toBe(false);
    // A redirect could carry the owner's alerts to anybody.
    expect(await reaching("/moved", null).push("secret", "x")).toBe(false);
    expect(got.filter(({ path, body }) => path === "/webhook" && body.includes("secret"))).toEqual(
      [],
    );
    expect(await reaching("/broken", "/topic").push("t", "x")).toBe(true);
  });
});
