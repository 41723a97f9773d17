import { BASELINE_SCOPES, coversScope, isScope, SCOPES, type Scope } from "./scopes.ts";

/**
 * What an owner chooses between for a client, in the words of the pages; an agent is told the same
 * ones. Each holds everything that stands before it.
 */
export type AccessChoiceId = "read" | "prepare" | "paper" | "live";

export interface AccessChoice {
  readonly id: AccessChoiceId;
  readonly title: string;
  readonly means: string;
  readonly scopes: readonly Scope[];
}

const READ: readonly Scope[] = BASELINE_SCOPES;
const PREPARE: readonly Scope[] = [...READ, "ibkr:orders:preview"];
const PAPER: readonly Scope[] = [
  ...PREPARE,
  "ibkr:approvals:create",
  "ibkr:orders:paper:submit",
  "ibkr:orders:paper:cancel",
  "ibkr:orders:paper:modify",
];
const LIVE: readonly Scope[] = [
  ...PAPER,
  "ibkr:orders:live:submit",
  "ibkr:orders:live:cancel",
  "ibkr:orders:live:modify",
];

export const ACCESS_CHOICES: readonly AccessChoice[] = [
  {
    id: "read",
    title: "Read",
    means:
      "Sees accounts, balances, positions, orders, limits, prices, options and trading hours. Prepares and sends nothing.",
    scopes: READ,
  },
  {
    id: "prepare",
    title: "Read and prepare orders",
    means: "Also works out orders and shows what they would cost. Sends nothing.",
    scopes: PREPARE,
  },
  {
    id: "paper",
    title: "Prepare, and place what I approve (paper)",
    means: "Also asks for approval and sends approved orders to the paper account. No real money.",
    scopes: PAPER,
  },
  {
    id: "live",
    title: "Prepare, and place what I approve (live)",
    means: "The same with the live account: real money.",
    scopes: LIVE,
  },
];

/** The choice of an id as a form sends it; null for any other text and for none. */
export function choiceNamed(id: string | null): AccessChoice | null {
  return ACCESS_CHOICES.find((choice) => choice.id === id) ?? null;
}

/** The choice that gives exactly these scopes; null where they were picked one by one. */
export function choiceOf(scopes: Iterable<string>): AccessChoice | null {
  const held = new Set(scopes);
  return (
    ACCESS_CHOICES.find(
      (choice) => choice.scopes.length === held.size && choice.scopes.every((one) => held.has(one)),
    ) ?? null
  );
}

/** The choices that would give more than these scopes do, the smallest first. */
export function choicesBeyond(scopes: Iterable<string>): AccessChoice[] {
  const held = [...scopes];
  return ACCESS_CHOICES.filter(
    (choice) => !choice.scopes.every((scope) => coversScope(held, scope)),
  );
}

/** The smallest choice with all of these scopes in it; null where one is in none. */
export function choiceWith(scopes: readonly string[]): AccessChoice | null {
  return (
    ACCESS_CHOICES.find((choice) => scopes.every((one) => choice.scopes.some((s) => s === one))) ??
    null
  );
}

/** What a client may do, in a few words. */
export function accessInWords(scopes: readonly string[]): string {
  const choice = choiceOf(scopes);
  if (choice !== null) return choice.title;
  if (scopes.length === 0) return "Nothing";
  const base = [...ACCESS_CHOICES]
    .reverse()
    .find(({ scopes: all }) => all.every((scope) => scopes.includes(scope)));
  const more = scopes.filter((scope) => !base?.scopes.some((one) => one === scope));
  const what = more.length === 1 ? "one permission" : `${more.length} permissions`;
  return base === undefined ? `Picked one by one: ${what}` : `${base.title}, and ${what} more`;
}

/** Scopes that end in orders: giving one takes the owner's passkey. */
export function isOrderScope(scope: string): boolean {
  if (!isScope(scope)) return false;
  const { tier } = SCOPES[scope];
  return tier === "paper" || tier === "live";
}
