import type { Gateway } from "./gateway.ts";
import { Browser, formFields } from "./oauth-client.ts";
import { ceremonyOn, SoftwarePasskey } from "./software-passkey.ts";

/** Fields of the form that a passkey answers. */
export function passkeyFields(html: string): Record<string, string> {
  return formFields(html.slice(html.indexOf("data-passkey")));
}

/** Opens an account with a passkey; the answer to the form, and the passkey. */
export async function signUp(
  gateway: Gateway,
  invitation = "",
): Promise<{ browser: Browser; passkey: SoftwarePasskey; answer: Response }> {
  const browser = new Browser(gateway.url);
  const passkey = new SoftwarePasskey(gateway.url);
  const page = await browser.get(`/sign-up?invitation=${encodeURIComponent(invitation)}`);
  const html = await page.text();
  if (page.status !== 200) return { browser, passkey, answer: page };
  const answer = await browser.post("/sign-up", {
    ...passkeyFields(html),
    name: "Member's key",
    response: passkey.register(ceremonyOn(html)),
  });
  return { browser, passkey, answer };
}

/** Signs in with a passkey that was enrolled before. */
export async function signInWith(browser: Browser, passkey: SoftwarePasskey): Promise<Response> {
  const html = await (await browser.get("/sign-in")).text();
  return browser.post("/sign-in/passkey", {
    ...passkeyFields(html),
    response: passkey.use(ceremonyOn(html)),
  });
}

/** An owner with an account of their own, signed in; the deployment takes anyone. */
export async function member(
  gateway: Gateway,
): Promise<{ browser: Browser; passkey: SoftwarePasskey }> {
  const { browser, passkey, answer } = await signUp(gateway);
  if (answer.status !== 303) throw new Error(`sign-up answered ${answer.status}`);
  const signedIn = await signInWith(browser, passkey);
  if (signedIn.status !== 303) throw new Error(`sign-in answered ${signedIn.status}`);
  return { browser, passkey };
}
