import { APPROVER_LIMITS } from "@ibkr-edge-gateway/protocol/approval-page/approver-limits.ts";
import {
  APPROVER_PATHS,
  ErrorAnswer,
  PendingAnswer,
  ReceiptsAnswer,
  SubmittedAnswer,
} from "@ibkr-edge-gateway/protocol/approval-page/page-answers.ts";
import type { PageMessage } from "@ibkr-edge-gateway/protocol/approval-page/page-message.ts";
import type * as z from "zod";

/** The three addresses. Whoever answers is believed in nothing but what the PC signed. */
export interface Api {
  pending(token: string): Promise<z.output<typeof PendingAnswer>>;
  submit(token: string, message: PageMessage): Promise<SubmittedAnswer>;
  receipts(token: string): Promise<ReceiptsAnswer>;
}

/** No answer, or one that cannot be used; the message is for the owner. */
export class NoAnswer extends Error {
  /** The token is not known there. */
  readonly unknownToken: boolean;
  constructor(message: string, unknownToken = false) {
    super(message);
    this.unknownToken = unknownToken;
  }
}

const PATIENCE_MS = 15_000;
const ANSWER_MAX_BYTES = 2 * APPROVER_LIMITS.pendingMaxBytes;

/** @param account names the account in the address, since a browser's preflight carries no token */
export function createApi(fetching: typeof fetch, origin: string, account: string): Api {
  const call = async <Schema extends z.ZodType>(
    schema: Schema,
    path: string,
    token: string,
    message?: PageMessage,
  ): Promise<z.output<Schema>> => {
    const url = `${origin}${path}?account=${encodeURIComponent(account)}`;
    const headers = new Headers({ Authorization: `Bearer ${token}` });
    if (message !== undefined) headers.set("Content-Type", "application/json");
    let response: Response;
    let text: string;
    try {
      response = await fetching(url, {
        method: message === undefined ? "GET" : "POST",
        headers,
        body: message === undefined ? null : JSON.stringify(message),
        credentials: "omit",
        cache: "no-store",
        redirect: "error",
        referrerPolicy: "no-referrer",
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      text = await response.text();
    } catch {
      throw new NoAnswer("Nothing answers. Check that this device is online.");
    }
    if (text.length > ANSWER_MAX_BYTES) throw new NoAnswer("The answer is too long to be one.");
    const value = jsonOf(text);
    if (!response.ok) throw refused(response.status, value);
    const parsed = schema.safeParse(value);
    if (!parsed.success) throw new NoAnswer("What came back is no answer to this page.");
    return parsed.data;
  };
  return {
    pending: (token) => call(PendingAnswer, APPROVER_PATHS.pending, token),
    submit: (token, message) => call(SubmittedAnswer, APPROVER_PATHS.approvals, token, message),
    receipts: (token) => call(ReceiptsAnswer, APPROVER_PATHS.receipts, token),
  };
}

function refused(status: number, value: unknown): NoAnswer {
  const said = ErrorAnswer.safeParse(value);
  if (status === 401) {
    return new NoAnswer("This page is not known any more. Enrol it anew at the PC.", true);
  }
  return new NoAnswer(said.success ? said.data.message : `It was refused (status ${status}).`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
