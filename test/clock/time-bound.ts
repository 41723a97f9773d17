import type { Instant } from "./instants.ts";
import type { Case } from "./plan.ts";

/**
 * The tests of what touches time: sessions, quotes, orders, mandates, leases, tokens, certificates,
 * schedules, audit. Globs from the root.
 */

/** What reads the clock or the zone of the machine: at every instant in every zone. */
export const READS_THE_CLOCK: readonly string[] = [
  "test/clock/now/*.test.ts",
  "packages/policy/ledger.test.ts",
  "sidecar/src/client-portal/wire-values.test.ts",
  "sidecar/src/client-portal/session/broker-resets.test.ts",
  "packages/simulator/market/{venue-hours,us-holidays}.test.ts",
];

/** What is given its clock by the test, and may still lean on the machine's: once at every instant. */
export const IS_GIVEN_A_CLOCK: readonly string[] = [
  "packages/protocol/approval/*.test.ts",
  "packages/policy/{restriction,exits}.test.ts",
  "src/oauth/verified-tokens.test.ts",
  "durable-objects/account/{audit/log,relay/relay-store}.test.ts",
  "durable-objects/account/orders/transactions/cross-check.test.ts",
  "sidecar/src/client-portal/transport.test.ts",
  "sidecar/src/client-portal/session/session-core.test.ts",
  "sidecar/src/trust/verify/accept-approval.test.ts",
  "sidecar/src/trust/enrolment/approvers.test.ts",
  "sidecar/src/journal/relay-journal.test.ts",
  "packages/simulator/{zone,clock}.test.ts",
  "packages/simulator/market/{bars,options}.test.ts",
];

/** Real processes, which run at the instants of `CONTRACT_CASES`, and in `verify:long` at all of them. */
export const TIME_BOUND_CONTRACT: readonly string[] = [
  "test/clock/handed-on.test.ts",
  "test/contract/{oauth-tokens,sign-in,pairing,cleaning}.test.ts",
  "test/contract/{audit-store,broker-session}.test.ts",
  "test/contract/sidecar-{orders-cli,order-mandates,order-previews}.test.ts",
];

/** Where the contract tests of the matrix run: the market is closed, and something ends or turns. */
export const CONTRACT_CASES: readonly (readonly [instant: string, zone: string])[] = [
  ["saturday", "America/Los_Angeles"],
  ["year-end-utc", "Pacific/Auckland"],
  ["2038-rollover", "Asia/Kolkata"],
];

/** Whether the contract tests run in a case: the instant, its place in the list, and the zone's. */
type Runs = (instant: Instant, at: number, zone: string, which: number, zones: number) => boolean;

/** At every instant, the zones in turn. */
export const inTurn: Runs = (_instant, at, _zone, which, zones) => at % zones === which;

export const contractCase: Runs = ({ name }, _at, zone) =>
  CONTRACT_CASES.some(([instant, where]) => instant === name && where === zone);

export function timeBoundCases(
  instants: readonly Instant[],
  zones: readonly string[],
  runsContract: Runs,
): Case[] {
  return instants.flatMap((instant, at) =>
    zones.map((zone, which) => {
      const given = inTurn(instant, at, zone, which, zones.length) ? IS_GIVEN_A_CLOCK : [];
      const contract = runsContract(instant, at, zone, which, zones.length);
      return {
        instant,
        zone,
        unit: [...READS_THE_CLOCK, ...given],
        contract: contract ? TIME_BOUND_CONTRACT : [],
      };
    }),
  );
}

/** What compares its clock with the kernel's, which no preload moves. */
export const KERNEL_CLOCK: readonly string[] = ["scripts/lib/build-cache.test.ts"];
