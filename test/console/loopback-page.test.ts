import { createServer, type Server } from "node:http";
import { approvedChallenge } from "@ibkr-edge-gateway/protocol/approval-page/approved-statement.ts";
import {
  Envelope,
  envelopeSha256,
} from "@ibkr-edge-gateway/protocol/approval-page/approver-envelope.ts";
import {
  APPROVER_PATHS,
  SubmittedAnswer,
} from "@ibkr-edge-gateway/protocol/approval-page/page-answers.ts";
import type { BrowserContext, Browser as Chromium, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { storedPort } from "../../sidecar/src/approval-page-server/loopback-port.ts";
import { CHROMIUM, launchChromium, NO_CHROMIUM, pageWithPasskeys } from "../support/chromium.ts";
import { type OrderChain, small, startOrderChain } from "../support/order-chain.ts";

/**
 * The PC's own approval page in a real browser, every part real: the built Worker, the relay, the
 * sidecar's process and its loopback server, the simulator; the passkey is Chromium's own.
 */
if (CHROMIUM === null) console.log(NO_CHROMIUM);

describe.runIf(CHROMIUM !== null && process.platform === "linux")("the PC's own page", () => {
  let chain: OrderChain;
  let chromium: Chromium;
  let context: BrowserContext;
  let page: Page;
  let market = 0;
  const complaints: string[] = [];

  const button = (name: string) => page.getByRole("button", { name, exact: true });
  const heading = (text: string) =>
    page.getByRole("heading", { level: 1 }).getByText(text).waitFor();
  const port = () => storedPort(chain.configDir) ?? 0;

  /** A fresh link of the PC's, opened. */
  async function open(): Promise<string> {
    const { code, output } = await chain.pc("approve", "--print");
    expect([code, output]).toEqual([0, expect.stringContaining(`http://localhost:${port()}/#t=`)]);
    const link = output.trim();
    await page.goto("about:blank");
    await page.goto(link);
    return link.split("#t=")[1] ?? "";
  }

  const price = () => String(Math.floor(market * 0.98));
  /** So far from the market that the broker asks whether it is meant. */
  const farAway = () => String(Math.floor(market * 0.9));
  async function ask(over: Record<string, unknown> = {}, more: Record<string, unknown> = {}) {
    const order = small(chain.broker, { limit_price: price(), ...over });
    const { preview } = await chain.agent.call("ibkr_order_preview", order);
    const asked = await chain.agent.call("ibkr_approvals_create", {
      account_id: chain.broker,
      preview_id: preview.preview_id,
      ...more,
    });
    return asked.approval;
  }
  const statusOf = (approval_id: string) =>
    chain.agent.call("ibkr_approval_status", { account_id: chain.broker, approval_id });
  const until = async (id: string, state: string) => {
    await expect
      .poll(async () => (await statusOf(id)).approval.state, { timeout: 20_000 })
      .toBe(state);
  };

  beforeAll(async () => {
    chain = await startOrderChain();
    chromium = await launchChromium();
    context = await chromium.newContext({ viewport: { width: 1_000, height: 800 } });
    ({ page } = await pageWithPasskeys(context));
    page.on("pageerror", (error) => complaints.push(error.message));
    const { preview } = await chain.agent.call(
      "ibkr_order_preview",
      small(chain.broker, { limit_price: "1" }),
    );
    const { bid, last, prior_close } = preview.market;
    market = Number(bid ?? last ?? prior_close);
  }, 180_000);
  afterAll(async () => {
    await chromium?.close();
    await chain?.close();
  });

  it("makes an approver at the PC's terminal, with six words that are the same at both, and tries it", async () => {
    const terminal = chain.atPc("approvers", "enrol", "--print");
    await terminal.until("/#t=");
    const link = /http:\/\/localhost:\d+\/#t=\S+/.exec(terminal.said())?.[0] ?? "";
    await page.goto(link);
    expect(page.url()).toBe(`http://localhost:${port()}/`);
    await button("Make the passkey").click();
    await heading("Compare with your PC");
    const words = (await page.locator("ol.words li").allTextContents()).join(" ");
    await terminal.until("Are these the words on the page?");
    expect(terminal.said()).toContain(words);
    // Before the yes it approves nothing.
    expect((await chain.pc("approvers")).output).not.toContain("this PC's own page");
    terminal.type("y");
    await heading("Prove that the new passkey works");
    await button("Use the passkey").click();
    await heading("Nothing waits for you");
    expect(await terminal.ended).toBe(0);
    expect(terminal.said()).toContain("Enrolled.");
    const { output } = await chain.pc("approvers");
    expect(output).toContain(words);
    expect(output).toContain("of this PC's own page: no number");
    // The gateway cannot do it, and keeps that it was done.
    const leaves = async () => {
      const rows = await chain.gateway.sql<{ event: string }>(
        "Account",
        chain.accountId,
        "SELECT event FROM audit_log ORDER BY seq",
      );
      return rows
        .map(({ event }) => JSON.parse(event))
        .filter(({ type }) => type === "approver.enrolled")
        .map(({ meta }) => meta);
    };
    await expect
      .poll(leaves, { timeout: 10_000 })
      .toMatchObject([{ via: "loopback", origin: `http://localhost:${port()}` }]);
  }, 60_000);

  it("approves a paper order without a number: the gateway lets it out, and the PC's receipt says what became of it", async () => {
    const approval = await ask();
    await open();
    await heading("Buy 1 AAPL");
    await button("Approve").click();
    await page.getByText("What you said yes to").waitFor();
    await until(approval.approval_id, "approved");
    const before = chain.posts();
    const sent = await chain.agent.call("ibkr_paper_order_submit", {
      account_id: chain.broker,
      approval_id: approval.approval_id,
      idempotency_key: "loopback-1",
    });
    expect(sent).toMatchObject({ outcome: "answered", refusals: [] });
    expect(chain.posts() - before).toBe(1);
    await page.getByText("sent to the broker").waitFor({ timeout: 15_000 });
    chain.sim.control.fillOrder(Number(sent.order.orders[0].order_id));
    await page.getByText("filled").waitFor({ timeout: 30_000 });
    expect(complaints).toEqual([]);
  }, 90_000);

  it("answers the broker's question about an order, with the order beside it", async () => {
    const approval = await ask({ quantity: "4", limit_price: farAway() });
    await open();
    await heading("Buy 4 AAPL");
    await button("Approve").click();
    await until(approval.approval_id, "approved");
    const sent = await chain.agent.call("ibkr_paper_order_submit", {
      account_id: chain.broker,
      approval_id: approval.approval_id,
      idempotency_key: "loopback-2",
    });
    expect(sent.order.state).toBe("awaiting_confirmation");
    await heading("Say yes to the broker about: Buy 4 AAPL");
    await page.getByText("exceeds the Percentage constraint").waitFor();
    await button("Say yes").click();
    await expect
      .poll(async () => (await statusOf(approval.approval_id)).order.state, { timeout: 20_000 })
      .toBe("working");
  }, 60_000);

  it("denies with one tap, and the agent hears of it", async () => {
    const approval = await ask({ quantity: "2" });
    await open();
    await heading("Buy 2 AAPL");
    await button("Deny").click();
    await heading("Nothing waits for you");
    await until(approval.approval_id, "denied");
  }, 60_000);

  it("answers to its own name and port alone", async () => {
    const answer = await page.goto(`http://127.0.0.1:${port()}/`);
    expect(answer?.status()).toBe(421);
    expect((await page.goto(`http://localhost:${port()}/`))?.status()).toBe(200);
    await heading("Open the link anew");
  });

  it("takes no yes that its passkey gave on a page of another port", async () => {
    const approval = await ask({ quantity: "3" });
    const token = await open();
    await heading("Buy 3 AAPL");
    const at = `http://localhost:${port()}`;
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const waiting = z
      .object({ envelopes: z.array(Envelope) })
      .loose()
      .parse(await (await fetch(`${at}${APPROVER_PATHS.pending}`, { headers })).json());
    const [envelope] = waiting.envelopes;
    if (envelope === undefined) throw new Error("nothing waits");
    const choice = { nonce: "d".repeat(32), accepted_warnings: [] };
    const other = await elsewhere();
    try {
      await page.goto(other.url);
      const assertion: unknown = await page.evaluate(
        `(${SIGN})(${JSON.stringify(approvedChallenge(envelope, choice))})`,
      );
      const response = await fetch(`${at}${APPROVER_PATHS.approvals}`, {
        method: "POST",
        headers: { ...headers, "sec-fetch-site": "same-origin", origin: at },
        body: JSON.stringify({
          ...{ v: 1, kind: "approval", ticket_sha256: envelopeSha256(envelope), ...choice },
          assertion,
        }),
      });
      const said = SubmittedAnswer.parse(await response.json());
      expect(said).toMatchObject({
        accepted: false,
        refusals: [{ code: "APPROVAL_ORIGIN_REFUSED" }],
      });
      // Nor does the browser let that page post, or read, by itself.
      expect(await page.evaluate(`(${REACH})(${JSON.stringify(at)})`)).toBe("nothing came back");
    } finally {
      other.server.close();
    }
    expect((await statusOf(approval.approval_id)).approval.state).toBe("pending");
  }, 60_000);
});

/** A page of somebody else's on this machine. */
async function elsewhere(): Promise<{ server: Server; url: string }> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<p>another program</p>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { server, url: `http://localhost:${address.port}/` };
}

/** Runs in the page: asks for a passkey of `localhost`, as any port of it may. */
const SIGN = `async (challenge) => {
  const bytes = Uint8Array.from(atob(challenge.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const made = await navigator.credentials.get({
    publicKey: { challenge: bytes, rpId: "localhost", userVerification: "required" },
  });
  const { id, response } = made.toJSON();
  return {
    id,
    client_data_json: response.clientDataJSON,
    authenticator_data: response.authenticatorData,
    signature: response.signature,
  };
}`;

const REACH = `async (at) => {
  try {
    const answer = await fetch(at + "/approver/v1/pending");
    return "came back: " + answer.status;
  } catch {
    return "nothing came back";
  }
}`;
