import * as z from "zod";
import type { PendingRecovery, RecoveryStep } from "../rpc/account-types.ts";
import { issueRecoveryCode, takeRecoveryCode } from "./recovery-code.ts";
import { settingsOfSidecars } from "./tables/joint/recoveries.ts";
import { deleteSetting, deleteSettings, setting, storeSetting } from "./tables/owner-settings.ts";
import { deleteRecoveryCodes, deleteRecoveryCodesOf } from "./tables/recovery-codes.ts";

/**
 * Recovery for an owner who has no owner token: a member of somebody else's gateway, whose passkeys
 * were the only key. The paired PC is all that is left to prove who asks, and a PC can be stolen; so
 * its word counts only after a day. Through that day every page says what was asked for, whoever is
 * signed in can stop it, and a passkey that is used stops it by itself: it was not lost.
 */
export const RECOVERY_WAIT_MS = 24 * 3_600_000;
/** How long after the wait it stays open; later it has to be asked for anew. */
export const RECOVERY_OPEN_MS = 72 * 3_600_000;

const Asked = z.object({ askedAt: z.number(), readyAt: z.number() });
type Asked = z.infer<typeof Asked>;

/** What a PC's request leads to: the wait begins, it goes on, or it is over and there is a code. */
export function askRecovery(sql: SqlStorage, sidecarId: string, nowMs: number): RecoveryStep {
  const asked = readAsked(sql, sidecarId);
  if (asked === null || nowMs > asked.readyAt + RECOVERY_OPEN_MS) {
    const readyAt = nowMs + RECOVERY_WAIT_MS;
    const begun = { askedAt: nowMs, readyAt } satisfies Asked;
    storeSetting(sql, nameOf(sidecarId), JSON.stringify(begun));
    return { state: "begun", readyAt };
  }
  if (nowMs < asked.readyAt) return { state: "waiting", readyAt: asked.readyAt };
  return { state: "open", code: issueRecoveryCode(sql, sidecarId, nowMs) };
}

/**
 * Recovery of an owner who has the owner token and no PC that is paired, also after one was revoked:
 * the token alone counts after a day, in which whoever is signed in, or any passkey, can stop it.
 * @returns when it is ready; null when it was, and is taken with this
 */
export function takeRecoveryWithoutPc(sql: SqlStorage, nowMs: number): number | null {
  const asked = readAsked(sql, WITHOUT_PC);
  if (asked === null || nowMs > asked.readyAt + RECOVERY_OPEN_MS) {
    const begun = { askedAt: nowMs, readyAt: nowMs + RECOVERY_WAIT_MS } satisfies Asked;
    storeSetting(sql, nameOf(WITHOUT_PC), JSON.stringify(begun));
    return begun.readyAt;
  }
  if (nowMs < asked.readyAt) return asked.readyAt;
  stopRecoveries(sql);
  return null;
}

/** Stands where the id of a PC would; no PC has such a one. */
const WITHOUT_PC = "without-pc";

/** Takes a code whose PC has waited; everything that was asked for is done with then. */
export function takeMemberRecovery(sql: SqlStorage, code: string, nowMs: number): boolean {
  const open = pendingRecoveries(sql, nowMs).filter(({ readyAt }) => readyAt <= nowMs);
  const taken = takeRecoveryCode(sql, code, nowMs);
  if (taken === null || !open.some(({ sidecarId }) => sidecarId === taken)) return false;
  stopRecoveries(sql);
  return true;
}

/** What waits or is open, of PCs that are still paired; the first to be asked for first. */
export function pendingRecoveries(sql: SqlStorage, nowMs: number): PendingRecovery[] {
  const alone = setting(sql, nameOf(WITHOUT_PC));
  const withoutPc =
    alone === null
      ? []
      : [{ sidecarId: WITHOUT_PC, machine: "the owner token, without a PC", value: alone }];
  return [...settingsOfSidecars(sql, RECOVERY), ...withoutPc]
    .flatMap(({ sidecarId, machine, value }) => {
      const asked = Asked.safeParse(JSON.parse(value));
      if (!asked.success || nowMs > asked.data.readyAt + RECOVERY_OPEN_MS) return [];
      return [{ sidecarId, machine, ...asked.data }];
    })
    .sort((a, b) => a.askedAt - b.askedAt);
}

/** Stops every recovery, with the codes that were shown for it; false when there was none. */
export function stopRecoveries(sql: SqlStorage): boolean {
  if (deleteSettings(sql, RECOVERY) === 0) return false;
  deleteRecoveryCodes(sql);
  return true;
}

/** Ends what a PC that was cut off had asked for: paired again, it waits like any other. */
export function dropRecovery(sql: SqlStorage, sidecarId: string): void {
  deleteSetting(sql, nameOf(sidecarId));
  deleteRecoveryCodesOf(sql, sidecarId);
}

const RECOVERY = "recovery:";
const nameOf = (sidecarId: string): string => `${RECOVERY}${sidecarId}`;

function readAsked(sql: SqlStorage, sidecarId: string): Asked | null {
  const value = setting(sql, nameOf(sidecarId));
  if (value === null) return null;
  const asked = Asked.safeParse(JSON.parse(value));
  return asked.success ? asked.data : null;
}
