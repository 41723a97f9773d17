import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { judgeAnswer, type Verdict } from "../client-portal/answer-verdict.ts";
import { type Clock, sleep } from "../client-portal/clock.ts";
import { LIMITS } from "../client-portal/limits.ts";
import type { Wire, WireOutcome } from "../client-portal/paced-wire.ts";
import type { Ask } from "../client-portal/portal-interface.ts";
import { countUnread } from "../client-portal/unreadable-values.ts";
import { compare, type Difference } from "./compare.ts";
import { knownCall, namesOf } from "./known-shapes.ts";
import { type Places, placesOf } from "./places.ts";
import { nothingLearnt, REPORT_CALLS, type ReportCall, templateOf } from "./report-calls.ts";
import { parseAsWritten } from "./wire-numbers.ts";

/** How long one question may wait for its turn: the slowest that need no quarter of an hour. */
const MAX_WAIT_MS = 20_000;

/** What one question of the report came to. */
export interface Collected {
  template: string;
  /** Why there is no shape; null where there is one. */
  without: string | null;
  places: Places;
  differences: Difference[];
  /** Our readers took the answer. */
  decoded: boolean;
  /** Values that were there and that no reader understood. */
  unread: number;
}

export interface CollectParts {
  wire: Wire;
  clock: Clock;
  /** The last answer's text to a question, as it came over the wire; undefined where there was none. */
  heard(method: string, path: string): string | undefined;
  /** Whether the session lets a question through that needs so much of it. */
  mayAsk(needs: Ask<unknown>["needs"]): boolean;
  /** Names that the owner lets stand in the report although nobody knows them. */
  letThrough: ReadonlySet<string>;
  onProgress?(done: number, of: number): void;
}

/** Asks all that the report asks, one after the other. Never throws for what the broker does. */
export async function collect(parts: CollectParts): Promise<Collected[]> {
  const learnt = nothingLearnt();
  const all: Collected[] = [];
  for (const call of REPORT_CALLS) {
    const question = call.ask(learnt);
    const answer = question === null ? NOTHING_TO_ASK : await answerTo(parts, call, question);
    all.push(
      typeof answer === "string"
        ? without(call.template, answer)
        : judged(call, answer.text, question, parts.letThrough),
    );
    if (typeof answer !== "string") {
      try {
        call.learn(answer.json, learnt);
      } catch {
        // What our readers cannot read is told of by the comparison.
      }
    }
    parts.onProgress?.(all.length, REPORT_CALLS.length);
  }
  return all;
}

const NOTHING_TO_ASK = "not asked: the account has nothing of the kind";

const OTHER_ADDRESS = "not asked: an id in an answer is of a form that no id has";

interface Answered {
  text: string;
  json: unknown;
}

/** An answer, or why there is none. */
async function answerTo(
  parts: CollectParts,
  call: ReportCall,
  question: Ask<unknown>,
): Promise<Answered | string> {
  const method = question.method ?? "GET";
  // An id out of an answer is part of the address: what it leads to is looked at once more.
  if (templateOf(method, question.path) !== call.template) return OTHER_ADDRESS;
  if (!call.heard) {
    if (!parts.mayAsk(question.needs)) return "not asked: the session does not allow it now";
    const outcome = await settled(parts, method, question);
    if (outcome.kind !== "ok") return reasonOf(outcome);
  }
  const text = parts.heard(method, question.path);
  if (text === undefined) return "not asked in this run";
  const verdict = judgeAnswer({ status: 200, contentType: "", text });
  return verdict.kind === "ok" ? { text, json: verdict.json } : reasonOf(verdict);
}

type Settled = WireOutcome | { kind: "not_now" };

/** A service that is cold answers with nothing, or not at all, the first time: it is asked once more. */
async function settled(
  parts: CollectParts,
  method: "GET" | "POST",
  question: Ask<unknown>,
): Promise<Settled> {
  const first = await once(parts, method, question);
  if (!isCold(first, question)) return first;
  await sleep(parts.clock, LIMITS.coldReadPauseMs);
  const second = await once(parts, method, question);
  return second.kind === "ok" || first.kind !== "ok" ? second : first;
}

function isCold(outcome: Settled, question: Ask<unknown>): boolean {
  if (outcome.kind === "unavailable") return true;
  if (outcome.kind === "refused") return question.coldStatus?.includes(outcome.status) ?? false;
  // The first look at quotes only opens their streams.
  if (outcome.kind === "ok" && question.pace === "snapshot") return true;
  if (outcome.kind !== "ok") return false;
  try {
    return question.isCold?.(question.decode(outcome.json)) ?? false;
  } catch {
    return false;
  }
}

async function once(
  { wire }: CollectParts,
  method: "GET" | "POST",
  { path, query, body, pace, timeoutMs }: Ask<unknown>,
): Promise<Settled> {
  try {
    return await wire.call({
      method,
      path,
      ...(query === undefined ? {} : { query }),
      ...(body === undefined ? {} : { body }),
      pace: pace ?? "any",
      priority: "agent",
      maxWaitMs: MAX_WAIT_MS,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  } catch (error) {
    if (error instanceof GatewayError) return { kind: "not_now" };
    throw error;
  }
}

/** In closed words: the broker's reason may name anything. */
function reasonOf(outcome: Exclude<Settled, { kind: "ok" }> | Verdict): string {
  switch (outcome.kind) {
    case "refused":
      return `refused with ${outcome.status}`;
    case "unavailable":
      return `unavailable, ${outcome.status}`;
    case "failed":
      return `failed: ${outcome.error.fault}`;
    case "not_now":
      return "not asked: it may be asked again only later";
    default:
      return outcome.kind;
  }
}

const without = (template: string, reason: string): Collected => ({
  template,
  without: reason,
  places: new Map(),
  differences: [],
  decoded: true,
  unread: 0,
});

function judged(
  { template }: ReportCall,
  text: string,
  question: Ask<unknown> | null,
  letThrough: ReadonlySet<string>,
): Collected {
  const places = placesOf(parseAsWritten(text), namesOf(template, letThrough));
  const { decoded, unread } = readBy(question, text);
  const differences = compare(places, knownCall(template));
  return { template, without: null, places, differences, decoded, unread };
}

function readBy(question: Ask<unknown> | null, text: string): { decoded: boolean; unread: number } {
  const verdict = judgeAnswer({ status: 200, contentType: "", text });
  if (question === null || verdict.kind !== "ok") return { decoded: false, unread: 0 };
  try {
    const { value, unread } = countUnread(() => question.decode(verdict.json));
    return { decoded: value !== null, unread };
  } catch {
    return { decoded: false, unread: 0 };
  }
}
