import "./without-eval.ts";
import { readPageFragment } from "@ibkr-edge-gateway/protocol/approval-page/page-fragment.ts";
import { createApi } from "./api.ts";
import { startApp } from "./app.ts";
import { browserPasskeys } from "./browser-passkeys.ts";
import { keeper, type TextStore } from "./kept-in-browser.ts";
import { apiOrigin, readSettings } from "./settings.ts";
import { element, paragraph } from "./view/element.ts";

/**
 * The one script of the page. Framed it shows nothing: who draws around it could have a tap fall where
 * the owner sees something else.
 */
if (window.top !== window.self) {
  document.body.replaceChildren(say("This page does not work inside another one."));
} else {
  void begin();
}

async function begin(): Promise<void> {
  const settings = readSettings(document.getElementById("settings")?.textContent);
  const fragment = readPageFragment(location.hash);
  // The secret leaves the address at once, so that it is in no history and in no picture of it.
  if (location.hash !== "") history.replaceState(null, "", location.pathname);
  const problem =
    settings === null
      ? "This file is not whole. Make it anew at the PC, and put that in its place."
      : !("PublicKeyCredential" in window) || !(await knowsEd25519())
        ? "This browser is too old for this page: it has no passkeys, or cannot check your PC's signature."
        : null;
  if (settings === null || problem !== null) {
    document.body.replaceChildren(say(problem ?? ""));
    return;
  }
  const place = { rpId: location.hostname, origin: location.origin };
  startApp({
    settings,
    place,
    passkeys: browserPasskeys,
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    api: createApi(
      (...asked) => fetch(...asked),
      apiOrigin(settings, place),
      settings.gateway_account_id,
    ),
    keeper: keeper(storage(), settings.sidecar_id),
    token: fragment.token,
    code: fragment.code,
  });
}

async function knowsEd25519(): Promise<boolean> {
  try {
    await crypto.subtle.importKey("raw", new Uint8Array(32), "Ed25519", false, ["verify"]);
    return true;
  } catch {
    return false;
  }
}

/** The browser's, or nothing lasting where it is switched off. */
function storage(): TextStore {
  try {
    return localStorage;
  } catch {
    return { getItem: () => null, setItem: () => undefined };
  }
}

function say(text: string): HTMLElement {
  return element("main", {}, element("h1", {}, "Approvals"), paragraph(text, "note bad"));
}
