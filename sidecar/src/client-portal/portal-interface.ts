import type { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { Priority } from "./pacing/priority.ts";
import type { PaceName } from "./pacing/rate-windows.ts";

/**
 * Reads of the broker: gated by the session, paced, coalesced, cached for a moment, repeated where
 * that is harmless, and decoded. Whatever comes out is either what the broker said (with its age)
 * or a `GatewayError`; never a guess.
 */
export interface Ask<T> {
  /** What it is called in logs; paths hold account ids and stay out of them. */
  name: string;
  method?: "GET" | "POST";
  path: string;
  query?: Readonly<Record<string, string>>;
  body?: unknown;
  /** Which layer of the session it needs; `nothing` is for the prime itself. */
  needs: "nothing" | "sso" | "brokerage";
  pace?: PaceName;
  priority?: Priority;
  /** How long an answer may be shown again, with its age. */
  ttlMs: number;
  timeoutMs?: number;
  /** A cold service answers with nothing at first: such an answer is read again before it is believed. */
  isCold?(value: T): boolean;
  /** Questions that warm the same service share this; by default a question warms itself only. */
  warms?: string;
  /** Refusals that a cold service gives to what it will answer a moment later. */
  coldStatus?: readonly number[];
  /** Throws when the answer is not what it should be. */
  decode(json: unknown): T;
  /** What a refusal of this question means, where it means something particular. */
  onRefused?(status: number, text: string): GatewayError | null;
  /** What a 2xx without a body means, where it is not a fault. */
  onEmpty?(): T;
}

export interface Answer<T> {
  value: T;
  /** When the broker gave it, ms. */
  at: number;
  /** When it was first asked for, ms: earlier than this call where it joined a read under way. */
  begunAt: number;
  from: "broker" | "cache" | "stale";
  /** False when an empty or partial answer could not be confirmed. */
  proved: boolean;
  /** How many of its values were there and could not be read; absent means none. */
  unread?: number;
}

export interface AskOptions {
  signal?: AbortSignal;
  /** The call's own time limit, for how long it may wait in the line. */
  maxWaitMs?: number;
  /** Ask the broker; what was kept is no answer, also when the broker may not be asked now. */
  fresh?: boolean;
  /** What was kept is an answer up to this age and no longer; by default as the question says. */
  maxAgeMs?: number;
  /** Do not join a read that began before. */
  alone?: boolean;
  /** Do not look again at a cold answer; it is then kept as unproved. */
  firstLookOnly?: boolean;
  /** For what it is asked, where that is more urgent than the question by itself. */
  priority?: Priority;
  /** The client for whom it is asked; null for nobody's. */
  share?: string | null;
}

export interface Portal {
  ask<T>(ask: Ask<T>, options?: AskOptions): Promise<Answer<T>>;
}
