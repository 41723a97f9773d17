import { type Browser, formFields } from "../../scripts/lib/oauth-client.ts";

/**
 * The owner opens an authorization address and allows it; the address that the browser is sent back
 * to, which nobody has followed yet. He takes the choice that is named, or gives exactly what was
 * asked for.
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
    ...(choice === undefined
      ? asked.map((scope): [string, string] => ["scope", scope])
      : [["choice", choice] satisfies [string, string]]),
  ]);
  const location = answer.headers.get("location");
  if (location === null) throw new Error(`the consent form answered ${answer.status}`);
  return new URL(location);
}
