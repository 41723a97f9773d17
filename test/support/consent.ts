import { type Browser, checkboxes, formFields } from "../../scripts/lib/oauth-client.ts";

/**
 * The owner opens an authorization address and approves what it asks for; the address that the
 * browser is sent back to, which nobody has followed yet.
 */
export async function approve(browser: Browser, address: URL): Promise<URL> {
  const page = await browser.get(`${address.pathname}${address.search}`);
  const html = await page.text();
  if (page.status !== 200) throw new Error(`the consent page answered ${page.status}`);
  const { csrf = "", handle = "" } = formFields(html.slice(html.indexOf('action="/authorize"')));
  const answer = await browser.post("/authorize", [
    ["csrf", csrf],
    ["handle", handle],
    ["decision", "approve"],
    ...checkboxes(html, "scope").map(({ value }): [string, string] => ["scope", value]),
  ]);
  const location = answer.headers.get("location");
  if (location === null) throw new Error(`the consent form answered ${answer.status}`);
  return new URL(location);
}
