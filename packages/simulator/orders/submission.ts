import { answer, failed, ok, type SimAnswer } from "../http/exchange.ts";
import type { WireJson } from "../json.ts";
import type { Simulator } from "../simulator.ts";
import { isFinished, type Order, type OrderDraft } from "../state/orders.ts";
import type { Asking, Question } from "../state/question.ts";
import { modifyOrder, requestCancel } from "./change-order.ts";
import type { OrderEffects } from "./injected-fault-effects.ts";
import { place } from "./order-lifecycle.ts";
import { questionsFor } from "./questions.ts";

/**
 * A submission, from understood to accepted: is the cOID new, is there a question, and who else was
 * being asked one. There is one question for the whole brokerage session.
 */

export interface Submission {
  drafts: OrderDraft[];
  modifies: number | undefined;
  effects: OrderEffects;
}

/**
 * Takes a submission, or asks its first question. A cOID that was used before is an error, in the
 * form and with the status that the behaviours set.
 */
export function submitOrders(sim: Simulator, submission: Submission): SimAnswer {
  const duplicate =
    submission.modifies === undefined ? takenRef(sim, submission.drafts) : undefined;
  if (duplicate !== undefined) {
    const error = `Order couldn't be submitted: Local order ID=${duplicate} is already registered.`;
    return answer(sim.behaviours.duplicates.status, { error });
  }
  pushAside(sim);
  if (sim.behaviours.duplicates.registerAt === "first-post") register(sim, submission.drafts, []);
  return proceed(
    sim,
    submission,
    questionsFor(sim, submission.drafts, submission.modifies !== undefined),
  );
}

/** The first cOID that is still spoken for. */
function takenRef(sim: Simulator, drafts: readonly OrderDraft[]): string | undefined {
  const { reject, windowMs, freedAfterEnd } = sim.behaviours.duplicates;
  if (!reject) return undefined;
  return drafts.find(({ ref }) => {
    const known = ref === undefined ? undefined : sim.book.refs.get(ref);
    if (known === undefined || sim.clock.now() - known.at >= windowMs) return false;
    const orders = known.orders.flatMap((id) => sim.book.orders.get(id) ?? []);
    const over =
      orders.length > 0 && orders.every((order) => isFinished(order) && order.status !== "Filled");
    return !(freedAfterEnd && over);
  })?.ref;
}

function register(sim: Simulator, drafts: readonly OrderDraft[], orders: readonly Order[]): void {
  for (const { ref } of drafts) {
    if (ref === undefined) continue;
    const ids = orders.filter((order) => order.ref === ref).map((order) => order.id);
    const at = sim.book.refs.get(ref)?.at ?? sim.clock.now();
    sim.book.refs.set(ref, { at, orders: ids });
  }
}

/** Another order comes while a question is open: the question is void, the order perhaps not. */
function pushAside(sim: Simulator): void {
  const open = sim.question;
  if (open === undefined) return;
  sim.question = undefined;
  sim.pushedAside.add(open.replyId);
  const after = sim.behaviours.questions.invalidatedGoesLiveMs;
  if (after > 0 && open.modifies === undefined)
    sim.clock.after(after, () => void accept(sim, open));
}

function proceed(sim: Simulator, submission: Submission, chain: Asking[]): SimAnswer {
  if (chain.length === 0) return accept(sim, submission);
  const random = sim.random("questions");
  const part = (length: number): string => random.hex(length);
  const question: Question = {
    ...submission,
    chain,
    replyId: `${part(8)}-${part(4)}-4${part(3)}-a${part(3)}-${part(12)}`,
    askedAt: sim.clock.now(),
    generation: sim.world.brokerage.generation,
  };
  sim.question = question;
  return ask(sim, question);
}

function ask(sim: Simulator, question: Question): SimAnswer {
  const first = question.chain[0];
  const body: WireJson = {
    id: question.replyId,
    message: [first?.text],
    isSuppressed: false,
    messageIds: first === undefined || first.id === "" ? [] : [first.id],
    messageOptions: ["Yes", "No"],
    isSuppressible: first !== undefined && first.id !== "",
  };
  return ok(sim.behaviours.questions.shape === "object" ? body : [body]);
}

/** The caller's answer to a question. */
export function takeReply(sim: Simulator, replyId: string, confirmed: boolean): SimAnswer {
  const question = sim.question;
  const rules = sim.behaviours.questions;
  if (sim.pushedAside.has(replyId) && rules.invalidatedStatus === 503)
    return failed(503, "Service Unavailable");
  if (question === undefined || question.replyId !== replyId || lapsed(sim, question)) {
    return failed(400, `reply id not found: '${replyId}'`);
  }
  sim.question = undefined;
  if (!confirmed) {
    if (sim.behaviours.duplicates.freedAfterEnd) release(sim, question.drafts);
    return answer(rules.declineStatus, {
      error: "Order not confirmed",
      statusCode: rules.declineStatus === 400 ? 400 : undefined,
    });
  }
  const [answered, ...rest] = question.chain;
  const drafts =
    answered === undefined ? question.drafts : consequences(sim, answered, question.drafts);
  return proceed(sim, { ...question, drafts }, rest);
}

function lapsed(sim: Simulator, question: Question): boolean {
  const old = sim.clock.now() - question.askedAt >= sim.behaviours.questions.ttlMs;
  return old || question.generation !== sim.world.brokerage.generation;
}

function release(sim: Simulator, drafts: readonly OrderDraft[]): void {
  for (const { ref } of drafts) if (ref !== undefined) sim.book.refs.delete(ref);
}

const CAP = 1.02;

/** What a Yes does beyond letting the order through. */
function consequences(sim: Simulator, asking: Asking, drafts: OrderDraft[]): OrderDraft[] {
  if (asking.onYes === "cancel-others") {
    for (const order of sim.book.orders.values()) {
      if (drafts.some((draft) => draft.account === order.account)) requestCancel(sim, order);
    }
  }
  if (asking.onYes !== "cap") return drafts;
  return drafts.map((draft) => {
    const instrument = sim.market.find(draft.conid);
    if (instrument === undefined || draft.price === undefined || draft.side !== "BUY") return draft;
    const cap = sim.market
      .quote(instrument)
      .last.mul(CAP)
      .div(instrument.tick)
      .floor()
      .mul(instrument.tick);
    return draft.price.gt(cap) ? { ...draft, price: cap } : draft;
  });
}

function accept(sim: Simulator, submission: Submission): SimAnswer {
  const { drafts, modifies, effects } = submission;
  if (modifies !== undefined) {
    const order = sim.book.orders.get(modifies);
    const draft = drafts[0];
    if (order === undefined || draft === undefined || isFinished(order)) {
      return failed(400, `OrderID ${modifies} doesn't exist`);
    }
    modifyOrder(sim, order, draft);
    return ok([acceptedRow(order, "PreSubmitted")]);
  }
  return drafts.some((draft) => draft.parentRef !== undefined)
    ? acceptBracket(sim, drafts, effects)
    : acceptPlain(sim, drafts, effects);
}

function acceptPlain(
  sim: Simulator,
  drafts: readonly OrderDraft[],
  effects: OrderEffects,
): SimAnswer {
  const orders = place(sim, drafts, effects);
  register(sim, drafts, orders);
  return ok(orders.map((order) => acceptedRow(order, "PreSubmitted")));
}

/** A bracket is not taken as a whole: each way it can break is a mode. */
function acceptBracket(
  sim: Simulator,
  drafts: readonly OrderDraft[],
  effects: OrderEffects,
): SimAnswer {
  const { mode, childFirst } = sim.behaviours.brackets;
  if (mode === "error") return ok({ error: "No trading permissions." });
  const parents = drafts.filter((draft) => draft.parentRef === undefined);
  const children = drafts.filter((draft) => draft.parentRef !== undefined);
  const kept = mode === "ok" ? children : mode === "child-refused" ? children.slice(1) : [];
  const lost = children.slice(0, children.length - kept.length);
  const orders = place(sim, [...parents, ...kept], effects);
  register(sim, drafts, orders);
  if (mode === "parent-inactive") {
    for (const order of orders)
      Object.assign(order, { status: "Inactive", reason: "Attached order was refused" });
  }
  const rows = orders.map((order) =>
    acceptedRow(order, mode === "parent-inactive" ? "Inactive" : "PreSubmitted"),
  );
  const refused = lost.map(
    (draft): WireJson => ({
      order_id: "-1",
      order_status: "Failed",
      local_order_id: draft.ref,
      parent_order_id: draft.parentRef,
      text: "Order could not be attached to its parent",
      encrypt_message: "1",
    }),
  );
  const all = [...rows, ...refused];
  if (childFirst && all.length > 1) all.push(...all.splice(0, 1));
  return ok(all);
}

function acceptedRow(order: Order, status: string): WireJson {
  return {
    order_id: String(order.id),
    local_order_id: order.ref,
    order_status: status,
    parent_order_id: order.parent === undefined ? undefined : String(order.parent),
    oca_group_id: order.group,
    encrypt_message: "1",
  };
}
