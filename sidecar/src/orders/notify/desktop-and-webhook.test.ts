import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { anOrder } from "../../../../test/support/orders.ts";
import { type PcOrders, pcOrders } from "../../../../test/support/pc-orders.ts";
import { requestsSince } from "../../trust/tables/approval-requests.ts";
import { revokeApprover } from "../../trust/tables/approvers.ts";
import { announceApproval, machineReach, newEcho } from "./desktop-and-webhook.ts";

describe("a request for approval", () => {
  let pc: PcOrders;
  beforeEach(() => {
    pc = pcOrders();
    pc.approved(anOrder());
  });
  const announce = (
    tier: 1 | 2,
    requested_by = "Claude",
    preview_id = "pv_1",
    simulator = true,
  ) => {
    const { store, options, submit, clock } = pc;
    const parts = { store, reach: options.reach, echo: submit.echo, simulator, nowMs: clock.now() };
    return announceApproval(parts, { preview_id, tier, requested_by });
  };

  it("is shown in all words of this PC's own ticket, with a number where the tier asks for one", async () => {
    expect(await announce(1)).toEqual({ known: true, shown: ["terminal", "push"], number: false });
    expect(await announce(2)).toMatchObject({ number: true });
    expect(pc.shown[0]).not.toContain("Number");
    expect(pc.shown[1]).toContain("Number for the approval page: 42");
    expect(pc.pushed.join()).toContain("Buy 1 AAPL");
    expect(pc.pushed.join()).not.toContain("42");
  });

  it("has a number at every tier while a passkey of the gateway's pages is on probation", async () => {
    expect(await announce(1, "Claude", "pv_1", false)).toMatchObject({ number: true });
    expect(pc.shown[0]).toContain("Number for the approval page: 42");
    revokeApprover(pc.store.db, pc.phone.credentialId, 2);
    pc.approved(anOrder(), 2);
    expect(await announce(1, "Claude", "pv_2", false)).toMatchObject({ number: false });
  });

  it("keeps its first number, and stands in the list of requests", async () => {
    pc.store.setEcho("pv_1", 77);
    await announce(2);
    expect(pc.shown[0]).toContain(": 77");
    expect(requestsSince(pc.store.db, 0)).toMatchObject([{ previewId: "pv_1", tier: 2 }]);
  });

  it("of a preview that this PC did not make shows nothing", async () => {
    expect(await announce(2, "Claude", "pv_9")).toEqual({ known: false, shown: [], number: false });
    expect([pc.shown, pc.pushed]).toEqual([[], []]);
  });

  it("takes no control characters from the name of whoever asks", async () => {
    await announce(1, `evil\u001b[2J${"x".repeat(200)}`);
    const [line = ""] = pc.shown[0]?.split("\n") ?? [];
    expect(line).toContain('"evil[2Jx');
    expect(line).not.toMatch(/\p{Cc}/u);
    expect(line.length).toBeLessThan(120);
  });
});

describe("the ways of this machine", () => {
  let server: Server;
  let heard: { type: string | undefined; body: string }[];
  let status: number;
  beforeEach(async () => {
    heard = [];
    status = 200;
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += String(chunk);
      });
      request.on("end", () => {
        heard.push({ type: request.headers["content-type"], body });
        response.writeHead(status, status === 302 ? { location: "/elsewhere" } : {}).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(() => {
    server.close();
  });
  const url = () => {
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return `http://127.0.0.1:${address.port}/hook`;
  };
  const reach = (over: Partial<Parameters<typeof machineReach>[0]> = {}) =>
    machineReach({
      interactive: false,
      write: () => {},
      webhookUrl: null,
      ntfyUrl: null,
      ...over,
    });

  it("write to a terminal and to no pipe", () => {
    const written: string[] = [];
    const write = (text: string) => written.push(text);
    expect(reach({ write }).terminal(["a"])).toBe(false);
    expect(reach({ write, interactive: true }).terminal(["a", "b"])).toBe(true);
    expect(written).toEqual(["\na\nb\n\n"]);
  });

  it("push to the webhook and the topic that the owner set, and to nobody else", async () => {
    expect(await reach().push("title", "text")).toBe(false);
    expect(await reach({ webhookUrl: url(), ntfyUrl: url() }).push("title", "text")).toBe(true);
    expect(heard.toSorted((a, b) => a.body.length - b.body.length)).toEqual([
      { type: "text/plain", body: "title\ntext" },
      { type: "application/json", body: '{"title":"title","text":"text"}' },
    ]);
  });

  it("say that nothing was shown when the push was not taken, or led elsewhere", async () => {
    for (const refused of [500, 302]) {
      status = refused;
      expect(await reach({ webhookUrl: url() }).push("title", "text")).toBe(false);
    }
    expect(heard).toHaveLength(2);
    expect(await reach({ webhookUrl: "http://127.0.0.1:1/" }).push("title", "text")).toBe(false);
  });
});

it("a number has four digits and no leading zero", () => {
  const numbers = Array.from({ length: 500 }, newEcho);
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(1_000);
  expect(Math.max(...numbers)).toBeLessThanOrEqual(9_999);
});
