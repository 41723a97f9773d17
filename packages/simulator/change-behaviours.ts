import type { Behaviours } from "./behaviours.ts";

/** What a switch of words or codes may be set to; all others only keep their type. */
const CHOICES: { readonly [name: string]: readonly (string | number)[] } = {
  "session.noBrokerageBody": ["not-authenticated", "no-bridge", "init-session-first"],
  "session.unauthorizedBody": ["empty", "text", "json"],
  "session.publishFalseStatus": [200, 500],
  "coldReads.accountsFirstStatus": [400, 500],
  "questions.shape": ["array", "object"],
  "questions.invalidatedStatus": [400, 503],
  "questions.declineStatus": [200, 400],
  "brackets.mode": ["ok", "parent-inactive", "child-refused", "error"],
  "duplicates.status": [200, 400],
  "duplicates.registerAt": ["first-post", "confirmed"],
  "drift.loginTypeKey": ["LOGIN_TYPE", "loginType"],
  "drift.faClientKey": ["faclient", "faClient"],
  "drift.isPaperAs": ["boolean", "text", "number"],
  "limits.clock": ["both", "virtual"],
};

/**
 * Changes behaviours in place; all of the changes, or none.
 * @throws RangeError naming the first group or switch that does not exist or has another kind.
 */
export function changeBehaviours(behaviours: Behaviours, changes: unknown): void {
  if (!isRecord(changes)) throw new RangeError("behaviours must be an object of groups");
  const groups: Record<string, unknown> = { ...behaviours };
  const settled: (() => void)[] = [];
  for (const [group, switches] of Object.entries(changes)) {
    const target = groups[group];
    if (!isRecord(target) || !isRecord(switches)) throw new RangeError(`no behaviours "${group}"`);
    for (const [name, value] of Object.entries(switches)) {
      if (!Object.hasOwn(target, name) || !accepts(`${group}.${name}`, target[name], value)) {
        throw new RangeError(`no behaviour "${group}.${name}" with such a value`);
      }
      settled.push(() => {
        target[name] = value;
      });
    }
  }
  for (const settle of settled) settle();
}

function accepts(name: string, present: unknown, value: unknown): boolean {
  const choices = CHOICES[name];
  if (choices !== undefined) return choices.some((choice) => choice === value);
  if (typeof value === "number" && !(value >= 0)) return false;
  return typeof present === typeof value && Array.isArray(present) === Array.isArray(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
