import { describe, expect, it } from "vitest";
import { accountOf, ownerOf } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { passkeyFields, signInWith, signUp } from "../support/members.ts";
import { Browser, formFields } from "../support/oauth-client.ts";
import { ceremonyOn, SoftwarePasskey } from "../support/software-passkey.ts";

async function withGateway(
  vars: Record<string, string>,
  test: (gateway: Gateway) => Promise<void>,
): Promise<void> {
  const gateway = await startGateway({ vars, rateLimits: { SIGN_IN_LIMIT: 1000 } });
  try {
    await test(gateway);
  } finally {
    await gateway.close();
  }
}

async function accounts(gateway: Gateway): Promise<number> {
  const db = await gateway.d1();
  return (await db.prepare("SELECT COUNT(*) AS n FROM accounts").first<number>("n")) ?? -1;
}

async function newInvitation(gateway: Gateway, operator: Browser): Promise<string> {
  const { csrf = "" } = formFields(await (await operator.get("/invitations")).text());
  const page = await (await operator.post("/invitations", { csrf, note: "a friend" })).text();
  const code = /sign-up\?invitation=([\w-]+)/.exec(page)?.[1];
  if (code === undefined) throw new Error("no invitation was shown");
  expect(page).toContain(`${gateway.url}/sign-up?invitation=`);
  return code;
}

describe("sign-up", () => {
  it("is closed unless the deployment opens it", async () => {
    await withGateway({}, async (gateway) => {
      const operator = await ownerOf(gateway);
      expect((await signUp(gateway)).answer.status).toBe(403);
      expect((await signUp(gateway, "A".repeat(32))).answer.status).toBe(403);
      expect((await operator.get("/invitations")).status).toBe(404);
      expect(await accounts(gateway)).toBe(1);
    });
  });

  it("by invitation: one code makes one account, even when two come with it at once", async () => {
    await withGateway({ SIGN_UP: "invitation" }, async (gateway) => {
      const operator = await ownerOf(gateway);
      const code = await newInvitation(gateway, operator);
      const db = await gateway.d1();
      const rows = await db.prepare("SELECT * FROM invitations").all();
      expect(JSON.stringify(rows.results)).not.toContain(code);

      expect((await signUp(gateway, "")).answer.status).toBe(403);
      expect((await signUp(gateway, `${code}x`)).answer.status).toBe(403);
      const both = await Promise.all([signUp(gateway, code), signUp(gateway, code)]);
      expect(both.map(({ answer }) => answer.status).sort()).toEqual([303, 403]);
      expect(await accounts(gateway)).toBe(2);
      expect((await signUp(gateway, code)).answer.status).toBe(403);

      const winner = both.find(({ answer }) => answer.status === 303);
      const loser = both.find(({ answer }) => answer.status === 403);
      if (winner === undefined || loser === undefined) throw new Error("unreachable");
      expect((await signInWith(winner.browser, winner.passkey)).status).toBe(303);
      expect((await signInWith(loser.browser, loser.passkey)).status).toBe(403);
      expect(accountOf(winner.browser)).not.toBe(accountOf(operator));
      // A member invites nobody.
      expect((await winner.browser.get("/invitations")).status).toBe(404);
    });
  });

  it("an invitation that was withdrawn or has ended opens nothing", async () => {
    await withGateway({ SIGN_UP: "invitation" }, async (gateway) => {
      const operator = await ownerOf(gateway);
      const withdrawn = await newInvitation(gateway, operator);
      const page = await (await operator.get("/invitations")).text();
      const form = formFields(page.slice(page.indexOf('"/invitations/withdraw"')));
      await operator.post("/invitations/withdraw", form);
      expect((await signUp(gateway, withdrawn)).answer.status).toBe(403);

      const old = await newInvitation(gateway, operator);
      const db = await gateway.d1();
      await db.prepare("UPDATE invitations SET expires_at = '2020-01-01T00:00:00.000Z'").run();
      expect((await signUp(gateway, old)).answer.status).toBe(403);
    });
  });

  it("open: the account that is opened is the one the page was made for", async () => {
    await withGateway({ SIGN_UP: "open" }, async (gateway) => {
      const operator = await ownerOf(gateway);
      const first = await signUp(gateway);
      expect(first.answer.status).toBe(303);

      // Somebody else's account, or one of one's own choosing, cannot be put in its place.
      for (const account of [accountOf(operator), `acct_${"0".repeat(26)}`]) {
        const browser = new Browser(gateway.url);
        const html = await (await browser.get("/sign-up")).text();
        const answer = await browser.post("/sign-up", {
          ...passkeyFields(html),
          account,
          name: "x",
          response: new SoftwarePasskey(gateway.url).register(ceremonyOn(html)),
        });
        expect(answer.status).toBe(400);
      }
      // A page that was answered is answered.
      const browser = new Browser(gateway.url);
      const html = await (await browser.get("/sign-up")).text();
      const fields = {
        ...passkeyFields(html),
        name: "x",
        response: new SoftwarePasskey(gateway.url).register(ceremonyOn(html)),
      };
      expect((await browser.post("/sign-up", fields)).status).toBe(303);
      expect((await browser.post("/sign-up", fields)).status).toBe(400);
      expect(await accounts(gateway)).toBe(3);
    });
  });
});
