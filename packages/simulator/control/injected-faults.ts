import * as z from "zod";
import type { Random } from "../random.ts";

/**
 * Faults: what a test breaks on purpose. A fault waits for the requests it matches and then does
 * one thing to each; several faults may do their things to the same request, in order.
 */
export const MatchSchema = z.strictObject({
  method: z.string().optional(),
  /** The path below the base, or a pattern in slashes: `/^\/iserver\/account\/.+\/orders$/`. */
  path: z.string().optional(),
  /** A piece of the body, such as a cOID. */
  body: z.string().optional(),
  /** Only the n-th request that fits the rest, counted from 1. */
  nth: z.int().positive().optional(),
  /** Only from this instant of the simulator's time on, Unix milliseconds. */
  after: z.number().optional(),
  /** Only with this probability, drawn from the seed. */
  prob: z.number().min(0).max(1).optional(),
});

/** How an answer that is not meant to arrive fails. */
const Ending = z.enum(["503", "reset", "timeout"]);

export const WsActionSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("pauseHeartbeat") }),
  z.strictObject({ kind: z.literal("resumeHeartbeat") }),
  /** The socket stays open and says nothing more. */
  z.strictObject({ kind: z.literal("silence") }),
  z.strictObject({ kind: z.literal("speak") }),
  /** A topic's frames are no longer sent: `sor`, `smd`, … */
  z.strictObject({ kind: z.literal("stopTopic"), topic: z.string() }),
  z.strictObject({ kind: z.literal("duplicateNext") }),
  /** The next frame is sent after the one that follows it. */
  z.strictObject({ kind: z.literal("reorderNext") }),
  z.strictObject({ kind: z.literal("invalidUtf8") }),
  z.strictObject({ kind: z.literal("frame"), text: z.string() }),
  z.strictObject({ kind: z.literal("noData") }),
  z.strictObject({ kind: z.literal("close"), code: z.int().min(1000).max(4999) }),
  /** The connection is torn down without a close frame: 1006 at the client. */
  z.strictObject({ kind: z.literal("terminate") }),
]);
export type WsAction = z.infer<typeof WsActionSchema>;

export const ActionSchema = z.discriminatedUnion("action", [
  /** Above ten seconds the gateway gives up after ten and says 503, though the work was done. */
  z.strictObject({ action: z.literal("delay"), ms: z.number().min(0) }),
  /** Answers in the route's place; the route does not run. */
  z.strictObject({
    action: z.literal("respond"),
    status: z.int().min(200).max(599),
    body: z.string().default(""),
    contentType: z.string().default("application/json; charset=utf-8"),
  }),
  z.strictObject({ action: z.literal("accessDenied") }),
  z.strictObject({ action: z.literal("badGateway") }),
  z.strictObject({ action: z.literal("emptyOk"), applied: z.boolean().default(false) }),
  z.strictObject({ action: z.literal("truncate") }),
  z.strictObject({ action: z.literal("wrongType"), contentType: z.string().default("text/html") }),
  z.strictObject({
    action: z.literal("reset"),
    when: z.enum(["before-headers", "mid-body", "after-body"]),
    applied: z.boolean().default(true),
  }),
  /** The work is done and the caller is told, or hears, otherwise. */
  z.strictObject({ action: z.literal("applyThenFail"), how: Ending }),
  /** Nothing is done and nothing is said. */
  z.strictObject({ action: z.literal("dropRequest") }),
  /** Fails now; the work is done after this much simulator time. */
  z.strictObject({
    action: z.literal("applyLate"),
    ms: z.number().min(0),
    how: Ending.default("timeout"),
  }),
  z.strictObject({ action: z.literal("duplicateAck") }),
  z.strictObject({ action: z.literal("partialAck"), rows: z.int().min(0) }),
  /** Orders: answered with an id, and never seen again. */
  z.strictObject({ action: z.literal("silentDrop") }),
  /** Orders: not listed for this long. */
  z.strictObject({ action: z.literal("hideFromOrders"), ms: z.number().min(0) }),
  z.strictObject({ action: z.literal("wrongAccountInAnswer") }),
  z.strictObject({ action: z.literal("penalty"), minutes: z.number().min(0) }),
  z.strictObject({
    action: z.literal("competeEvict"),
    rival: z.enum(["tws", "mobile"]).default("tws"),
  }),
  z.strictObject({ action: z.literal("establishedDelay"), ms: z.number().min(0) }),
  z.strictObject({ action: z.literal("certSwap") }),
  /** The answer's bytes trickle out over this wall time. */
  z.strictObject({ action: z.literal("slowloris"), ms: z.number().min(0) }),
  z.strictObject({ action: z.literal("ws"), do: WsActionSchema }),
]);
export type FaultAction = z.infer<typeof ActionSchema>;

export const FaultSchema = z.strictObject({
  match: MatchSchema.default({}),
  do: ActionSchema,
  /** How many requests it touches before it is spent; 0 is all of them. */
  times: z.int().min(0).default(1),
});
export type FaultInput = z.input<typeof FaultSchema>;

export interface Fault extends z.infer<typeof FaultSchema> {
  id: string;
  /** Requests that fitted, and those it acted on. */
  fitted: number;
  fired: number;
}

export interface Faults {
  add(input: unknown): Fault;
  remove(id: string): boolean;
  clear(): void;
  all(): readonly Fault[];
  /** The faults that act on this request; counts them. */
  take(request: { method: string; path: string; bodyText: string }): Fault[];
}

/**
 * Keeps the faults that are planned and says which of them meet a request. `add` throws on a fault
 * that is not in its form.
 */
export function createFaults(random: Random, now: () => number): Faults {
  let faults: Fault[] = [];
  let next = 1;
  return {
    add: (input) => {
      const fault = { ...FaultSchema.parse(input), id: `f${next++}`, fitted: 0, fired: 0 };
      if (fault.match.path !== undefined) pathTest(fault.match.path);
      faults.push(fault);
      return fault;
    },
    remove: (id) => {
      const before = faults.length;
      faults = faults.filter((fault) => fault.id !== id);
      return faults.length < before;
    },
    clear: () => {
      faults = [];
    },
    all: () => faults,
    take: (request) =>
      faults.filter((fault) => {
        if (fault.times > 0 && fault.fired >= fault.times) return false;
        if (!fits(fault, request) || now() < (fault.match.after ?? 0)) return false;
        fault.fitted += 1;
        const { nth, prob } = fault.match;
        if (nth !== undefined && fault.fitted !== nth) return false;
        if (prob !== undefined && random.next() >= prob) return false;
        fault.fired += 1;
        return true;
      }),
  };
}

function fits(fault: Fault, request: { method: string; path: string; bodyText: string }): boolean {
  const { method, path, body } = fault.match;
  if (method !== undefined && method !== request.method) return false;
  if (path !== undefined && !pathTest(path)(request.path)) return false;
  return body === undefined || request.bodyText.includes(body);
}

function pathTest(pattern: string): (path: string) => boolean {
  const expression = /^\/(\^.*|.*\$)\/$/.exec(pattern)?.[1];
  if (expression === undefined) return (path) => path === pattern;
  const compiled = new RegExp(expression);
  return (path) => compiled.test(path);
}
