import { type BrokerQuestion, messageOf, plainText } from "./broker-question.ts";
import { recordedRefusal } from "./recorded-refusals.ts";

/**
 * What a broker's answer to an order request proves. Four outcomes and no fifth:
 *
 *  - `transmitted`: an order id; the broker has it (whether it works is for a later read to say);
 *  - `question`: nothing yet; the order waits for an answer;
 *  - `refused`: a body that proves that the order was not taken;
 *  - `ambiguous`: everything else. It is never read as success and never sent again.
 *
 * Status codes are compared as numbers and never looked for in text.
 */
export type BrokerExchange =
  | { kind: "answer"; status: number; body: string }
  /** No answer: a timeout, a reset, a broken answer. `sent` is false only when provably nothing left. */
  | { kind: "no_answer"; sent: boolean; cause: string };

export type OrderRequestKind = "place" | "modify" | "reply" | "cancel";

export interface AnswerRow {
  order_id: string | null;
  /** Our cOID, where the broker echoes it. */
  local_order_id: string | null;
  parent_order_id: string | null;
  status: string | null;
  /** False when this row says that its order was not taken. */
  taken: boolean;
  text: string | null;
}

export type AmbiguousReason =
  | "no_answer"
  | "server_error"
  | "unauthorised_after_send"
  | "rate_limited_after_send"
  | "not_json"
  | "empty"
  | "no_order_id"
  | "unknown_shape"
  | "already_registered"
  | "reply_not_found"
  | "advanced_reject"
  | "unknown_text";

export type RefusedReason =
  | "not_sent"
  | "rejected"
  | "bad_request"
  | "session_not_ready"
  | "declined"
  | "rate_limited"
  | "order_unknown"
  | "order_not_active";

export type Classified =
  | {
      outcome: "transmitted";
      rows: AnswerRow[];
      /** False when some orders of the request were taken and others were not. */
      complete: boolean;
    }
  | { outcome: "question"; question: BrokerQuestion }
  | { outcome: "refused"; reason: RefusedReason; text: string | null }
  | { outcome: "ambiguous"; reason: AmbiguousReason; text: string | null };

/**
 * What one exchange with the broker proves about the request. Takes any status and any text, and
 * never throws; texts in the result are plain, without markup.
 */
export function classifyAnswer(request: OrderRequestKind, exchange: BrokerExchange): Classified {
  if (exchange.kind === "no_answer") {
    return exchange.sent
      ? ambiguous("no_answer", exchange.cause)
      : refused("not_sent", exchange.cause);
  }
  const { status } = exchange;
  if (status >= 500) return ambiguous("server_error", textOf(exchange.body));
  if (status === 401 || status === 407) return ambiguous("unauthorised_after_send", null);
  if (status === 408) return ambiguous("no_answer", null);
  if (status === 429) {
    // No recorded body proves that an order was turned away at the door; a cancel is harmless twice.
    return request === "cancel"
      ? refused("rate_limited", null)
      : ambiguous("rate_limited_after_send", null);
  }
  if (exchange.body.trim() === "") return ambiguous("empty", null);

  const body = parsed(exchange.body);
  if (body === undefined) return ambiguous("not_json", textOf(exchange.body));
  if (status < 200 || (status >= 300 && status < 400)) return ambiguous("unknown_shape", null);
  return status >= 400 ? classifyRefusal(request, body) : classifyBody(request, body);
}

function classifyBody(request: OrderRequestKind, body: unknown): Classified {
  const rows = (Array.isArray(body) ? body : [body]).filter(isRecord);
  if (rows.length === 0) return ambiguous("empty", null);
  const [first] = rows;
  if (first === undefined || rows.every((row) => Object.keys(row).length === 0)) {
    return ambiguous("empty", null);
  }

  if (rows.length === 1 && isAdvancedReject(first)) {
    return ambiguous("advanced_reject", string(first.text));
  }
  const questions = rows.filter(isQuestion);
  const orders = rows.filter((row) => !isQuestion(row));
  if (questions.length > 0) {
    // An order row beside a question belongs to no documented shape.
    if (orders.length > 0 || questions.length > 1) return ambiguous("unknown_shape", null);
    const question = questionOf(first);
    return question === null ? ambiguous("unknown_shape", null) : { outcome: "question", question };
  }
  if (rows.length === 1 && errorText(first) !== null && orderId(first) === null) {
    return classifyRefusal(request, first);
  }

  if (rows.length === 1 && hasRejections(first)) return refused("rejected", null);

  const answers = orders.map(rowOf);
  if (request === "cancel") return cancelAnswer(first, answers);
  if (answers.every((row) => row.order_id === null && !row.taken)) {
    const text = answers.find((row) => row.text !== null)?.text ?? null;
    return orders.every(saysRefused) ? refused("rejected", text) : ambiguous("unknown_text", text);
  }
  if (answers.every((row) => row.order_id === null)) return ambiguous("no_order_id", null);
  if (answers.some((row) => row.order_id === null && row.taken))
    return ambiguous("no_order_id", null);
  if (answers.every((row) => !row.taken)) {
    // Ids and failures at once: the broker kept a record of orders that it says it did not take.
    return { outcome: "transmitted", rows: answers, complete: false };
  }
  return { outcome: "transmitted", rows: answers, complete: answers.every((row) => row.taken) };
}

function cancelAnswer(body: Record<string, unknown>, rows: AnswerRow[]): Classified {
  const message = string(body.msg) ?? string(body.message);
  const acknowledged = message !== null && /request was submitted/i.test(message);
  const named = rows.some((row) => row.order_id !== null);
  return acknowledged && named
    ? { outcome: "transmitted", rows, complete: true }
    : ambiguous("unknown_shape", message);
}

/**
 * What an error proves: only a text that was recorded as a refusal of such a request proves one. To
 * a reply and to a cancel a lost session says nothing of what lies behind it.
 */
function classifyRefusal(request: OrderRequestKind, body: unknown): Classified {
  const record = isRecord(body) ? body : null;
  const text = record === null ? null : errorText(record);
  if (text === null) {
    return record !== null && hasRejections(record)
      ? refused("rejected", null)
      : ambiguous("unknown_shape", null);
  }
  if (/already registered/i.test(text)) return ambiguous("already_registered", text);
  if (/reply id not found/i.test(text)) return ambiguous("reply_not_found", text);
  switch (recordedRefusal(text)) {
    case "rejected":
      if (request === "cancel") return ambiguous("unknown_text", text);
      return refused(record?.statusCode === 400 ? "bad_request" : "rejected", text);
    case "session_not_ready":
      return request === "reply"
        ? ambiguous("unauthorised_after_send", text)
        : refused("session_not_ready", text);
    case "declined":
      return request === "reply" ? refused("declined", text) : ambiguous("unknown_text", text);
    case "order_unknown":
      return isOfOneOrder(request)
        ? refused("order_unknown", text)
        : ambiguous("unknown_text", text);
    case "order_not_active":
      return isOfOneOrder(request)
        ? refused("order_not_active", text)
        : ambiguous("unknown_text", text);
    case null:
      return ambiguous("unknown_text", text);
  }
}

/** Requests that name an order of the broker's. */
const isOfOneOrder = (request: OrderRequestKind): boolean =>
  request === "modify" || request === "cancel";

function isQuestion(row: Record<string, unknown>): boolean {
  return row.message !== undefined && string(row.id) !== null && orderId(row) === null;
}

function questionOf(row: Record<string, unknown>): BrokerQuestion | null {
  const replyId = string(row.id);
  const texts = Array.isArray(row.message) ? row.message : [row.message];
  const ids = Array.isArray(row.messageIds) ? row.messageIds : [];
  if (replyId === null || texts.length === 0 || !texts.every((text) => typeof text === "string")) {
    return null;
  }
  // Ids and texts that do not pair up identify nothing: keep the texts, drop the ids.
  const paired = ids.length === texts.length;
  return {
    reply_id: replyId,
    messages: texts.map((text, index) =>
      messageOf(paired ? (string(ids[index]) ?? null) : null, String(text)),
    ),
  };
}

/** A row that proves that its order was not taken: the broker's own mark, or a recorded text. */
function saysRefused(row: Record<string, unknown>): boolean {
  const text = errorText(row);
  return text === null ? isMarkedRefused(row) : recordedRefusal(text) === "rejected";
}

function isMarkedRefused(row: Record<string, unknown>): boolean {
  const status = string(row.order_status) ?? string(row.orderStatus);
  const given = row.order_id ?? row.orderId;
  const negative = given !== undefined && given !== null && /^-/.test(String(given));
  return negative || (status !== null && /^(failed|rejected)$/i.test(status));
}

function rowOf(row: Record<string, unknown>): AnswerRow {
  const id = orderId(row);
  const status = string(row.order_status) ?? string(row.orderStatus);
  const text = errorText(row) ?? string(row.text) ?? string(row.warning_message);
  return {
    order_id: id,
    local_order_id: string(row.local_order_id),
    parent_order_id: string(row.parent_order_id),
    status,
    taken: !isMarkedRefused(row) && errorText(row) === null && !/^inactive$/i.test(status ?? ""),
    text: text === null ? null : plainText(text).slice(0, 1_000),
  };
}

function isAdvancedReject(row: Record<string, unknown>): boolean {
  return row.reqId !== undefined && row.prompt !== undefined && row.text !== undefined;
}

function hasRejections(row: Record<string, unknown>): boolean {
  const cqe = isRecord(row.cqe) ? row.cqe : null;
  const payload = cqe !== null && isRecord(cqe.post_payload) ? cqe.post_payload : null;
  return payload !== null && Array.isArray(payload.rejections) && payload.rejections.length > 0;
}

/** The positive order id of a row, as text; null for -1, 0, nothing and nonsense. */
function orderId(row: Record<string, unknown>): string | null {
  const given = row.order_id ?? row.orderId;
  if (typeof given !== "string" && typeof given !== "number") return null;
  const text = String(given);
  return /^[1-9]\d{0,18}$/.test(text) ? text : null;
}

function errorText(row: Record<string, unknown>): string | null {
  const direct = string(row.error);
  if (direct !== null) return plainText(direct).slice(0, 1_000);
  // problem+json
  const title = string(row.title);
  if (title !== null && typeof row.status === "number") {
    return plainText(`${title} ${string(row.detail) ?? ""}`).slice(0, 1_000);
  }
  return null;
}

const string = (value: unknown): string | null =>
  typeof value === "string" && value !== ""
    ? value
    : typeof value === "number"
      ? String(value)
      : null;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const textOf = (body: string): string | null => {
  const text = plainText(body.slice(0, 4_000)).slice(0, 300);
  return text === "" ? null : text;
};

const refused = (reason: RefusedReason, text: string | null): Classified => ({
  outcome: "refused",
  reason,
  text,
});

const ambiguous = (reason: AmbiguousReason, text: string | null): Classified => ({
  outcome: "ambiguous",
  reason,
  text,
});
