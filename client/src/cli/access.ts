import type { Access } from "../sdk/access.ts";
import { openBrowser } from "../sdk/open-browser.ts";
import type { GlobalOptions } from "./globals.ts";

export const CLIENT_NAME = "ibkr command line";

/**
 * How a command gets in: the token in IBKR_TOKEN, or the sign-in in the config folder. `asks`: a
 * person sits at the terminal and can be sent to the browser when more is needed.
 */
export async function accessFor(
  { configDir }: GlobalOptions,
  resource: string,
  asks: boolean,
): Promise<Access> {
  const { tokenAccess } = await import("../sdk/access.ts");
  const token = process.env.IBKR_TOKEN;
  if (token) return tokenAccess(token);
  const { storedAccess } = await import("../sdk/stored-access.ts");
  const { loginStore } = await import("../sdk/login-store.ts");
  const person = { clientName: CLIENT_NAME, scope: null, open: sendToBrowser };
  return storedAccess({
    store: loginStore(configDir),
    resource,
    ...(asks ? { person } : {}),
  });
}

/** Whether somebody is there who could sign in. */
export function personIsThere(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Opens the page, and says where it is for whoever has the browser elsewhere. */
export async function sendToBrowser(url: string): Promise<void> {
  const opened = await openBrowser(url);
  const what = opened
    ? "Your browser opens this page"
    : "Open this page in a browser on this computer";
  process.stderr.write(`${what}, where you choose what this program may do:\n${url}\n`);
}
