import type { Browser } from "../../scripts/lib/browser.ts";
import { formFields } from "../../scripts/lib/html-forms.ts";

/**
 * The owner opens an authorization address and allows it; the address that the browser is sent back
 * to, which nobody has followed yet. He takes the choice that is named, or gives exactly what was
 * asked for; and has it do so from the first minute.
 */
export async function approve(browser: Browser, address: URL, choice?: string): Promise<URL> {
  const page = await browser.get(`${address.pathname}${address.search}`);
  const html = await page.text();
  if (page.status !== 200) throw new Error(`the consent page answered ${page.status}`);
  const { csrf = "", handle = "" } = formFields(html.slice(html.indexOf('action="/authorize"')));
  const asked = address.searchParams.get("scope")?.split(" ") ?? [];
  if (asked.length === 0) choice ??= "read";
  const answer = await browser.post("/authorize", [
    ["csrf", csrf],
    ["handle", handle],
    ["decision", "approve"],
    ...(choice === undefined ? [] : [["at_once", "yes"] satisfies [string, string]]),
    ...(choice === undefined
      ? asked.map((scope): [string, string] => ["scope", scope])
      : [["choice", choice] satisfies [string, string]]),
  ]);
  const location = answer.headers.get("location");
  if (location === null) throw new Error(`the consent form answered ${answer.status}`);
  return new URL(location);
}

/** He opens the link that an agent gave him, and presses one button. */
export async function allowAt(browser: Browser, link: URL, choice: string): Promise<void> {
  const page = await browser.get(`${link.pathname}${link.search}`);
  const html = await page.text();
  if (page.status !== 200) throw new Error(`the link's page answered ${page.status}`);
  const fields = formFields(html.slice(html.indexOf('action="/clients/access"')));
  const answer = await browser.post("/clients/access", { ...fields, choice, at_once: "yes" });
  if (answer.status !== 303) throw new Error(`allowing was answered ${answer.status}`);
}
