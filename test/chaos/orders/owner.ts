import { Browser } from "../../../scripts/lib/browser.ts";
import { formFields } from "../../../scripts/lib/html-forms.ts";
import { connect, signIn } from "../../../scripts/lib/oauth-client.ts";
import { accountOf } from "../../support/access.ts";
import { ceremonyOn, SoftwarePasskey } from "../../support/software-passkey.ts";
import { type Client, clientOf } from "./client.ts";

/** The owner at a browser, with a passkey in software: every act goes through the console's pages. */
export interface Owner {
  readonly passkey: SoftwarePasskey;
  readonly accountId: string;
  form(path: string, fields: Record<string, string>): Promise<Response>;
  /** Approves by the page's own form; false when it could not be. */
  approve(approvalId: string): Promise<boolean>;
  deny(approvalId: string): Promise<boolean>;
  /** Lets go of the kill switch of the whole gateway. */
  lift(): Promise<boolean>;
  /** Changes the limits of a broker account. */
  limits(account: string, change: Record<string, string>): Promise<void>;
  /** Lets a client in, with these scopes, without its reading hour. */
  admit(name: string, scopes: readonly string[]): Promise<Client>;
  /** After the passkey stands at the PC as well: what asks for it asks now. */
  confirm(): Promise<void>;
}

export async function signInOwner(url: string, ownerToken: string): Promise<Owner> {
  const browser = new Browser(url);
  await signIn(browser, ownerToken);
  const page = async (path: string): Promise<string> => (await browser.get(path)).text();
  const accountId = accountOf(browser);
  const form = async (path: string, fields: Record<string, string>): Promise<Response> => {
    const { csrf = "" } = formFields(await page("/security"));
    return browser.post(path, { csrf, ...fields });
  };
  const passkey = new SoftwarePasskey(url);
  const making = await page("/security/passkeys/new");
  await form("/security/passkeys", {
    name: "Phone",
    response: passkey.register(ceremonyOn(making)),
  });
  const confirm = async (): Promise<void> => {
    const asking = await page("/confirm?next=%2F");
    if (!asking.includes("data-passkey")) return;
    await form("/confirm", { next: "/", response: passkey.use(ceremonyOn(asking)) });
  };
  return {
    passkey,
    accountId,
    form,
    confirm,
    async approve(approvalId) {
      const asking = await page(`/approvals/${approvalId}`);
      if (!asking.includes("data-passkey")) return false;
      const { csrf = "" } = formFields(asking);
      const response = passkey.use(ceremonyOn(asking));
      const done = await browser.post(`/approvals/${approvalId}/approve`, { csrf, response });
      return done.status === 303;
    },
    async deny(approvalId) {
      const { csrf = "" } = formFields(await page(`/approvals/${approvalId}`));
      return (await browser.post(`/approvals/${approvalId}/deny`, { csrf })).status === 303;
    },
    async lift() {
      const asking = await page("/trading/lift?scope=gateway&subject=");
      if (!asking.includes("data-passkey")) return false;
      const { nonce = "", not_after = "" } = formFields(asking);
      const done = await form("/trading/lift", {
        ...{ scope: "gateway", subject: "", nonce, not_after },
        response: passkey.use(ceremonyOn(asking)),
      });
      return done.status === 303;
    },
    async limits(account, change) {
      await confirm();
      const editing = await page(`/trading/policy?account=${account}`);
      const fields = { ...formFields(editing), ...tickedOn(editing), ...change };
      const review = await (await form("/trading/policy", fields)).text();
      if (!review.includes("data-passkey")) {
        const alert = /role="alert"[^>]*>([\s\S]*?)<\/div>/.exec(review)?.[1] ?? "no review";
        throw new Error(`the limits of ${account} were not changed: ${alert.slice(0, 300)}`);
      }
      const done = await form("/trading/policy/change", {
        ...formFields(review.slice(review.indexOf("data-passkey"))),
        response: passkey.use(ceremonyOn(review)),
      });
      if (done.status !== 303) throw new Error(`the limits were not changed (${done.status})`);
    },
    async admit(name, scopes) {
      await confirm();
      const { clientId, tokens } = await connect(browser, {
        scope: scopes.join(" "),
        clientName: name,
      });
      await confirm();
      await browser.post("/clients/change", [
        ["csrf", formFields(await page("/security")).csrf ?? ""],
        ["client_id", clientId],
        ["accounts", "all"],
        ["at_once", "yes"],
        ...scopes.map((one): [string, string] => ["scope", one]),
      ]);
      return clientOf(url, clientId, tokens.refresh_token ?? "");
    },
  };
}

function tickedOn(html: string): Record<string, string> {
  const ticked: Record<string, string> = {};
  for (const [tag] of html.matchAll(/<input\b[^>]*type="checkbox"[^>]*>/g)) {
    const name = /\sname="([^"]*)"/.exec(tag)?.[1];
    if (name !== undefined && /\schecked(?=[\s=/>])/.test(tag)) ticked[name] = "yes";
  }
  return ticked;
}
