import type { Browser as Chromium, Page } from "playwright-core";
import { approverFingerprint } from "../../sidecar/src/trust/tables/approvers.ts";
import { pageWithPasskeys } from "./chromium.ts";
import type { OrderChain } from "./order-chain.ts";

export const PHONE = { width: 390, height: 844 };

/**
 * A page on a phone that the owner is signed in on, with a passkey of its own that the PC accepts
 * too. What its console and its script complain of is added to `complaints`.
 */
export async function phoneOf(
  chain: OrderChain,
  chromium: Chromium,
  complaints: string[],
): Promise<Page> {
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
