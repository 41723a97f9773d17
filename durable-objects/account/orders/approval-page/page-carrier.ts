import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import {
  type ActOn,
  OwnerAnswerEvent,
} from "@ibkr-edge-gateway/protocol/operation-schemas/approval-page.ts";
import { logAbandoned } from "../../platform/log-abandoned.ts";
import type {
  ApprovalPageAnswer,
  ApprovalPageCall,
  AskedElsewhere,
  ConfirmElsewhere,
} from "../../rpc/approval-page-types.ts";
import type { OrderParts } from "../order-context.ts";
import {
  readPendingOnPage,
  readReceipts,
  submitFromPage,
  tellResult,
} from "../sidecar-calls/approval-page-calls.ts";
import type { InFlight } from "../sidecar-calls/in-flight.ts";
import { raiseAlert } from "../transactions/raise-alert.ts";
import { approveFromPage, type DoneFromPage, denyFromPage } from "./approve-from-page.ts";
import { confirmElsewhere, liftFromPage, loosenFromPage } from "./confirm-on-page.ts";
import { type PageCaller, pageBudget } from "./page-budget.ts";
import { type KnownPages, pageTokens } from "./page-tokens.ts";
import { createWishes, type Wishes } from "./page-wishes.ts";

/** What a page of the owner's may ask of the gateway: three things, each carried to the PC. */
export interface PageCarrier {
  call(asked: ApprovalPageCall): Promise<ApprovalPageAnswer>;
  /** A signed-in owner wants to confirm something on a page of their own. */
  confirm(wanted: ConfirmElsewhere): Promise<AskedElsewhere>;
  /** A report of the PC's: an answer that came to its own page is acted on like one from elsewhere. */
  heard(payload: unknown): void;
}

export function createPageCarrier(parts: OrderParts, inFlight: InFlight): PageCarrier {
  const tokens = pageTokens(parts);
  const budget = pageBudget(parts.now);
  const wishes = createWishes(parts);
  const acting = { parts, inFlight, wishes };
  return {
    confirm: (wanted) => confirmElsewhere(parts, wishes, wanted),
    heard(payload) {
      const told = OwnerAnswerEvent.safeParse(payload);
      if (!told.success) return;
      // After the transaction of the report.
      void Promise.resolve()
        .then(() => actOnReport(acting, told.data))
        .catch(logAbandoned("own_page.answer"));
    },
    async call(asked) {
      const known = await soon(
        tokens.known((read) => callerOf(read, asked) !== null),
        PAGES_PATIENCE_MS,
      );
      const caller = known === null ? null : callerOf(known, asked);
      // The same answer, whoever asks in vain and wherever the PC is: its presence is nobody's business.
      if (known === null || caller === null) return { kind: "no_page", origins: [] };
      if (!budget.take(caller)) {
        return caller === "stranger"
          ? { kind: "no_page", origins: [] }
          : { kind: "too_many", origins: originsOf(known) };
      }
      return carried(acting, asked, originsOf(known));
    },
  };
}

/** Longer nobody waits for the PC to name its pages; what comes later is there for the next question. */
const PAGES_PATIENCE_MS = 1_500;

async function soon<T>(asked: Promise<T | null>, ms: number): Promise<T | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, ms, null);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Who asks, by what the PC named; null for nobody. A page that is being enrolled has no token yet: it
 * shows what the secret of the PC's screen makes, and may bring its enrolment and nothing else. A PC of
 * before names no such thing, and any enrolment is carried to it.
 */
function callerOf(
  { pages, enrolling, enrollingTokenSha256 }: KnownPages,
  asked: ApprovalPageCall,
): PageCaller | null {
  if (pages.some((page) => page.page_token_sha256 === asked.tokenSha256)) return "page";
  if (enrolling === null || asked.ask !== "submit" || !isEnrolment(asked.message)) return null;
  if (enrollingTokenSha256 === null) return "stranger";
  return enrollingTokenSha256 === asked.tokenSha256 ? "enrolling" : null;
}

/**
 * An answer that came to the PC's own page. Nobody waits for what becomes of it here, so that the page
 * is told by the PC, and a refusal is an alert as well.
 */
async function actOnReport(acting: Acting, { act_on, event_key }: OwnerAnswerEvent): Promise<void> {
  const { parts } = acting;
  const done = await actOn(acting, act_on, event_key);
  const ticketSha256 = /^owner-answer:([0-9a-f]{64}):/.exec(event_key)?.[1] ?? null;
  if (!done.ok) {
    const which = act_on.act === "deny_order" ? "no" : "yes";
    parts.storage.transactionSync(() =>
      raiseAlert(parts, {
        key: `approval_not_used:${ticketSha256 ?? event_key}`,
        kind: "approval_not_used",
        brokerAccount: null,
        coid: null,
        message: `Your ${which} on the PC's own page had no effect: ${done.message}`.slice(0, 500),
        brokerText: null,
        cancelOffered: [],
      }),
    );
  }
  await sayWhatBecame(parts, ticketSha256, act_on, done);
}

/** A no ends at the PC with the no; of everything else the page waits for the gateway's word. */
async function sayWhatBecame(
  parts: OrderParts,
  ticketSha256: string | null,
  wanted: ActOn | null,
  done: DoneFromPage,
): Promise<void> {
  if (ticketSha256 === null || wanted === null || wanted.act === "deny_order") return;
  await tellResult(parts, ticketSha256, done.ok ? null : done.code);
}

/** What acting on the PC's word works with. */
interface Acting {
  parts: OrderParts;
  inFlight: InFlight;
  wishes: Wishes;
}

async function carried(
  acting: Acting,
  asked: ApprovalPageCall,
  origins: readonly string[],
): Promise<ApprovalPageAnswer> {
  const { parts } = acting;
  switch (asked.ask) {
    case "pending": {
      const answer = await readPendingOnPage(parts);
      if (!answer.ok) return away(origins);
      return { kind: "answer", origins, body: { v: 1, envelopes: answer.value.envelopes } };
    }
    case "receipts": {
      const answer = await readReceipts(parts);
      if (!answer.ok) return away(origins);
      return { kind: "answer", origins, body: { v: 1, receipts: answer.value.receipts } };
    }
    case "submit": {
      const answer = await submitFromPage(parts, asked.message);
      if (!answer.ok) return away(origins);
      const done = await actOn(acting, answer.value.act_on, asked.requestId);
      void sayWhatBecame(parts, ticketOf(asked.message), answer.value.act_on, done).catch(
        logAbandoned("own_page.result"),
      );
      const { accepted, receipt } = answer.value;
      const said = answer.value.refusals.map(({ code, message }) => ({ code, message }));
      const refusals = done.ok ? said : [...said, { code: done.code, message: done.message }];
      return {
        kind: "answer",
        origins,
        body: { v: 1, accepted: accepted && done.ok, receipt, refusals },
      };
    }
  }
}

/** What the gateway does upon the PC's word; nothing of it loosens what holds here anyway. */
async function actOn(
  { parts, inFlight, wishes }: Acting,
  wanted: ActOn | null,
  requestId: string,
): Promise<DoneFromPage> {
  switch (wanted?.act) {
    case "order":
      return approveFromPage(parts, inFlight, wanted.approval, requestId);
    case "deny_order":
      return denyFromPage(parts, wanted.preview_id, requestId);
    case "lift_kill_switch":
      return liftFromPage(parts, wishes, wanted.lift, requestId);
    case "loosen_policy":
      return loosenFromPage(parts, wishes, wanted.change, requestId);
    case "mandate":
      return { ok: false, code: "UNIMPLEMENTED", message: "Sign a mandate in the console." };
    case undefined:
      return { ok: true };
  }
}

const isEnrolment = (message: JsonObject): boolean => message.kind === "enrolment";

const ticketOf = ({ ticket_sha256: named }: JsonObject): string | null =>
  typeof named === "string" && /^[0-9a-f]{64}$/.test(named) ? named : null;

const originsOf = ({ pages, enrolling }: Pick<KnownPages, "pages" | "enrolling">): string[] => [
  ...new Set([...pages.map(({ origin }) => origin), ...(enrolling === null ? [] : [enrolling])]),
];

const away = (origins: readonly string[]): ApprovalPageAnswer => ({ kind: "pc_away", origins });
