import type { Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { type Chance, chance } from "./chance.ts";
import type { Judge } from "./judge.ts";
import type { Life } from "./life.ts";
import { ObjectReset, type OwnerEnd } from "./object-host.ts";
import { type Actor, actor } from "./scheduler.ts";
import { signedOf } from "./signed.ts";
import { ACCOUNT_ID, BROKER_ACCOUNT, CLIENT, SCOPES } from "./template.ts";
import { AGAIN, codes, nameOf, saidTrue, type Told } from "./told.ts";
import { AAPL, type World } from "./world.ts";

/** The agent and the owner: who asks, who approves, and what each heard. */
export class People {
  readonly lives: Life[];
  readonly #world: World;
  readonly #judge: Judge;
  readonly #agent: Actor = actor("agent");
  readonly #owner: Actor = actor("owner");
  readonly #chance: Chance;
  #requests = 0;
  /** Called as an agent begins to submit, one for each. */
  readonly onSubmit: (() => void)[] = [];

  constructor(world: World, judge: Judge) {
    this.#world = world;
    this.#judge = judge;
    this.#chance = chance(world.plan.seed, "people");
    this.lives = world.plan.lives.map((plan, n) => ({
      n,
      plan,
      reached: "begun",
      stopped: null,
      approvalId: null,
      orderRef: null,
      over: false,
    }));
  }

  begin(): void {
    for (const life of this.lives) {
      this.#as(this.#agent, life.plan.at, () => {
        void this.#live(life).finally(() => {
          life.over = true;
        });
      });
    }
  }

  /** The owner stops everything, and lifts the switch again. */
  ownerKills(forMs: number, onEngaged: () => void, onLifted: () => void): void {
    this.#as(this.#owner, 0, () => {
      void (async () => {
        const kill = { scope: "gateway", subject: null, effect: "freeze", reason: "stop" };
        const engaged = await this.#owned((owner) => owner.trading?.engageKill?.(kill));
        if (engaged.ok) onEngaged();
        await this.#sleep(forMs, this.#owner);
        await this.lift(onLifted);
      })();
    });
  }

  agentKills(onEngaged: () => void): void {
    this.#as(this.#agent, 0, () => {
      void this.#call("trade.kill", null, { reason: "stop" }).then(({ ok }) => {
        if (ok) onEngaged();
      });
    });
  }

  /** Lifts what stops everything, as often as it takes. */
  async lift(onLifted: () => void): Promise<void> {
    for (let tries = 0; tries < 5; tries += 1) {
      const subject = { scope: "gateway", subject: null };
      const begun = await this.#owned((owner) => owner.trading?.beginLift?.(subject));
      if (!begun.ok) {
        await this.#sleep(10_000, this.#owner);
        continue;
      }
      if (begun.result === null) return onLifted();
      const { challenge, nonce, notAfter } = begun.result;
      const assertion = this.#world.phone.use(challenge);
      // From the moment it is signed nobody can say on which side of it an order falls.
      onLifted();
      const terms = { nonce, notAfter };
      const done = await this.#owned((owner) =>
        owner.trading?.liftKill?.({ ...subject, terms, assertion }),
      );
      if (done.ok && saidTrue(done.result)) return;
      await this.#sleep(10_000, this.#owner);
    }
  }

  /** The owner looks now and then whether something stopped trading by itself. */
  watchSwitch(everyMs: number, untilMs: number, onLifted: () => void): void {
    this.#as(this.#owner, everyMs, () => {
      void this.lift(onLifted).finally(() => {
        if (this.#world.scheduler.now < untilMs) this.watchSwitch(everyMs, untilMs, onLifted);
      });
    });
  }

  async #live(life: Life): Promise<void> {
    const { plan } = life;
    const preview = await this.#preview(life);
    if (preview === null) return;
    life.reached = "previewed";
    const key = `submit-${this.#world.plan.seed}-${life.n}`;
    const asked = await this.#patiently(() =>
      this.#call("trade.ask", "ibkr:approvals:create", {
        account_id: BROKER_ACCOUNT,
        preview_id: preview,
        ...(plan.sendOnApproval ? { submit_on_approval: true, idempotency_key: key } : {}),
      }),
    );
    const approval = asked.result?.approval;
    if (!asked.ok || approval == null) {
      life.stopped = `ask: ${asked.why ?? codes(asked.result)}`;
      return;
    }
    life.approvalId = approval.approval_id;
    life.reached = "asked";
    const decided = this.#decides(life, approval.approval_id);
    const again = plan.twice ? this.#decides(life, approval.approval_id) : decided;
    const [one, other] = await Promise.all([decided, again]);
    await this.#sleep(plan.submitMs, this.#agent);
    if (one !== null && other !== null) life.stopped = `owner: ${one}`;
    else {
      life.reached = "decided";
      this.#judge.wantsExit(approval.approval_id);
    }
    const submitted = await Promise.all(
      Array.from({ length: plan.callers }, () =>
        this.#submit(approval.approval_id, key, plan.wish === "bracket"),
      ),
    );
    for (const told of submitted) {
      const order = told.result?.order;
      if (order == null) {
        this.#judge.refused(approval.approval_id, told.why ?? codes(told.result) ?? "");
        life.stopped ??= `submit: ${told.why ?? codes(told.result)}`;
        continue;
      }
      life.orderRef = order.order_ref;
      life.reached = "submitted";
    }
    if (life.orderRef === null) return;
    life.stopped = null;
    await this.#answersQuestion(life, life.orderRef);
    if (plan.changeMs !== null) await this.#change(life, plan.changeMs);
    if (plan.cancelMs !== null) await this.#cancel(life, plan.cancelMs);
    if (plan.again === true) {
      await this.#sleep(5_000, this.#agent);
      await this.#submit(approval.approval_id, key, plan.wish === "bracket");
    }
    life.reached = "ended";
  }

  async #preview(life: Life): Promise<string | null> {
    const { wish, quantity, cents } = life.plan;
    const market = this.#world.price;
    const buys = wish !== "sell_works" && wish !== "sell_fills";
    const works = wish === "buy_works" || wish === "sell_works" || wish === "bracket";
    const off = (works ? -6 : 0.2) - cents / 100;
    const price = (buys ? market + off : market - off).toFixed(2);
    const order = {
      account_id: BROKER_ACCOUNT,
      conid: AAPL,
      side: buys ? "BUY" : "SELL",
      order_type: "LMT",
      quantity: String(quantity),
      limit_price: price,
      time_in_force: "DAY",
      outside_rth: false,
    };
    const bracket = {
      ...order,
      take_profit_price: (market + 8 + cents / 100).toFixed(2),
      stop_loss_price: (market - 14 - cents / 100).toFixed(2),
    };
    const told = await this.#patiently(() =>
      wish === "bracket"
        ? this.#call("trade.preview_bracket", "ibkr:orders:preview", bracket)
        : this.#call("trade.preview", "ibkr:orders:preview", { ...order, reduce_only: false }),
    );
    const shown = told.result?.preview;
    if (!told.ok || shown == null) {
      life.stopped = `preview: ${told.why ?? codes(told.result)}`;
      return null;
    }
    if (!shown.may_be_asked) {
      const failures = [...shown.policy_failures, ...shown.pc_refusals];
      const named = failures.map(({ code }: { code: string }) => code).join();
      if (!buys) this.#judge.exitRefused(`the preview of life ${life.n}`, named);
      life.stopped = `policy: ${named}`;
      return null;
    }
    return shown.preview_id;
  }

  /** The owner's word on one request; why it was not taken, or null. */
  async #decides(life: Life, approvalId: string): Promise<string | null> {
    const { plan } = life;
    await this.#sleep(plan.ownerMs, this.#owner);
    if (plan.says === "nothing") return "said nothing";
    if (plan.says === "deny") {
      const denied = await this.#owned((owner) =>
        owner.orders?.denyOrder?.({ approvalId, freeze: false }),
      );
      if (denied.result?.ok === true) this.#judge.denied(approvalId);
      return "denied";
    }
    let last = "";
    for (let tries = 0; tries < 4; tries += 1) {
      const view = await this.#owned((owner) => owner.orders?.approvalView?.(approvalId));
      if (!view.ok || view.result?.ceremony == null) {
        if (view.ok) return `not open: ${view.result?.state}`;
        await this.#sleep(5_000, this.#owner);
        continue;
      }
      const { ceremony, intentHash: hash } = view.result;
      const signed = signedOf(this.#world, approvalId, hash);
      this.#judge.signs(signed);
      const typed = {
        symbol: "AAPL",
        quantity: signed.order.legs[0]?.quantity ?? "",
        echo: this.#typed(this.#world.pc.numberOf(signed.previewId)),
      };
      const assertion = this.#world.phone.use(ceremony.challenge);
      const send = view.result.sendsOnApproval === true;
      const decided = await this.#owned((owner) =>
        owner.orders?.approveOrder?.({ approvalId, assertion, typed, send }),
      );
      if (decided.result?.ok === true) return null;
      const why = decided.ok ? `${decided.result?.reason} ${decided.result?.detail}` : decided.why;
      const reason = decided.result?.reason;
      // A number is worth one try: this request is over for its owner.
      if (reason === "not_open" || reason === "number") return why;
      last = why ?? "";
      await this.#sleep(this.#chance.between(2_000, 20_000), this.#owner);
    }
    return `given up: ${last}`;
  }

  #submit(approvalId: string, key: string, bracket: boolean): Promise<Told> {
    return this.#patiently(async () => {
      this.onSubmit.shift()?.();
      const told = await this.#call("trade.submit", "ibkr:orders:paper:submit", {
        account_id: BROKER_ACCOUNT,
        mode: "paper",
        structure: bracket ? "bracket" : "single",
        approval_id: approvalId,
        idempotency_key: key,
      });
      this.#judge.keySaid(key, told);
      return told;
    });
  }

  async #cancel(life: Life, afterMs: number): Promise<void> {
    await this.#sleep(afterMs, this.#agent);
    const orderId = this.#orderId(life);
    if (orderId === null) return;
    this.#judge.wantsCancel(orderId);
    const key = `cancel-${this.#world.plan.seed}-${life.n}`;
    await this.#patiently(() =>
      this.#call("trade.cancel", "ibkr:orders:paper:cancel", {
        account_id: BROKER_ACCOUNT,
        mode: "paper",
        order_id: orderId,
        idempotency_key: key,
      }),
    );
  }

  /** The broker asks what the approval did not foresee: the owner says yes, no, or nothing. */
  async #answersQuestion(life: Life, coid: string): Promise<void> {
    for (let turn = 0; turn < 3; turn += 1) {
      await this.#sleep(this.#chance.between(500, 8_000), this.#owner);
      const asked = await this.#owned((owner) => owner.orders?.beginAnswer?.(coid));
      if (!asked.ok || asked.result === null) {
        if (asked.ok) return;
        continue;
      }
      const says = life.n % 4;
      if (says === 3) return;
      const { challenge, nonce, notAfter } = asked.result;
      const confirm = says !== 2;
      if (confirm) this.#judge.answers(coid);
      const echo = confirm ? this.#typed(this.#world.pc.numberOfQuestion(coid)) : null;
      const signed = confirm
        ? { terms: { nonce, notAfter }, assertion: this.#world.phone.use(challenge) }
        : null;
      await this.#owned((owner) => owner.orders?.answerQuestion?.({ coid, confirm, signed, echo }));
    }
  }

  /** As a person types it: now and then it is another one. */
  #typed(number: number | null): number | null {
    if (number === null || !this.#chance.odds(0.03)) return number;
    return number === 9_999 ? 1_000 : number + 1;
  }

  async #change(life: Life, afterMs: number): Promise<void> {
    await this.#sleep(afterMs, this.#agent);
    const orderId = this.#orderId(life);
    if (orderId === null || life.plan.wish === "bracket") return;
    const key = `change-${this.#world.plan.seed}-${life.n}`;
    const wish = {
      account_id: BROKER_ACCOUNT,
      mode: "paper",
      order_id: orderId,
      quantity: String(life.plan.quantity + 1),
      idempotency_key: key,
    };
    const asked = await this.#patiently(() =>
      this.#call("trade.modify", "ibkr:orders:paper:modify", wish),
    );
    const approvalId = asked.result?.approval?.approval_id;
    if (!asked.ok || typeof approvalId !== "string") return;
    if ((await this.#decides(life, approvalId)) !== null) return;
    await this.#patiently(() =>
      this.#call("trade.modify", "ibkr:orders:paper:modify", {
        ...wish,
        approval_id: approvalId,
      }),
    );
  }

  /** The broker's number of the order, where the object knows it. */
  #orderId(life: Life): string | null {
    const outcome = this.#judge.outcomeOf(life.orderRef);
    return outcome?.orders[0]?.order_id ?? null;
  }

  /** Asks again what may be asked again, as the answer says. */
  async #patiently(ask: () => Promise<Told>): Promise<Told> {
    let told = await ask();
    for (let tries = 0; tries < 5; tries += 1) {
      const pending = told.ok && told.result?.outcome === "pending";
      if (told.ok && !pending) return told;
      if (!told.ok && !AGAIN.has(told.why ?? "")) return told;
      await this.#sleep(this.#chance.between(1_000, 20_000), this.#agent);
      told = await ask();
    }
    return told;
  }

  #call(operation: string, scope: Scope | null, input: object): Promise<Told> {
    this.#requests += 1;
    const principal = { accountId: ACCOUNT_ID, ...CLIENT, scopes: [...SCOPES] };
    const call = {
      tool: operation,
      operation,
      input,
      scope,
      requestId: `request-${this.#requests}`,
      deadlineMs: 45_000,
    };
    return this.#world.object
      .ask(this.#agent, (object) => object.agent(principal).run(call))
      .then(
        // What crosses an RPC is data.
        (answer: unknown) => {
          const told = JSON.parse(JSON.stringify(answer));
          return told.ok
            ? { ok: true, result: told.result, why: null }
            : { ok: false, result: null, why: told.failure.code };
        },
        (error: unknown): Told => ({ ok: false, result: null, why: nameOf(error) }),
      );
  }

  #owned(act: (owner: OwnerEnd) => unknown): Promise<Told> {
    this.#requests += 1;
    const requestId = `request-${this.#requests}`;
    return this.#world.object
      .ask(this.#owner, async (object) => {
        const entry = object.owner(this.#world.ownerSecret, requestId);
        if (entry === null) throw new Error("the owner is signed out");
        return act(entry.owner);
      })
      .then(
        (result: unknown): Told => ({
          ok: true,
          result: result === undefined ? null : JSON.parse(JSON.stringify(result)),
          why: null,
        }),
        (error: unknown): Told => {
          if (!(error instanceof ObjectReset)) throw error;
          return { ok: false, result: null, why: nameOf(error) };
        },
      );
  }

  #sleep(ms: number, who: Actor): Promise<void> {
    return new Promise((resolve) => {
      this.#world.scheduler.after(ms, resolve, who);
    });
  }

  #as(who: Actor, ms: number, act: () => void): void {
    this.#world.scheduler.after(ms, act, who);
  }
}
