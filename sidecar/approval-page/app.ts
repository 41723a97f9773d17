import {
  type EnrolmentCode,
  enrolmentCodeOf,
  enrolmentEnds,
  seedFromWords,
} from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";
import { NoAnswer } from "./api.ts";
import { failureWords } from "./failure-words.ts";
import { withoutAnswered } from "./kept-in-browser.ts";
import { blockerOf, nextWaiting } from "./next-waiting.ts";
import type { PageParts } from "./page-parts.ts";
import { type ReadPending, readPending, type Waiting } from "./read-pending.ts";
import { sendApproval } from "./send-approval.ts";
import { sendEnrolment } from "./send-enrolment.ts";
import { takeReceipts } from "./take-receipts.ts";
import { type Card, card } from "./view/card.ts";
import { button, element, paragraph } from "./view/element.ts";
import {
  comparing,
  enrolling,
  firstMayBeOut,
  notEnrolled,
  nothingWaits,
  receipts,
  troubles,
  whosePage,
} from "./view/screens.ts";
import { wordsOf } from "./words.ts";

/** How often the page asks while somebody looks at it. */
const ASK_MS = 2_500;

/** The whole page over a document: asks, shows, and hands over what the owner decides. */
export function startApp(parts: PageParts): void {
  new App(parts).start();
}

class App {
  readonly #parts: PageParts;
  readonly #main = element("main", {});
  readonly #footer = element("footer", {});
  /** What the present screen is made of; it is made anew only when this changes. */
  #screen = "";
  #card: Card | null = null;
  #code: EnrolmentCode | null;
  #words: string[] | null = null;
  #enrolled = false;
  #read: ReadPending | null = null;
  #problem = "";
  #shownAt = 0;
  #asking = false;

  constructor(parts: PageParts) {
    this.#parts = parts;
    this.#code = parts.code;
  }

  start(): void {
    const { settings, place } = this.#parts;
    this.#main.tabIndex = -1;
    document.body.replaceChildren(whosePage(settings, place), this.#main, this.#footer);
    setInterval(() => this.#tick(), 500);
    setInterval(() => void this.#ask(), ASK_MS);
    document.addEventListener("visibilitychange", () => void this.#ask());
    this.#render();
    void this.#ask();
  }

  get #token(): string | null {
    return this.#parts.token ?? this.#parts.keeper.get().token;
  }

  /** Asks for what waits and for receipts; silence is said, and asked again. */
  async #ask(): Promise<void> {
    const token = this.#token;
    const entering = this.#code !== null && !this.#enrolled;
    if (token === null || entering || document.hidden || this.#asking) return;
    this.#asking = true;
    try {
      const { api, settings, keeper } = this.#parts;
      const pending = await api.pending(token);
      this.#read = await readPending(pending.envelopes, settings, Date.now());
      if (keeper.get().answered.length > 0) {
        await takeReceipts(this.#parts, (await api.receipts(token)).receipts);
      }
      this.#problem = "";
    } catch (error) {
      // Between the new key and the yes at the terminal this page is not known there yet.
      const early = error instanceof NoAnswer && this.#enrolled && !this.#parts.keeper.get().proved;
      this.#problem = early ? "" : failureWords(error);
    } finally {
      this.#asking = false;
    }
    this.#render();
  }

  #tick(): void {
    if (this.#card !== null && !this.#card.tick(Date.now())) {
      for (const one of this.#footer.querySelectorAll("button")) one.disabled = true;
    }
  }

  #render(): void {
    const kept = this.#parts.keeper.get();
    const waiting = nextWaiting(kept, this.#read, Date.now());
    const entering = this.#code !== null && !this.#enrolled;
    const name = entering
      ? "enrol"
      : this.#token === null
        ? "none"
        : waiting !== null
          ? `card ${waiting.sha256} ${blockerOf(kept, waiting) === null}`
          : this.#enrolled && !kept.proved
            ? "compare"
            : "idle";
    const state = JSON.stringify([
      name,
      this.#problem,
      this.#read?.unread,
      this.#read?.older,
      this.#read?.false,
      name === "idle" ? [kept.answered, kept.receipts.map(({ pc_seq }) => pc_seq)] : null,
    ]);
    if (state === this.#screen) return;
    const typing = name.startsWith("card") && this.#screen.includes(name);
    this.#screen = state;
    // A card that somebody fills in stays as it is.
    if (typing) {
      this.#sayProblem();
      return;
    }
    this.#card = null;
    this.#footer.replaceChildren();
    this.#footer.hidden = true;
    if (name === "enrol") this.#showEnrolment();
    else if (name === "none") this.#showNotEnrolled();
    else if (waiting !== null) this.#showCard(waiting);
    else if (name === "compare") this.#main.replaceChildren(comparing(this.#words));
    else this.#main.replaceChildren(nothingWaits(this.#read), ...orNone(receipts(kept)));
    this.#sayProblem();
    this.#tick();
  }

  #sayProblem(): void {
    this.#main.querySelector("#problem")?.remove();
    if (this.#problem === "") return;
    const said = paragraph(this.#problem, "note bad");
    said.id = "problem";
    said.setAttribute("role", "alert");
    this.#main.prepend(said);
  }

  #actions(...buttons: HTMLButtonElement[]): void {
    this.#footer.hidden = false;
    this.#footer.replaceChildren(element("div", {}, ...buttons));
  }

  #showNotEnrolled(): void {
    const { settings, place } = this.#parts;
    this.#main.replaceChildren(
      notEnrolled(settings, place, this.#parts.keeper.get(), (words) => {
        const seed = seedFromWords(words);
        if (seed === null) return "These are not the eight words from the screen.";
        this.#code = enrolmentCodeOf(seed, enrolmentEnds(Date.now()));
        this.#render();
        return null;
      }),
    );
  }

  #showEnrolment(): void {
    this.#main.replaceChildren(enrolling(this.#parts.settings));
    this.#actions(
      button("Not now", "quiet", () => {
        this.#code = null;
        this.#render();
      }),
      button("Make the passkey", "", () => this.#enrol()),
    );
  }

  async #enrol(): Promise<void> {
    const code = this.#code;
    if (code === null) return;
    if (Date.now() >= code.exp * 1_000) {
      this.#code = null;
      this.#problem = "The code is too old. Begin anew at the PC.";
      return this.#render();
    }
    try {
      this.#words = await sendEnrolment(this.#parts, code);
      this.#enrolled = true;
      this.#problem = "";
    } catch (error) {
      this.#problem = failureWords(error);
    }
    this.#render();
  }

  #showCard(waiting: Waiting): void {
    const { keeper } = this.#parts;
    const blocker = blockerOf(keeper.get(), waiting);
    this.#shownAt = Date.now();
    const shown = card(waiting, this.#shownAt);
    this.#card = shown;
    const others = (this.#read?.waiting.length ?? 1) - 1;
    this.#main.replaceChildren(
      ...(blocker === null
        ? []
        : [
            firstMayBeOut(blocker, () => {
              keeper.change((kept) => withoutAnswered(kept, blocker.ticket_sha256));
              this.#render();
            }),
          ]),
      shown.body,
      ...(others > 0 ? [paragraph(`${others} more after this one.`, "soft")] : []),
      ...troubles(this.#read),
    );
    const deny = button("Deny", "quiet", () => this.#deny(waiting));
    if (blocker !== null) {
      this.#actions(deny);
      return;
    }
    const { yes } = wordsOf(waiting.envelope);
    this.#actions(
      deny,
      button(yes, "", () => this.#approve(waiting, shown)),
    );
    this.#main.focus({ preventScroll: true });
  }

  async #approve(waiting: Waiting, shown: Card): Promise<void> {
    const token = this.#token;
    const said = shown.said();
    if (token === null) return;
    if (!said.ok) {
      this.#problem = said.missing;
      return this.#render();
    }
    const { problem, probeTaken } = await sendApproval(this.#parts, token, waiting, said);
    this.#problem = problem;
    if (probeTaken) this.#read = null;
    this.#render();
  }

  async #deny({ sha256 }: Waiting): Promise<void> {
    const token = this.#token;
    if (token === null) return;
    try {
      const { api } = this.#parts;
      await api.submit(token, { v: 1, kind: "denial", ticket_sha256: sha256 });
      if (this.#read !== null) {
        const waiting = this.#read.waiting.filter((one) => one.sha256 !== sha256);
        this.#read = { ...this.#read, waiting };
      }
      this.#problem = "";
    } catch (error) {
      this.#problem = failureWords(error);
    }
    this.#render();
  }
}

const orNone = (child: HTMLElement | null): HTMLElement[] => (child === null ? [] : [child]);
