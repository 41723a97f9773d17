import { Browser } from "./browser.ts";
import { checkboxes, formFields, unescapeHtml } from "./html-forms.ts";
import { OwnerTokenRefused, signIn } from "./oauth-client.ts";
import type { RunningGateway } from "./running.ts";
import { Sorry } from "./say.ts";

export interface PairingAnswer {
  /** The six words over the sidecar's key, as the console showed them. */
  words: string[];
  capabilities: string[];
}

export interface PairingChoices {
  /** Those on the sidecar's screen; without them nobody compares, which is for a local gateway only. */
  expectedWords?: readonly string[];
  /** Grants all that the sidecar offers, also what stands unticked on the page. */
  everything?: boolean;
}

/**
 * Confirms a pairing as the gateway's owner, through the console's own pages: sign in, type the
 * code, compare the words, choose the capabilities.
 */
export async function confirmPairingAsOwner(
  gateway: RunningGateway,
  code: string,
  { expectedWords, everything = false }: PairingChoices = {},
): Promise<PairingAnswer> {
  const browser = new Browser(gateway.url);
  await signIn(browser, gateway.ownerToken);
  const entrance = await browser.get("/pair");
  // A passkey has to confirm this session first.
  if (entrance.status === 303) throw new OwnerTokenRefused(entrance.status);
  const asking = formFields(await pageText(entrance));
  const confirmPage = await pageText(
    await browser.post("/pair", { csrf: asking.csrf ?? "", code }),
  );
  const words = wordsOn(confirmPage);
  if (expectedWords !== undefined && expectedWords.join(" ") !== words.join(" ")) {
    throw new Sorry("The six words on the two sides differ; nothing was paired.");
  }
  const capabilities = checkboxes(confirmPage, "capability")
    .filter(({ checked }) => checked || everything)
    .map(({ value }) => value);
  const { csrf = "" } = formFields(confirmPage.slice(confirmPage.indexOf("/pair/confirm")));
  await pageText(
    await browser.post("/pair/confirm", [
      ["csrf", csrf],
      ["code", code],
      ["words", "same"],
      ...capabilities.map((capability): [string, string] => ["capability", capability]),
    ]),
  );
  // A session that nobody uses any more would stand in the owner's list as a browser they do not know.
  await browser.post("/sign-out", { csrf });
  return { words, capabilities };
}

/** The page's HTML; a page that carries an alert is a refusal in the owner's words. */
async function pageText(response: Response): Promise<string> {
  const html = await response.text();
  const alert = /role="alert"[^>]*>([\s\S]*?)<\/div>/.exec(html)?.[1];
  if (alert !== undefined) throw new Sorry(plainText(alert));
  if (response.status !== 200) throw new Error(`the console answered ${response.status}`);
  return html;
}

function wordsOn(html: string): string[] {
  const list = /<ol class="words[^>]*>([\s\S]*?)<\/ol>/.exec(html)?.[1];
  if (list === undefined) throw new Error("the console showed no fingerprint words");
  return [...list.matchAll(/<li[^>]*>([\s\S]*?)<\/li>/g)].map(([, item = ""]) => plainText(item));
}

function plainText(html: string): string {
  return unescapeHtml(html.replace(/<[^>]*>/g, " "))
    .replace(/\s+/g, " ")
    .trim();
}
