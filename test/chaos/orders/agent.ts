import { setTimeout as sleep } from "node:timers/promises";
import type { SeededRandom } from "../../support/relay/random.ts";
import type { Client } from "./client.ts";
import type { Owner } from "./owner.ts";
import type { AgentRequest } from "./verdict.ts";

/** What several agents together asked for. */
export interface Load {
  readonly requests: AgentRequest[];
  /** What kept previews, requests and submissions from going on, by code. */
  readonly refusals: Record<string, number>;
  /** Calls of a submit tool, first ones and repeated ones. */
  submissions: number;
  cancels: number;
  /** Every submission there was, to be repeated later. */
  readonly made: Submission[];
  /** Rises with each engaged and each lifted switch: odd is engaged. */
  switches: number;
  stopping: boolean;
}

interface Submission {
  request: AgentRequest;
  tool: string;
  args: { account_id: string; approval_id: string; idempotency_key: string };
}

export interface LoadParts {
  agent: Client;
  owner: Owner;
  accounts: readonly string[];
  random: SeededRandom;
}

const CONIDS = [
  ...[756733, 320227571, 265598, 272093, 4815747, 76792991, 4391],
  ...[3691937, 208813719, 8314, 1520593, 7930],
];

export const newLoad = (): Load => ({
  requests: [],
  refusals: {},
  submissions: 0,
  made: [],
  cancels: 0,
  switches: 0,
  stopping: false,
});

/** One agent, one order after the other, until it is enough of all agents together. */
export async function tradeUntil(
  load: Load,
  parts: LoadParts,
  enough: (load: Load) => boolean,
): Promise<void> {
  while (!enough(load) && !load.stopping) {
    const done = await tradeOnce(load, parts, draw(parts)).catch((thrown: unknown) => {
      note(load, `agent: ${thrown instanceof Error ? thrown.message.slice(0, 60) : "failed"}`);
      return false;
    });
    // What is refused is not asked for again at once.
    if (!done) await sleep(50 + parts.random.below(200));
  }
}

interface Plan {
  account: string;
  kind: "at market" | "resting" | "stop" | "bracket" | "exit";
  conid: number;
  quantity: number;
}

/** An exit waits for the broker's list, which may be asked for every six seconds: so there are few. */
const KINDS: [number, Plan["kind"]][] = [
  [0.56, "at market"],
  [0.8, "resting"],
  [0.89, "stop"],
  [0.97, "bracket"],
];

function draw({ random, accounts }: LoadParts): Plan {
  const at = random.next();
  return {
    account: accounts[random.below(accounts.length)] ?? "",
    kind: KINDS.find(([share]) => at < share)?.[1] ?? "exit",
    conid: CONIDS[random.below(CONIDS.length)] ?? 265598,
    quantity: 1 + random.below(3),
  };
}

/** Previews, asks, has it approved and submits, with everything an unlucky client does on the way. */
export async function tradeOnce(load: Load, parts: LoadParts, plan: Plan): Promise<boolean> {
  const { agent, owner, random } = parts;
  const { account } = plan;
  const prepared = await prepare(load, parts, plan);
  if (prepared === null) return false;
  const asked = await agent.call("ibkr_approvals_create", {
    account_id: account,
    preview_id: prepared.previewId,
  });
  if (!asked.ok || asked.answer.approval === null) {
    note(load, asked.ok ? codesOf(asked.answer).join("+") : asked.code);
    return false;
  }
  const approvalId: string = asked.answer.approval.approval_id;
  if (random.next() < 0.02) {
    await owner.deny(approvalId);
    return false;
  }
  if (!(await approved(owner, approvalId))) {
    note(load, "not approved");
    return false;
  }
  const request: AgentRequest = {
    approvalId,
    exit: plan.kind === "exit",
    told: {},
    calls: 0,
    refused: [],
    afterKill: load.switches % 2 === 1,
  };
  const switchesBefore = load.switches;
  load.requests.push(request);
  const order = await submit(load, parts, plan, request);
  if (load.switches !== switchesBefore) request.afterKill = false;
  if (random.next() < 0.5) await repeat(load, parts);
  if (order !== null && plan.kind !== "at market" && random.next() < 0.8) {
    await withdraw(load, parts, account, approvalId);
  }
  return true;
}

interface Prepared {
  previewId: string;
}

async function prepare(load: Load, { agent }: LoadParts, plan: Plan): Promise<Prepared | null> {
  const common = { account_id: plan.account, conid: plan.conid };
  if (plan.kind === "exit") {
    const held = await agent.call("ibkr_positions_list", { account_id: plan.account });
    const rows: { conid: number; quantity: string }[] = held.ok ? held.answer.positions : [];
    const long = rows.filter(({ quantity }) => Number(quantity) >= 1);
    const one = long[plan.quantity % Math.max(1, long.length)];
    if (one === undefined || !CONIDS.includes(one.conid)) return null;
    common.conid = one.conid;
  }
  const quote = await quoteOf(load, agent, plan.account, common.conid);
  if (quote === null) return null;
  const [tool, order] = orderOf(plan, common, quote);
  const told = await agent.call(tool, order);
  if (!told.ok) {
    note(load, told.code);
    return null;
  }
  const { preview } = told.answer;
  if (preview?.may_be_asked !== true) {
    for (const code of codesOf(told.answer)) note(load, `${plan.kind}: ${code}`);
    return null;
  }
  keep(plan.account, common.conid, preview.market);
  return { previewId: preview.preview_id };
}

const quotes = new Map<string, { bid: number; ask: number; at: number }>();

function keep(account: string, conid: number, market: Record<string, string | null> | null): void {
  const bid = Number(market?.bid ?? market?.last ?? market?.prior_close);
  const ask = Number(market?.ask ?? market?.last ?? market?.prior_close);
  if (bid > 0 && ask > 0) quotes.set(`${account} ${conid}`, { bid, ask, at: Date.now() });
}

async function quoteOf(load: Load, agent: Client, account: string, conid: number) {
  const known = quotes.get(`${account} ${conid}`);
  if (known !== undefined && Date.now() - known.at < 20_000) return known;
  const probe = await agent.call("ibkr_order_preview", {
    ...{ account_id: account, conid, side: "BUY", order_type: "LMT" },
    ...{ quantity: "1", limit_price: "1" },
  });
  if (!probe.ok) {
    note(load, probe.code);
    return null;
  }
  keep(account, conid, probe.answer.preview?.market ?? null);
  return quotes.get(`${account} ${conid}`) ?? null;
}

function orderOf(
  plan: Plan,
  common: { account_id: string; conid: number },
  { bid, ask }: { bid: number; ask: number },
): [string, Record<string, unknown>] {
  const price = (value: number): string => value.toFixed(2);
  const quantity = String(plan.quantity);
  switch (plan.kind) {
    case "at market":
      return [
        "ibkr_order_preview",
        { ...common, side: "BUY", order_type: "LMT", quantity, limit_price: price(ask * 1.003) },
      ];
    case "resting":
      return [
        "ibkr_order_preview",
        { ...common, side: "BUY", order_type: "LMT", quantity, limit_price: price(bid * 0.98) },
      ];
    case "stop":
      return [
        "ibkr_order_preview",
        { ...common, side: "BUY", order_type: "STP", quantity, stop_price: price(ask * 1.02) },
      ];
    case "bracket":
      return [
        "ibkr_bracket_order_preview",
        {
          ...{ ...common, side: "BUY", order_type: "LMT", quantity },
          limit_price: price(bid * 0.985),
          take_profit_price: price(ask * 1.05),
          stop_loss_price: price(bid * 0.95),
        },
      ];
    case "exit":
      return [
        "ibkr_order_preview",
        {
          ...{ ...common, side: "SELL", order_type: "LMT", quantity: "1", reduce_only: true },
          limit_price: price(bid * 0.997),
        },
      ];
  }
}

/** The owner taps once more where a dying process swallowed the tap. */
async function approved(owner: Owner, approvalId: string): Promise<boolean> {
  for (let tries = 0; tries < 3; tries += 1) {
    const done = await owner.approve(approvalId).catch(() => null);
    if (done !== null) return done;
    await sleep(400);
  }
  return false;
}

let serial = 0;
const next = (): number => {
  serial += 1;
  return serial;
};

/** One call of a submit tool; what it was told is kept for the judge. */
async function say(
  load: Load,
  agent: Client,
  { request, tool, args }: Submission,
  signal?: AbortSignal,
) {
  load.submissions += 1;
  request.calls += 1;
  const key = args.idempotency_key;
  const told = await agent.call(tool, args, signal);
  if (told.ok && told.answer.order != null) {
    request.told[key] = [...(request.told[key] ?? []), told.answer.order.order_ref];
  } else if (told.ok) {
    request.refused.push(codesOf(told.answer));
  }
  return told;
}

/** What was submitted long ago, submitted again: the same order must be named, or none. */
async function repeat(load: Load, { agent, random }: LoadParts): Promise<void> {
  const old = Array.from({ length: 1 + random.below(4) }, () => {
    const back = random.next() < 0.5 ? random.below(6) : random.below(load.made.length);
    return load.made[Math.max(0, load.made.length - 1 - back)];
  });
  await Promise.all(old.map((one) => one && say(load, agent, one)));
}

/** The reference of the order it became; null when none is known to have come of it. */
async function submit(
  load: Load,
  { agent, random }: LoadParts,
  plan: Plan,
  request: AgentRequest,
): Promise<string | null> {
  const tool =
    plan.kind === "bracket" ? "ibkr_paper_bracket_order_submit" : "ibkr_paper_order_submit";
  const call = (key: string, signal?: AbortSignal) => {
    const args = {
      account_id: plan.account,
      approval_id: request.approvalId,
      idempotency_key: key,
    };
    const submission = { request, tool, args };
    load.made.push(submission);
    return say(load, agent, submission, signal);
  };
  let key = `k-${next()}-${random.below(1_000_000)}`;
  const how = random.next();
  if (how < 0.1) for (let n = 0; n < 1 + random.below(4); n += 1) void call(key);
  if (how >= 0.1 && how < 0.15) void call(`other-${key}`);
  if (how >= 0.15 && how < 0.25) {
    // Gives up on the answer, and asks again under the same key.
    const impatient = new AbortController();
    setTimeout(() => impatient.abort(), random.below(120));
    await call(key, impatient.signal);
  }
  for (let tries = 0; tries < 8; tries += 1) {
    const told = await call(key);
    if (!told.ok) {
      note(load, `submit: ${told.code}`);
      await sleep(200 + random.below(400));
      continue;
    }
    const { order } = told.answer;
    if (order === null) {
      for (const code of codesOf(told.answer)) note(load, `submit ${plan.kind}: ${code}`);
      return null;
    }
    if (order.state === "rejected" && String(told.answer.next_step).includes("under a new key")) {
      key = `again-${next()}-${key}`.slice(0, 100);
      await sleep(300);
      continue;
    }
    if (told.answer.outcome !== "pending") return order.order_ref;
    await sleep(150);
  }
  return null;
}

/** Waits a little until it stands, and cancels it, sometimes twice. */
async function withdraw(
  load: Load,
  { agent, random }: LoadParts,
  account: string,
  approvalId: string,
): Promise<void> {
  for (let looks = 0; looks < 6; looks += 1) {
    const told = await agent.call("ibkr_approval_status", {
      account_id: account,
      approval_id: approvalId,
    });
    const order = told.ok ? told.answer.order : null;
    const orderId = order?.orders?.[0]?.order_id;
    if (order?.state === "working" && orderId != null) {
      const args = {
        account_id: account,
        order_id: orderId,
        idempotency_key: `cancel-${next()}`,
      };
      load.cancels += 1;
      const asked = [agent.call("ibkr_paper_order_cancel", args)];
      if (random.next() < 0.2) asked.push(agent.call("ibkr_paper_order_cancel", args));
      for (const done of await Promise.all(asked)) {
        if (!done.ok) note(load, `cancel: ${done.code}`);
        else for (const code of codesOf(done.answer)) note(load, `cancel: ${code}`);
      }
      return;
    }
    await sleep(120);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: an answer, looked into field by field
function codesOf(answer: any): string[] {
  const rows = [
    ...(answer.refusals ?? []),
    ...(answer.preview?.policy_failures ?? []),
    ...(answer.preview?.pc_refusals ?? []),
  ];
  return rows.map(({ code }: { code: string }) => code);
}

function note(load: Load, code: string): void {
  load.refusals[code] = (load.refusals[code] ?? 0) + 1;
}
