import * as z from "zod";
import { recordOrNull, wire } from "../readers.ts";
import type { AuthStatus, PrimeFacts, SsoFacts } from "./session-state.ts";

/** Decoders of the session endpoints. What a build leaves out reads as null. */

const Auth = z.looseObject({
  authenticated: wire.flag,
  established: wire.flag,
  connected: wire.flag,
  competing: wire.flag,
  fail: wire.text,
  serverInfo: recordOrNull(z.looseObject({ serverVersion: wire.text })),
});

export function readAuthStatus(json: unknown): AuthStatus | null {
  const parsed = Auth.safeParse(json);
  if (!parsed.success) return null;
  const { authenticated, established, connected, competing, fail, serverInfo } = parsed.data;
  if (authenticated === null) return null;
  return {
    authenticated,
    established,
    connected,
    competing,
    fail: fail ?? "",
    serverVersion: serverInfo?.serverVersion?.slice(0, 100) ?? null,
  };
}

const Tickle = z.looseObject({
  session: wire.text,
  userId: wire.text,
  iserver: recordOrNull(z.looseObject({ authStatus: z.unknown().optional() })),
});

export interface TickleFacts {
  /** The WebSocket's credential: never logged, never sent anywhere but to the gateway. */
  session: string | null;
  userId: string | null;
  auth: AuthStatus | null;
}

export function readTickle(json: unknown): TickleFacts | null {
  const parsed = Tickle.safeParse(json);
  if (!parsed.success) return null;
  return {
    session: parsed.data.session,
    userId: parsed.data.userId,
    auth: readAuthStatus(parsed.data.iserver?.authStatus),
  };
}

const Validate = z.looseObject({
  RESULT: wire.flag,
  LOGIN_TYPE: wire.count,
  loginType: wire.count,
  AUTH_TIME: wire.time,
});

export function readSso(json: unknown): SsoFacts | null {
  const parsed = Validate.safeParse(json);
  if (!parsed.success || parsed.data.RESULT === null) return null;
  const type = parsed.data.LOGIN_TYPE ?? parsed.data.loginType;
  return {
    alive: parsed.data.RESULT,
    loginType: type === 1 || type === 2 ? type : null,
    authenticatedAt: parsed.data.AUTH_TIME,
  };
}

const Accounts = z.looseObject({ accounts: wire.list, isPaper: wire.flag });

export function readPrime(json: unknown): PrimeFacts | null {
  const parsed = Accounts.safeParse(json);
  if (!parsed.success) return null;
  return {
    accounts: parsed.data.accounts.filter(
      (id): id is string => typeof id === "string" && /^[A-Z]{1,3}\d{3,12}[A-Z]?$/.test(id),
    ),
    isPaper: parsed.data.isPaper,
  };
}
