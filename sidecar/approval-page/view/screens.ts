import type { PageSettings } from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";
import { plainly } from "@ibkr-edge-gateway/protocol/orders/order-words.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { Answered, Kept } from "../kept-in-browser.ts";
import { isOpen, lastReceipt } from "../may-be-out.ts";
import type { ReadPending } from "../read-pending.ts";
import { isAtPc, type PagePlace } from "../settings.ts";
import { verdictInWords } from "../words.ts";
import { button, element, field, paragraph } from "./element.ts";

/** The parts of the page that are no request: whose page it is, enrolment, receipts, troubles. */

/** Whose page this is, and what that means, in one line. */
export function whosePage(settings: PageSettings, place: PagePlace): HTMLElement {
  const pc = plainly(settings.pc_name);
  const says = isAtPc(settings)
    ? `This page comes from your PC ${pc}. The gateway cannot change it.`
    : `This page is yours, served by ${plainly(place.rpId)} for your PC ${pc}. The gateway cannot change it.`;
  return element("header", {}, element("strong", {}, "Approvals. "), says);
}

export const command = (args: string): HTMLElement =>
  element("span", { class: "command" }, sidecarCommand(args));

/** No passkey of this page is enrolled yet. */
export function notEnrolled(
  settings: PageSettings,
  place: PagePlace,
  kept: Kept,
  withWords: (words: string) => string | null,
): HTMLElement {
  if (isAtPc(settings) && kept.credential_id !== null) {
    return element(
      "section",
      { class: "card" },
      element("h1", {}, "Open the link anew"),
      paragraph("Each link of your PC opens this page once. For another one, run at the PC:"),
      command("approve"),
    );
  }
  const how = isAtPc(settings) ? "approvers enrol" : `approvers enrol --page ${place.origin}`;
  const words = field("Or type the eight words from its screen", {
    name: "words",
    mode: "text",
    maxLength: 120,
  });
  const problem = paragraph("", "note bad");
  problem.hidden = true;
  problem.setAttribute("role", "alert");
  return element(
    "section",
    { class: "card" },
    element("h1", {}, "This page has no passkey yet"),
    paragraph("Run this at your PC, and scan the code that it shows with this phone:"),
    command(how),
    words.row,
    button("Go on", "quiet", () => {
      const wrong = withWords(words.input.value);
      problem.hidden = wrong === null;
      problem.textContent = wrong ?? "";
    }),
    problem,
  );
}

export function enrolling(settings: PageSettings): HTMLElement {
  const where = isAtPc(settings)
    ? "Your PC checks it at once."
    : "Your PC checks that it came from here.";
  return element(
    "section",
    { class: "card" },
    element("h1", {}, `A passkey to approve orders of ${plainly(settings.pc_name)}`),
    paragraph(`It is made on this device and is good for this page alone. ${where}`),
    paragraph(
      "If a password manager steps in, switch it off for this page: some refuse it, and what it keeps is as safe as its account.",
      "soft",
    ),
  );
}

/** The key was made: the same six words stand at the terminal. */
export function comparing(words: readonly string[] | null): HTMLElement {
  return element(
    "section",
    { class: "card" },
    element("h1", {}, "Compare with your PC"),
    paragraph("Its terminal shows six words. If they are these, say yes there."),
    words === null
      ? paragraph("The words cannot be made here; compare nothing, and begin anew.", "note bad")
      : element("ol", { class: "words" }, ...words.map((word) => element("li", {}, word))),
    paragraph("Then one more tap here proves that the passkey works.", "soft"),
  );
}

export function nothingWaits(read: ReadPending | null): HTMLElement {
  return element(
    "section",
    { class: "card" },
    element("h1", {}, "Nothing waits for you"),
    paragraph(
      "When an agent asks, it stands here. Keep this page open, or come back by the link.",
      "soft",
    ),
    ...troubles(read),
  );
}

/** What came and is not shown. */
export function troubles(read: ReadPending | null): HTMLElement[] {
  const said: string[] = [];
  if (read !== null && read.unread > 0) {
    said.push(
      "Something waits that this page cannot read: your PC is newer than the page. At the PC make the page anew and put it in place of this one.",
    );
  }
  if (read !== null && read.older > 0) {
    said.push(
      "Something was asked before your PC's program was updated, and cannot be shown any more. Nothing of it was approved. Let the agent ask again.",
    );
  }
  if (read !== null && read.false > 0) {
    said.push(
      "Something came that your PC did not sign. It is not shown. If this happens again, stop trading at the PC and look into the gateway.",
    );
  }
  return said.map((text) => paragraph(text, "note bad"));
}

/** An equal order, while nobody knows the end of the first. */
export function firstMayBeOut(first: Answered, forget: () => void): HTMLElement {
  return element(
    "section",
    { class: "note bad", attributes: { role: "alert" } },
    element("h2", {}, "The first may be out"),
    paragraph(
      `You said yes to the same order at ${clock(first.at)}, and your PC has not said what became of it. A second one is not offered until it does. Look in TWS, or at the PC:`,
    ),
    command("status"),
    button("I looked: the first is not out", "quiet", forget),
  );
}

/** What was said yes to here, the newest first, with the PC's last word about each. */
export function receipts(kept: Kept): HTMLElement | null {
  if (kept.answered.length === 0) return null;
  return element(
    "section",
    { class: "card", attributes: { "aria-label": "Receipts" } },
    element("h2", {}, "What you said yes to"),
    element(
      "ul",
      { class: "rows" },
      ...kept.answered.map((answered) => {
        const last = lastReceipt(kept, answered);
        const said =
          last === null
            ? "no receipt from your PC: it may be out"
            : verdictInWords(last.verdict, last.code);
        const open = isOpen(kept, answered);
        return element(
          "li",
          {},
          paragraph(answered.says),
          element(
            "p",
            { class: "soft" },
            `${clock(answered.at)}: `,
            open ? element("strong", {}, said) : said,
          ),
        );
      }),
    ),
  );
}

/** `30 Nov 15:04`, by this device's clock. */
function clock(at: string): string {
  const date = new Date(at);
  const two = (figure: number): string => String(figure).padStart(2, "0");
  const month = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ")[date.getMonth()] ?? "";
  return `${date.getDate()} ${month} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
