import type { Browser as Chromium, Page } from "playwright-core";
import { approverFingerprint } from "../../sidecar/src/trust/tables/approvers.ts";
import { launchChromium, pageWithPasskeys } from "./chromium.ts";
import { type OrderChain, small, startOrderChain } from "./order-chain.ts";

export const PHONE = { width: 390, height: 844 };

/**
 * A page on a phone that the owner is signed in on, with a passkey of its own that the PC accepts
 * too. What its console and its script complain of is added to `complaints`.
 */
async function phoneOf(chain: OrderChain, chromium: Chromium, complaints: string[]): Promise<Page> {
  const context = await chromium.newContext({ viewport: PHONE });
  const { page } = await pageWithPasskeys(context);
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) {
      complaints.push(message.text());
    }
  });
  const session = chain.owner.cookie("ibkr-owner") ?? "";
  await context.addCookies([
    { name: "ibkr-owner", value: session, url: chain.gateway.url, httpOnly: true },
  ]);
  await page.goto(`${chain.gateway.url}/security/passkeys/new`);
  await page.getByLabel("Name").fill("This phone");
  await page.getByRole("button", { name: "Make the passkey" }).click();
  await page.waitForURL(`${chain.gateway.url}/security`);
  const [made] = await chain.gateway.sql<{ credential_id: string; public_key: string }>(
    "Account",
    chain.accountId,
    "SELECT credential_id, public_key FROM passkeys WHERE name = 'This phone'",
  );
  if (made === undefined) throw new Error("no passkey was made");
  const added = await chain.pc(
    ...["approvers", "add", "--credential", made.credential_id, "--public-key", made.public_key],
    "--accept-approver",
    approverFingerprint(new Uint8Array(Buffer.from(made.public_key, "base64url"))),
  );
  if (added.code !== 0) throw new Error(`the passkey was not accepted: ${added.output}`);
  return page;
}

/** The whole chain for one file of tests: gateway, PC, simulated broker, and the owner's phone. */
export interface OwnersPhone {
  readonly chain: OrderChain;
  readonly chromium: Chromium;
  readonly page: Page;
  /** What the page's console and its script complained of. */
  readonly complaints: string[];
  /** AAPL's price at the start, in USD. */
  readonly market: number;
  /** A limit at this share of the market, a cent lower each time: no order repeats another one. */
  nextLimit(share: number): string;
  close(): Promise<void>;
}

/** Starts it, with the policy's counts lifted: tests ask more often than an agent may. */
export async function startOwnersPhone(): Promise<OwnersPhone> {
  const chain = await startOrderChain();
  let chromium: Chromium | null = null;
  const close = async (): Promise<void> => {
    await chromium?.close();
    await chain.close();
  };
  try {
    chromium = await launchChromium();
    const complaints: string[] = [];
    const page = await phoneOf(chain, chromium, complaints);
    const market = await marketOf(chain);
    await chain.limits({
      "clients.max_approvals_per_hour": "",
      "clients.max_orders_per_day": "",
      "cumulative.max_orders_per_second": "",
      "cumulative.max_orders_per_minute": "",
      "cumulative.max_open_notional": "",
      "cumulative.max_open_orders": "",
      "cumulative.repeat_times": "",
    });
    let serial = 0;
    const nextLimit = (share: number): string => {
      serial += 1;
      return (Math.round(market * share * 100) / 100 - serial / 100).toFixed(2);
    };
    return { chain, chromium, page, complaints, market, nextLimit, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

async function marketOf({ agent, broker }: OrderChain): Promise<number> {
  const probe = await agent.call("ibkr_order_preview", small(broker, { limit_price: "1" }));
  const { bid, last, prior_close } = probe.preview.market;
  return Number(bid ?? last ?? prior_close);
}
