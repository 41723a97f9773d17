import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { PageSettings } from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";
import { canonicalJson } from "@ibkr-edge-gateway/protocol/digest.ts";
import { UsageError } from "../config/usage-error.ts";

/**
 * The owner's approval page: one file, the same for the PC's own loopback server and for a static host
 * of the owner's. It is built with the sidecar and stands beside it; here the PC fills in whose page it
 * is. The same PC makes the same bytes wherever and whenever it does so.
 */
export const PAGE_TEMPLATE = "approver-page.html";
const SETTINGS = "%SETTINGS%";
const CONNECT = "%CONNECT%";

/** @throws UsageError where this copy of the sidecar was not built. */
export function readPageTemplate(at: URL = new URL(PAGE_TEMPLATE, import.meta.url)): string {
  try {
    return readFileSync(at, "utf8");
  } catch {
    throw new UsageError(`${PAGE_TEMPLATE} does not stand beside this program: build the sidecar`);
  }
}

/** The page of one PC. Throws where a setting is not what it has to be, or the template is another. */
export function fillPage(template: string, settings: PageSettings): string {
  const checked = PageSettings.parse(settings);
  // In a script element's text only this character could end it.
  const json = canonicalJson(checked).replaceAll("<", "\\u003c");
  const connect = checked.edge === "" ? "'self'" : checked.edge;
  return putIn(putIn(template, CONNECT, connect), SETTINGS, json);
}

function putIn(text: string, place: string, value: string): string {
  const [before, after, ...more] = text.split(place);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(`the page's template has not one ${place}`);
  }
  return `${before}${value}${after}`;
}

/** Lower-case hex SHA-256 of the file: what the owner compares, and the PC looks for every hour. */
export const pageSha256 = (page: string): string =>
  createHash("sha256").update(page, "utf8").digest("hex");

/**
 * The headers under which a server of one's own gives the page out: its own policy, which stands in it
 * too, and what only headers can say.
 */
export function pageHeaders(page: string): Record<string, string> {
  const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1];
  if (policy === undefined) throw new Error("the page has no policy");
  return {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": `${policy}; frame-ancestors 'none'`,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy":
      "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), microphone=(), geolocation=(), payment=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
  };
}
