import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningSimulator, startSimulator } from "@ibkr-edge-gateway/simulator/start.ts";
import { inject } from "vitest";
import { Browser } from "../../scripts/lib/browser.ts";
import { formFields } from "../../scripts/lib/html-forms.ts";
import { type LocalSidecar, startLocalSidecar } from "../../scripts/lib/local-sidecar.ts";
import { connect, signIn } from "../../scripts/lib/oauth-client.ts";
import { runSidecarProcess } from "../../scripts/lib/sidecar-process.ts";
import { capsPath } from "../../sidecar/src/orders/local-policy/order-settings.ts";
import { DEFAULT_CAPS } from "../../sidecar/src/trust/limits/caps.ts";
import { approverFingerprint } from "../../sidecar/src/trust/tables/approvers.ts";
import { accountOf } from "./access.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import { modern } from "./mcp.ts";
import { otherClock } from "./other-clock.ts";
import { ceremonyOn, SoftwarePasskey } from "./software-passkey.ts";
import { atTerminal, type Terminal } from "./terminal.ts";

/**
 * The whole way of an order with every part real: a client that did OAuth, the built Worker in
 * workerd, the relay, a paired sidecar process, the simulator; and an owner at a browser with a
 * passkey that was enrolled at the gateway and accepted at the PC.
 */
export interface OrderChain {
  gateway: Gateway;
  sim: RunningSimulator;
  owner: Browser;
  accountId: string;
  passkey: SoftwarePasskey;
  /** The paper broker account. */
  broker: string;
  agent: Agent;
  newAgent(name: string, scope?: string): Promise<Agent>;
  /** A form of the owner's, with its csrf field. */
  form(path: string, fields: Record<string, string>): Promise<Response>;
  page(path: string): Promise<string>;
  /** Approves by the page's own form; the status of its answer. */
  approve(approvalId: string, more?: Record<string, string>): Promise<Response>;
  deny(approvalId: string, freeze?: boolean): Promise<Response>;
  lift(): Promise<Response>;
  /** Changes limits by the policy page and the passkey. */
  limits(change: Record<string, string>): Promise<Response>;
  /** A limit that is taken and does not fill: two percent below the bid of this moment. */
  belowMarket(): Promise<string>;
  /** Previews, asks and approves; the approval to submit with. */
  approved(order: Record<string, unknown>): Promise<string>;
  /** The PC's own folder. */
  configDir: string;
  /** A command of the sidecar at a terminal of its own, for somebody who types there. */
  atPc(...args: string[]): Terminal;
  /** Runs one command of the sidecar. */
  pc(...args: string[]): Promise<{ code: number | null; output: string }>;
  stopPc(): Promise<void>;
  startPc(): Promise<void>;
  /** What the PC's own log said, line by line. */
  pcSaid(): readonly string[];
  /** Order POSTs that reached the broker. */
  posts(): number;
  close(): Promise<void>;
}

export interface Agent {
  clientId: string;
  token: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers whose form is what they test
  call(tool: string, args?: Record<string, unknown>): Promise<any>;
}

export const ORDER_SCOPES = [
  "ibkr:health:read",
  "ibkr:accounts:read",
  "ibkr:positions:read",
  "ibkr:orders:read",
  "ibkr:risk:read",
  "ibkr:audit:read",
  "ibkr:orders:preview",
  "ibkr:approvals:create",
  "ibkr:orders:paper:submit",
  "ibkr:orders:paper:cancel",
  "ibkr:orders:paper:modify",
].join(" ");

export const LIVE_SCOPES = `${ORDER_SCOPES} ibkr:orders:live:submit ibkr:orders:live:cancel ibkr:orders:live:modify`;

/** Bought far below the market: it stands and does not fill by itself. */
export const AAPL = 265598;

export async function startOrderChain(
  options: {
    paperOn?: boolean;
    vars?: Record<string, string>;
    /** The login is the live one, and the PC's own switch for it is on before it is paired. */
    live?: boolean;
    /** The PC's caps stay as a newcomer has them. */
    defaultCaps?: boolean;
    /**
     * The instant at which Worker, PC and simulator begin, in the exchanges' hours; Unix
     * milliseconds, ahead of the wall's. Without it their clocks are the wall's, and the market is
     * always open.
     */
    startAt?: number;
    /** A module in front of the Worker; see `GatewayOptions`. */
    entry?: string;
    /** The PC's program, where it is not the one that was just built. */
    cli?: string;
  } = {},
): Promise<OrderChain> {
  const folder = await mkdtemp(join(tmpdir(), "ibkr-orders-"));
  const endings: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const close = async () => {
    for (const end of endings.splice(0).reverse()) await end();
  };
  try {
    const { startAt, cli = inject("sidecarCli") } = options;
    if (startAt !== undefined) await otherClock(startAt, folder, endings);
    const [sim, gateway] = await Promise.all([
      startSimulator({
        clock: "real",
        marketHours: startAt === undefined ? "always" : "exchange",
        paper: options.live !== true,
        ...(startAt === undefined ? {} : { startAt }),
      }),
      startGateway({
        ...(options.entry === undefined ? {} : { entry: options.entry }),
        vars: {
          CLIENT_CALLS_PER_MINUTE: "5000",
          ACCOUNT_CALLS_PER_MINUTE: "5000",
          ...options.vars,
        },
        rateLimits: { SIGN_IN_LIMIT: 1000 },
      }),
    ]);
    endings.push(() => sim.close());
    endings.push(() => gateway.close());
    const configDir = join(folder, "pc");
    const log: string[] = [];
    let sidecar: LocalSidecar | null = null;
    const startPc = async () => {
      sidecar = await startLocalSidecar({
        cli,
        gateway: { url: gateway.url, ownerToken: gateway.secrets.OWNER_TOKEN },
        configDir,
        clientPortal: sim.url,
        log: (line) => void log.push(line),
        onFailure: (why) => void log.push(why),
      });
    };
    const stopPc = async () => {
      await sidecar?.stop();
      sidecar = null;
    };
    const pc = (...args: string[]) => runSidecarProcess(cli, ["--config-dir", configDir, ...args]);
    if (options.live === true) {
      const [account = ""] = sim.control.world().users.live.accountIds;
      const on = await pc("policy", "live", "on", "--account", account, "--yes");
      if (on.code !== 0) throw new Error(`live was not switched on at the PC: ${on.output}`);
    }
    await startPc();
    endings.push(stopPc);

    const owner = new Browser(gateway.url);
    await signIn(owner, gateway.secrets.OWNER_TOKEN);
    const accountId = accountOf(owner);
    const page = async (path: string) => (await owner.get(path)).text();
    const form = async (path: string, fields: Record<string, string>) => {
      const { csrf = "" } = formFields(await page("/security"));
      return owner.post(path, { csrf, ...fields });
    };
    const passkey = new SoftwarePasskey(gateway.url);
    const making = await page("/security/passkeys/new");
    await form("/security/passkeys", {
      name: "Phone",
      response: passkey.register(ceremonyOn(making)),
    });
    const confirm = async () => {
      const asking = await page("/confirm?next=%2F");
      if (!asking.includes("data-passkey")) return;
      await form("/confirm", { next: "/", response: passkey.use(ceremonyOn(asking)) });
    };
    const [known] = await gateway.sql<{ credential_id: string; public_key: string }>(
      "Account",
      accountId,
      "SELECT credential_id, public_key FROM passkeys",
    );
    if (known === undefined) throw new Error("the passkey was not enrolled");
    const words = approverFingerprint(new Uint8Array(Buffer.from(known.public_key, "base64url")));
    // The PC's own caps count too, and a test file sends more than they let a newcomer.
    if (options.defaultCaps !== true && options.live !== true) {
      const caps = structuredClone(DEFAULT_CAPS);
      Object.assign(caps.paper, { max_orders_per_minute: 600, max_orders_per_day: 10_000 });
      await writeFile(capsPath(configDir), JSON.stringify(caps), { mode: 0o600 });
    }
    const added = await pc(
      ...["approvers", "add", "--credential", known.credential_id],
      ...["--public-key", known.public_key, "--accept-approver", words],
    );
    if (added.code !== 0) throw new Error(`the passkey was not accepted: ${added.output}`);
    await confirm();
    if (options.paperOn !== false) {
      await form("/trading/switch", { mode: "paper", on: "yes" });
    }

    const newAgent = async (name: string, scope = ORDER_SCOPES): Promise<Agent> => {
      const { clientId, tokens } = await connect(owner, { scope, clientName: name });
      await confirm();
      await owner.post("/clients/change", [
        ["csrf", formFields(await page("/security")).csrf ?? ""],
        ["client_id", clientId],
        ["accounts", "all"],
        ["at_once", "yes"],
        ...scope.split(" ").map((one): [string, string] => ["scope", one]),
      ]);
      const to = { url: gateway.url, token: tokens.access_token };
      return {
        clientId,
        token: to.token,
        async call(tool, args = {}) {
          const { message, text } = await modern(to, "tools/call", { name: tool, arguments: args });
          if (message?.result === undefined) throw new Error(`${tool}: ${text.slice(0, 500)}`);
          return message.result.structuredContent;
        },
      };
    };
    const agent = await newAgent("Test agent", options.live === true ? LIVE_SCOPES : ORDER_SCOPES);
    const accounts = await agent.call("ibkr_accounts_list");
    const broker: string = accounts.accounts[0].account_id;
    await untilProved(agent);

    return {
      gateway,
      sim,
      owner,
      accountId,
      passkey,
      broker,
      agent,
      newAgent,
      form,
      page,
      approve: async (approvalId, more = {}) => {
        const asking = await page(`/approvals/${approvalId}`);
        const response = passkey.use(ceremonyOn(asking));
        return form(`/approvals/${approvalId}/approve`, { response, ...more });
      },
      deny: (approvalId, freeze = false) =>
        form(`/approvals/${approvalId}/deny`, freeze ? { freeze: "yes" } : {}),
      lift: async () => {
        const asking = await page("/trading/lift?scope=gateway&subject=");
        const { nonce = "", not_after = "" } = formFields(asking);
        return form("/trading/lift", {
          ...{ scope: "gateway", subject: "", nonce, not_after },
          response: passkey.use(ceremonyOn(asking)),
        });
      },
      limits: async (change) => {
        const editing = await page(`/trading/policy?account=${broker}`);
        const fields = { ...formFields(editing), ...tickedOn(editing), ...change };
        const review = await (await form("/trading/policy", fields)).text();
        // What only tightens is not signed.
        if (!review.includes("data-passkey")) {
          const at = review.indexOf('action="/trading/policy/change"');
          return form("/trading/policy/change", formFields(review.slice(at)));
        }
        return form("/trading/policy/change", {
          ...formFields(review.slice(review.indexOf("data-passkey"))),
          response: passkey.use(ceremonyOn(review)),
        });
      },
      belowMarket: async () => {
        const probe = small(broker, { limit_price: "1" });
        const { preview } = await agent.call("ibkr_order_preview", probe);
        const { bid, last, prior_close } = preview.market;
        return (Number(bid ?? last ?? prior_close) * 0.98).toFixed(2);
      },
      approved: async (order) => {
        const answer = await agent.call("ibkr_order_preview", small(broker, order));
        const { preview, refusals } = answer;
        if (preview?.may_be_asked !== true) {
          const { policy_failures, pc_refusals } = preview ?? {};
          throw new Error(JSON.stringify({ refusals, policy_failures, pc_refusals, answer }));
        }
        const { approval } = await agent.call("ibkr_approvals_create", {
          account_id: broker,
          preview_id: preview.preview_id,
        });
        const asking = await page(`/approvals/${approval.approval_id}`);
        const response = passkey.use(ceremonyOn(asking));
        const approving = await form(`/approvals/${approval.approval_id}/approve`, { response });
        if (approving.status !== 303) throw new Error(`approving was answered ${approving.status}`);
        return approval.approval_id;
      },
      configDir,
      atPc: (...args) => atTerminal([process.execPath, cli, "--config-dir", configDir, ...args]),
      pc,
      startPc,
      stopPc,
      pcSaid: () => log,
      posts: () =>
        sim.control
          .requests()
          .filter(({ method, path }) => method === "POST" && /\/account\/[^/]+\/orders$/.test(path))
          .length,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Paper or live is proved by the broker, which may take it more than a minute after a start. */
export async function untilProved(agent: Pick<Agent, "call">): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (Date.now() < deadline) {
    const { broker } = await agent.call("ibkr_backend_status");
    if (broker.state === "ready" && broker.mode !== "unknown") return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error("the broker session was not proved in time");
}

function tickedOn(html: string): Record<string, string> {
  const ticked: Record<string, string> = {};
  for (const [tag] of html.matchAll(/<input\b[^>]*type="checkbox"[^>]*>/g)) {
    const name = /\sname="([^"]*)"/.exec(tag)?.[1];
    if (name !== undefined && /\schecked(?=[\s=/>])/.test(tag)) ticked[name] = "yes";
  }
  return ticked;
}

export const small = (broker: string, over: Record<string, unknown> = {}) => ({
  account_id: broker,
  conid: AAPL,
  side: "BUY",
  order_type: "LMT",
  quantity: "1",
  ...over,
});
