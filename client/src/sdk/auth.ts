import { choiceNamed } from "@ibkr-edge-gateway/protocol/access-choices.ts";
import { type Access, tokenAccess } from "./access.ts";
import { loginStore } from "./login-store.ts";
import { openBrowser } from "./open-browser.ts";
import { storedAccess } from "./stored-access.ts";

/** How a program gets in to a gateway; made by one of the functions here. */
export type Auth = (resource: string, configDir: string) => Access;

/** One access token, which nobody renews. */
export function tokenAuth(token: string): Auth {
  return () => tokenAccess(token);
}

/** The sign-in that `ibkr login` or {@link browserAuth} left on this computer; it is renewed by itself. */
export function storedAuth(): Auth {
  return (resource, configDir) => storedAccess({ store: loginStore(configDir), resource });
}

export interface BrowserAuthOptions {
  /** What to ask the owner for, who may give less or more: read, prepare, paper or live. */
  access?: "read" | "prepare" | "paper" | "live";
  /** The name that the owner reads on the consent page. */
  clientName?: string;
  /** Shows a page to the person; opens the browser unless said otherwise. */
  open?(url: string): Promise<void>;
}

/**
 * The sign-in on this computer, and the owner in the browser where there is none or where a call needs
 * more than it allows.
 */
export function browserAuth(options: BrowserAuthOptions = {}): Auth {
  const scope = choiceNamed(options.access ?? null)?.scopes.join(" ") ?? null;
  const person = {
    clientName: options.clientName ?? "ibkr library",
    scope,
    open: options.open ?? openOrTell,
  };
  return (resource, configDir) => storedAccess({ store: loginStore(configDir), resource, person });
}

async function openOrTell(url: string): Promise<void> {
  if (await openBrowser(url)) return;
  process.stderr.write(`Open this page in a browser on this computer:\n${url}\n`);
}
