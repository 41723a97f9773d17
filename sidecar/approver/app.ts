import { envelopeHolds } from "@ibkr-edge-gateway/protocol/approver/approver-envelope.ts";
import {
  type Receipt,
  receiptHolds,
} from "@ibkr-edge-gateway/protocol/approver/approver-receipt.ts";
import {
  type EnrolmentCode,
  enrolmentCodeOf,
  enrolmentEnds,
  seedFromWords,
} from "@ibkr-edge-gateway/protocol/approver/enrolment.ts";
import { type Api, NoAnswer } from "./api.ts";
import { approveEnvelope, type CeremonyParts, economicHashOf, enrol } from "./ceremony.ts";
import { type Keeper, withAnswered, withoutAnswered, withReceipts } from "./kept.ts";
import { lastReceipt, mayBeOut, wasAnswered } from "./may-be-out.ts";
import { ceremonyWords } from "./passkeys.ts";
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
import { type ReadPending, readPending, type Waiting } from "./waiting.ts";
import { verdictInWords, wordsOf } from "./words.ts";

/** How often the page asks while somebody looks at it. */
const ASK_MS = 2_500;

export interface AppParts extends CeremonyParts {
  api: Api;
  keeper: Keeper;
  /** From the address; its token is the PC's own page's and is kept in memory alone. */
  token: string | null;
  code: EnrolmentCode | null;
}

/** The whole page over a document: asks, shows, and hands over what the owner decides. */
export function startApp(parts: AppParts): void {
  new App(parts).start();
}

class App {
  readonly #parts: AppParts;
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

  constructor(parts: AppParts) {
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
      if (keeper.get().answered.length > 0) await this.#take((await api.receipts(token)).receipts);
      this.#problem = "";
    } catch (error) {
      // Between the new key and the yes at the terminal this page is not known there yet.
      const early = error instanceof NoAnswer && this.#enrolled && !this.#parts.keeper.get().proved;
      this.#problem = early ? "" : wordsFor(error);
    } finally {
      this.#asking = false;
    }
    this.#render();
  }

  /** Keeps those receipts that the PC signed. */
  async #take(received: readonly Receipt[]): Promise<void> {
    const { settings, keeper } = this.#parts;
    const holding: Receipt[] = [];
    for (const receipt of received) {
      if (await receiptHolds(receipt, settings.pc_key)) holding.push(receipt);
    }
    keeper.change((kept) =>
      withReceipts(
        kept,
        holding.map(({ body }) => body),
      ),
    );
  }

  #tick(): void {
    if (this.#card !== null && !this.#card.tick(Date.now())) {
      for (const one of this.#footer.querySelectorAll("button")) one.disabled = true;
    }
  }

  #next(): Waiting | null {
    const kept = this.#parts.keeper.get();
    const open = (this.#read?.waiting ?? []).filter(
      ({ sha256, envelope }) =>
        !wasAnswered(kept, sha256) && Date.parse(envelope.body.not_after) > Date.now(),
    );
    return open.find(({ envelope }) => envelope.act === "probe") ?? open[0] ?? null;
  }

  #render(): void {
    const kept = this.#parts.keeper.get();
    const waiting = this.#next();
    const entering = this.#code !== null && !this.#enrolled;
    const name = entering
      ? "enrol"
      : this.#token === null
        ? "none"
        : waiting !== null
          ? `card ${waiting.sha256} ${this.#blocker(waiting) === null}`
          : this.#enrolled && !kept.proved
            ? "compare"
            : "idle";
    const state = JSON.stringify([
      name,
      this.#problem,
      this.#read?.unread,
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
    const { api, keeper, token } = this.#parts;
    const code = this.#code;
    if (code === null) return;
    if (Date.now() >= code.exp * 1_000) {
      this.#code = null;
      this.#problem = "The code is too old. Begin anew at the PC.";
      return this.#render();
    }
    try {
      const made = await enrol(this.#parts, code, token);
      const answer = await api.submit(made.token, made.message);
      if (!answer.accepted) {
        const why = answer.refusals.map(({ message }) => message).join(" ");
        throw new NoAnswer(`Your PC did not take the passkey. ${why} Begin anew at the PC.`);
      }
      this.#words = made.words;
      this.#enrolled = true;
      keeper.change((kept) => ({
        ...kept,
        token: token === null ? made.token : kept.token,
        credential_id: made.credentialId,
        proved: false,
      }));
      this.#problem = "";
    } catch (error) {
      this.#problem = wordsFor(error);
    }
    this.#render();
  }

  /** An earlier equal order whose end nobody knows. */
  #blocker({ envelope, sha256 }: Waiting) {
    const hash = economicHashOf(envelope);
    return hash === null ? null : mayBeOut(this.#parts.keeper.get(), hash, sha256);
  }

  #showCard(waiting: Waiting): void {
    const { keeper } = this.#parts;
    const blocker = this.#blocker(waiting);
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
    const { api, keeper, settings } = this.#parts;
    const token = this.#token;
    const said = shown.said();
    if (token === null) return;
    if (!said.ok) {
      this.#problem = said.missing;
      return this.#render();
    }
    let given = false;
    try {
      // What was verified when it came is verified again at the moment it is signed.
      if (!(await envelopeHolds(waiting.envelope, settings.pc_key))) {
        throw new NoAnswer("Your PC did not sign this. Nothing was approved.");
      }
      const { message, answered } = await approveEnvelope(this.#parts, waiting, {
        credentialId: keeper.get().credential_id,
        acceptedWarnings: said.acceptedWarnings,
        number: said.number,
        nowMs: Date.now(),
      });
      given = true;
      keeper.change((kept) => withAnswered(kept, answered));
      const answer = await api.submit(token, message);
      if (answer.receipt !== null) await this.#take([answer.receipt]);
      const last = lastReceipt(keeper.get(), answered);
      const words = answer.refusals.map(({ message: why }) => why).join(" ");
      if (last?.verdict === "refused") {
        this.#problem = `${wordsOf(waiting.envelope).title}: ${verdictInWords(last.verdict, last.code)}. ${words}`;
      } else this.#problem = answer.accepted ? "" : `It was not taken. ${words}`;
      if (waiting.envelope.act === "probe") this.#probed(answer.accepted, answered.ticket_sha256);
    } catch (error) {
      this.#problem = given
        ? `${wordsFor(error)} Your yes was given and may have arrived: it may be out.`
        : wordsFor(error);
    }
    this.#render();
  }

  /** A probe is no order: nothing of it may be out. */
  #probed(accepted: boolean, ticketSha256: string): void {
    this.#parts.keeper.change((kept) => ({
      ...withoutAnswered(kept, ticketSha256),
      proved: kept.proved || accepted,
    }));
    if (accepted) this.#read = null;
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
      this.#problem = wordsFor(error);
    }
    this.#render();
  }
}

const orNone = (child: HTMLElement | null): HTMLElement[] => (child === null ? [] : [child]);

const wordsFor = (error: unknown): string =>
  error instanceof NoAnswer ? error.message : ceremonyWords(error);
