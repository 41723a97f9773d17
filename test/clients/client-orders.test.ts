import { spawn } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { connect, type Gateway, type IbkrError, tokenAuth } from "../../client/src/index.ts";
import { loginStore } from "../../client/src/sdk/login-store.ts";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { AAPL, type OrderChain, small, startOrderChain } from "../support/order-chain.ts";

/** The library's orders through every real part, with its caller killed between any two steps. */
let chain: OrderChain;
let gateway: Gateway;
let configDir: string;
beforeAll(async () => {
  configDir = await mkdtemp(join(tmpdir(), "ibkr-client-orders-"));
  chain = await startOrderChain();
  chain.sim.control.pin(AAPL, { last: 180, bid: 179.9, ask: 180.1, data: "R" });
  chain.sim.control.change({ questions: { enabled: false } });
  await chain.agent.call("ibkr_order_preview", small(chain.broker, { limit_price: "170" }));
  const loosened = await chain.limits({
    "clients.max_approvals_per_hour": "",
    "clients.max_orders_per_day": "",
    "cumulative.max_orders_per_second": "",
    "cumulative.max_orders_per_minute": "",
    "cumulative.max_open_notional": "",
    "cumulative.max_open_orders": "",
    "cumulative.repeat_times": "",
  });
  expect(loosened.status).toBe(303);
  gateway = await connect(chain.gateway.url, { auth: tokenAuth(chain.agent.token), configDir });
}, 240_000);
afterAll(async () => {
  await gateway?.close();
  await chain?.close();
  await rm(configDir, { recursive: true, force: true, maxRetries: 3 });
});

let serial = 0;
const nextKey = () => `client-order-${++serial}`;
/** No order is the duplicate of another. */
const anOrder = () => ({
  conid: AAPL,
  side: "BUY" as const,
  order_type: "LMT" as const,
  quantity: "1",
  limit_price: (170 - ++serial / 100).toFixed(2),
});

async function approve(approvalId: string): Promise<void> {
  expect((await chain.approve(approvalId)).status).toBe(303);
}

/** Runs a caller that dies at the point; the approval it asked for by then is given. */
async function callerThatDies(key: string, order: object, diesAt: string): Promise<string | null> {
  const { url } = chain.gateway;
  const task = { url, token: chain.agent.token, configDir, key, order, diesAt };
  const child = spawn(process.execPath, [
    fromRoot("test/clients/order-caller.ts"),
    JSON.stringify(task),
  ]);
  let said = "";
  let approving: Promise<void> | null = null;
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk;
    const approvalId = /ap_\w+/.exec(said)?.[0];
    // Where it dies while it waits, the owner answers only afterwards.
    if (approvalId === undefined || approving !== null || diesAt.endsWith("status")) return;
    approving = approve(approvalId);
  });
  let failed = "";
  child.stderr.on("data", (chunk: Buffer) => {
    failed += chunk;
  });
  const signal = await new Promise((resolve) => child.on("close", (_code, by) => resolve(by)));
  await approving;
  expect(signal, `${said}${failed}`).toBe("SIGKILL");
  return /ap_\w+/.exec(said)?.[0] ?? null;
}

/** Orders that the gateway let out, of any key. */
async function intents(): Promise<number> {
  const [row] = await chain.gateway.sql<{ n: number }>(
    "Account",
    chain.accountId,
    "SELECT COUNT(*) AS n FROM order_intents",
  );
  return row?.n ?? 0;
}

describe("an order whose caller is killed", () => {
  it.each([
    "before ibkr_order_preview",
    "after ibkr_order_preview",
    "before ibkr_approvals_create",
    "after ibkr_approvals_create",
    "before ibkr_approval_status",
    "after ibkr_approval_status",
    "before ibkr_paper_order_submit",
    "after ibkr_paper_order_submit",
  ])(
    "%s is carried to its end by its key alone, and is one order",
    async (diesAt) => {
      const key = nextKey();
      const [posted, before] = [chain.posts(), await intents()];
      await callerThatDies(key, anOrder(), diesAt);
      const result = await gateway.orders.resume(key, {
        onAsked: ({ approval }) => {
          if (approval.state === "pending") void approve(approval.approval_id);
        },
      });
      expect(result.outcome).toBe("known");
      expect(result.order?.state).toMatch(/accepted|working/);
      expect(chain.posts() - posted).toBe(1);
      expect((await intents()) - before).toBe(1);
      // Once more, by a program that knows nothing but the key.
      expect((await gateway.orders.resume(key)).order?.order_ref).toBe(result.order?.order_ref);
      expect(chain.posts() - posted).toBe(1);
    },
    60_000,
  );
});

/** The command line with the agent's token; `onLink` is told the approval that it prints. */
function ibkr(args: string[], onLink: (approvalId: string) => void = () => {}) {
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    const child = spawn(process.execPath, [inject("clientCli"), ...args], {
      env: {
        ...process.env,
        IBKR_GATEWAY: chain.gateway.url,
        IBKR_TOKEN: chain.agent.token,
        IBKR_CONFIG_DIR: configDir,
      },
    });
    let [out, err, linked] = ["", "", false];
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk;
    });
    child.stderr.on("data", (chunk: Buffer) => {
      err += chunk;
      const link = /\/approvals\/(ap_\w+)/.exec(err)?.[1];
      if (link === undefined || linked) return;
      linked = true;
      onLink(link);
    });
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

const flagsOf = (order: ReturnType<typeof anOrder>) => [
  ...["--contract-id", String(order.conid), "--side", order.side, "--order-type", order.order_type],
  ...["--quantity", order.quantity, "--limit-price", order.limit_price],
];

describe("an order of the command line", () => {
  it("is placed in one command, once it was approved where its link leads", async () => {
    const key = nextKey();
    const placing = ["orders", "place", ...flagsOf(anOrder()), "--idempotency-key", key, "--json"];
    const placed = await ibkr(placing, (approvalId) => void approve(approvalId));
    expect(placed.code, placed.err).toBe(0);
    expect(JSON.parse(placed.out)).toMatchObject({ outcome: "known", order: { action: "place" } });
    const again = await ibkr(["orders", "resume", "--idempotency-key", key, "--json"]);
    expect(JSON.parse(again.out).order.order_ref).toBe(JSON.parse(placed.out).order.order_ref);
    // The same key never stands for another order.
    expect((await ibkr(placing)).code).toBe(3);
  }, 60_000);

  it("goes in single steps, as the predecessor's did, and ends with 3 where a rule refuses it", async () => {
    const preview = await ibkr(["orders", "preview", ...flagsOf(anOrder()), "--json"]);
    const { preview_id } = JSON.parse(preview.out).preview;
    const asked = await ibkr(["approvals", "create", "--preview-id", preview_id, "--json"]);
    const { approval_id } = JSON.parse(asked.out).approval;
    await approve(approval_id);
    const key = nextKey();
    const submit = ["orders", "submit", "--approval-id", approval_id, "--idempotency-key", key];
    const sent = await ibkr([...submit, "--enable-paper"]);
    expect([sent.code, sent.err]).toEqual([
      0,
      expect.stringContaining("--enable-paper has no effect"),
    ]);
    const far = { ...anOrder(), limit_price: "1" };
    const refused = await ibkr(["orders", "preview", ...flagsOf(far)]);
    expect(refused.code, refused.err).toBe(3);
  }, 60_000);
});

describe("an example program of the document", () => {
  let home: string;
  beforeAll(async () => {
    // As it is where the package is installed.
    home = await mkdtemp(join(tmpdir(), "ibkr-client-examples-"));
    const installed = join(home, "node_modules/@ibkr-edge-gateway/client");
    await mkdir(installed, { recursive: true });
    await copyFile(fromRoot("client/package.json"), join(installed, "package.json"));
    await symlink(dirname(inject("clientCli")), join(installed, "dist"));
    await writeFile(join(home, "package.json"), '{"type":"module"}');
    const text = await readFile(fromRoot("docs/client.md"), "utf8");
    for (const [, name = "", code = ""] of text.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)) {
      await writeFile(join(home, name), code);
    }
    await loginStore(configDir).change(`${chain.gateway.url}/mcp`, (login) => ({
      ...login,
      tokens: { access_token: chain.agent.token, token_type: "bearer" },
    }));
  });
  afterAll(() => rm(home, { recursive: true, force: true }));

  function program(name: string, args: string[], onLink: (id: string) => void = () => {}) {
    return new Promise<{ code: number | null; said: string }>((resolve) => {
      const child = spawn(process.execPath, [join(home, name), chain.gateway.url, ...args], {
        env: { ...process.env, IBKR_CONFIG_DIR: configDir },
      });
      let [said, linked] = ["", false];
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk: Buffer) => {
          said += chunk;
          const link = /\/approvals\/(ap_\w+)/.exec(said)?.[1];
          if (link === undefined || linked) return;
          linked = true;
          onLink(link);
        });
      }
      child.on("close", (code) => resolve({ code, said }));
    });
  }

  it("reads the account", async () => {
    const { code, said } = await program("read-account.ts", []);
    expect([code, said]).toEqual([0, expect.stringContaining(`${chain.broker} (paper)`)]);
  });

  it("places an order and goes on with it by its key", async () => {
    const { limit_price } = anOrder();
    const key = nextKey();
    const approving = (approvalId: string) => void approve(approvalId);
    const placed = await program("place-order.ts", [key, limit_price], approving);
    expect([placed.code, placed.said]).toEqual([
      0,
      expect.stringMatching(/known (accepted|working)/),
    ]);
    const resumed = await program("resume-order.ts", [key]);
    expect([resumed.code, resumed.said]).toEqual([0, expect.stringMatching(/^known /)]);
    const again = await program("place-order.ts", [key, limit_price]);
    expect([again.code, again.said]).toEqual([1, expect.stringContaining("IDEMPOTENCY_CONFLICT")]);
  }, 60_000);
});

describe("an order of the library", () => {
  it("goes step by step, each with what the next one needs", async () => {
    const key = nextKey();
    const previewed = await gateway.orders.preview(anOrder(), { idempotencyKey: key });
    expect(previewed.preview.may_be_asked).toBe(true);
    const asked = await previewed.requestApproval();
    const again = await previewed.requestApproval();
    expect(again.approval.approval_id).toBe(asked.approval.approval_id);
    const waiting = asked.waitForDecision();
    await approve(asked.approval.approval_id);
    const approved = await waiting;
    expect(approved.approval.state).toBe("approved");
    const { outcome, order } = await approved.submit({ idempotencyKey: key });
    expect([outcome, order?.action]).toEqual(["known", "place"]);
  });

  it("that is cut off while it is sent is unknown, is looked for, and is never sent again", async () => {
    const key = nextKey();
    const posted = chain.posts();
    const previewed = await gateway.orders.preview(anOrder(), { idempotencyKey: key });
    const asked = await previewed.requestApproval();
    await approve(asked.approval.approval_id);
    const approved = await asked.waitForDecision();
    const cut = new AbortController();
    const sending = approved.submit({ signal: cut.signal });
    setTimeout(() => cut.abort(), 30);
    const end = await sending.then(
      () => null,
      (error: IbkrError) => error,
    );
    if (end !== null) expect([end.code, end.outcome]).toEqual(["CALL_ABORTED", "unknown"]);
    expect((await approved.submit()).outcome).toBe("known");
    expect((await gateway.orders.resume(key)).outcome).toBe("known");
    expect(chain.posts() - posted).toBe(1);
  });

  it("ends where the owner says no, with nothing sent", async () => {
    const posted = chain.posts();
    const refused = gateway.orders.place(anOrder(), {
      idempotencyKey: nextKey(),
      onAsked: ({ approval }) => void chain.deny(approval.approval_id),
    });
    await expect(refused).rejects.toMatchObject({ code: "APPROVAL_DENIED", outcome: "not_done" });
    expect(chain.posts()).toBe(posted);
  });

  it("keeps its key to itself: another order under it is refused before anything is asked", async () => {
    const key = nextKey();
    await gateway.orders.preview(anOrder(), { idempotencyKey: key });
    await expect(gateway.orders.preview(anOrder(), { idempotencyKey: key })).rejects.toMatchObject({
      code: "IDEMPOTENCY_CONFLICT",
    });
    await expect(gateway.orders.resume("never-begun-here")).rejects.toMatchObject({
      code: "ORDER_NOT_RECORDED",
    });
  });
});
