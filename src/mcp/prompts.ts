import { AccountId } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import { ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import * as z from "zod";
import { holds, toolNamed } from "./catalogue.ts";

/** Ways of working that a host can offer its user by name. They are text; they grant nothing. */
interface PromptDefinition {
  name: string;
  title: string;
  description: string;
  args: z.ZodObject;
  text(args: Record<string, unknown>): string;
}

const ACCOUNT = AccountId.optional().describe("Broker account; left out: the only one, or ask");
const forAccount = (account: unknown) =>
  typeof account === "string" ? `account ${account}` : "the account (ask which, if several)";

const PROMPTS: readonly PromptDefinition[] = [
  {
    name: "portfolio_review",
    title: "Review the portfolio",
    description: "What is held, how it is spread, what it earned, and what deserves attention",
    args: z.strictObject({ account_id: ACCOUNT }),
    text: ({ account_id }) =>
      [
        `Review ${forAccount(account_id)} with the IBKR gateway's tools.`,
        "1. ibkr_backend_status: when the broker session is not ready, say what the owner has to do and stop.",
        "2. ibkr_portfolio_snapshot, ibkr_account_ledger and ibkr_portfolio_allocation; ibkr_positions_list for all holdings (follow next_cursor).",
        "3. ibkr_pnl_daily, and ibkr_performance once.",
        "Report: worth and cash by currency; the largest holdings and their share; concentration by asset class and sector; profit and loss, open and realized; margin headroom.",
        "Give every figure its currency and its time. Say so where a figure is null, stale, delayed, not proved or from the simulator; do not fill gaps. Do not propose orders unless asked.",
      ].join("\n"),
  },
  {
    name: "pre_trade_check",
    title: "Check before a trade",
    description: "Contract, market, position, cash and open orders, before an order is prepared",
    args: z.strictObject({
      symbol: z
        .string()
        .trim()
        .regex(/^[A-Za-z0-9 .\-/]{1,30}$/)
        .describe("Ticker symbol"),
      side: z.enum(["buy", "sell"]).optional().describe("buy or sell"),
      quantity: z
        .string()
        .regex(/^(0|[1-9]\d{0,11})(\.\d{1,8})?$/)
        .optional()
        .describe("How many shares or contracts"),
      account_id: ACCOUNT,
    }),
    text: ({ symbol, side, quantity, account_id }) =>
      [
        `Check a possible trade for ${forAccount(account_id)}: ${side ?? "buy or sell"} ${quantity ?? "a quantity to be named"} of ${symbol}. Nothing is to be ordered.`,
        "1. ibkr_session_requirements: is the broker session ready, and is the account paper or live?",
        "2. ibkr_contract_resolve; when it is ambiguous, show the candidates and ask.",
        "3. ibkr_market_snapshot: does it trade now (market.state, note) and when does it open next, what are bid, ask and spread, and how old is the last price?",
        "4. ibkr_positions_list and ibkr_orders_list: what is held and what is already working in this contract?",
        "5. ibkr_account_summary: cash, buying power and margin against the order's size.",
        "Answer with: the exact contract (conid), the cost or proceeds at the quote, the position after the trade, and every reason not to trade now. Say which figures are unknown.",
      ].join("\n"),
  },
  {
    name: "why_cant_i_trade",
    title: "Why can't I trade right now?",
    description: "Walks from the gateway to the market and names the first thing in the way",
    args: z.strictObject({}),
    text: () =>
      [
        "Find out why the owner cannot trade through the IBKR gateway right now. Stop at the first thing that is in the way, and read out what the owner has to do.",
        "1. ibkr_health: does the gateway answer, and is the owner's PC paired and online?",
        "2. ibkr_backend_status: the state of the broker session, and next_step.",
        "3. ibkr_session_requirements: what can be read now, warnings, a rival session, a penalty box, maintenance.",
        "4. ibkr_accounts_list: is the account there, paper or live, and tradable?",
        "5. ibkr_market_snapshot for the contract in question: market.state and note say whether it trades now, and when it opens.",
        "6. ibkr_access_request: what may this connection do, and does it still only read (reads_only_until)?",
        "Use the gateway's own words for the next step. When nothing is in the way, say so.",
      ].join("\n"),
  },
];

export function listPrompts() {
  return PROMPTS.map(({ name, title, description, args }) => ({
    name,
    title,
    description,
    arguments: Object.entries(args.shape).map(([argument, schema]) => ({
      name: argument,
      description: z.globalRegistry.get(schema)?.description ?? "",
      required: !schema.safeParse(undefined).success,
    })),
  }));
}

function toolsOutside(text: string, granted: ReadonlySet<string>): string | null {
  const named = new Set(text.match(/\bibkr_[a-z_]+\b/g) ?? []);
  const missing = [...named].flatMap((name) => {
    const scope = toolNamed(name)?.scope;
    return scope == null || holds(granted, scope) ? [] : [`${name} (${scope})`];
  });
  return missing.length === 0
    ? null
    : `Not allowed on this connection: ${missing.join(", ")}. Leave these steps out and say so; the owner can allow more, ibkr_access_request has the link.`;
}

/**
 * One `prompts/get`. Arguments become part of the text, so only plain ones are taken. Steps whose
 * tool the grant does not hold are named, with the way to get it.
 */
export function getPrompt(name: string, args: unknown, granted: ReadonlySet<string>) {
  const prompt = PROMPTS.find((candidate) => candidate.name === name);
  if (prompt === undefined) throw invalid("Unknown prompt");
  const parsed = prompt.args.safeParse(args ?? {});
  if (!parsed.success) {
    const fields = parsed.error.issues.map(({ path }) => path.join(".") || "arguments");
    throw invalid(`Invalid prompt arguments: ${[...new Set(fields)].slice(0, 5).join(", ")}`);
  }
  const { description } = prompt;
  const steps = prompt.text(parsed.data);
  const missing = toolsOutside(steps, granted);
  const text = missing === null ? steps : `${steps}\n${missing}`;
  return {
    description,
    messages: [{ role: "user" as const, content: { type: "text" as const, text } }],
  };
}

function invalid(message: string): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, message);
}
