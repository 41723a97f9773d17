import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { Hono } from "hono";
import type {
  BackendStatus,
  BrokerSessionState,
} from "../../durable-objects/account/rpc/account-types.ts";
import { requireOwner } from "../owner/owner-session.ts";
import { WithCommands } from "../web/copyable-command.tsx";
import { Page, sendPage, When } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";
import { RecoveryAlert } from "../web/recovery-alert.tsx";
import { PaperOrdersCard, paperOrdersStep } from "./paper-orders-step.tsx";

/** The front page: is it up, and what should the owner do next? */
export const overviewRoutes = new Hono<PageEnv>();

overviewRoutes.get("/", requireOwner, async (c) => {
  const owner = c.get("owner");
  const [status, { passkeys }, recoveries, sidecars, paper] = await Promise.all([
    owner.account.backendStatus(),
    owner.account.security.signInSecurity(),
    owner.account.security.pendingRecoveries(),
    owner.account.sidecars.listSidecars(),
    paperOrdersStep(owner),
  ]);
  const now = new Date();
  const others = sidecars.filter(
    ({ state, chosen, connected }) => state === "active" && !chosen && connected !== true,
  );
  const standby = others.map(({ machine }) => machine);
  const served = sidecars.some(({ chosen, connected }) => connected === true && !chosen);
  const takesOver = served ? (sidecars.find(({ chosen }) => chosen)?.machine ?? null) : null;
  return sendPage(
    c,
    <Page title="Overview" owner={owner} room="/" live="/">
      <div class="head">
        <h1>{headline(status, owner.attention.length > 0)}</h1>
      </div>
      <RecoveryAlert recoveries={recoveries} owner={owner} now={now} />
      <NextStep status={status} gateway={c.get("settings").publicOrigin} />
      {paper !== null && <PaperOrdersCard step={paper} owner={owner} />}
      {passkeys.length === 0 && (
        <div class="note warn">
          <h2>You sign in with a token that can be copied</h2>
          <p>
            <a href="/security/passkeys/new">Add a passkey</a>; the owner token stops signing in
            then.
          </p>
        </div>
      )}
      <div class="grid two">
        <SidecarCard status={status} standby={standby} takesOver={takesOver} now={now} />
        <BrokerCard status={status} now={now} />
      </div>
      <section class="card" aria-labelledby="connect">
        <h2 id="connect">Connect an agent</h2>
        <p class="soft">Give an MCP client this address; it will ask you for access here.</p>
        <code class="copy">{c.get("settings").resource}</code>
      </section>
    </Page>,
  );
});

function headline({ sidecar, broker }: BackendStatus, somethingWaits: boolean): string {
  if (sidecar.state === "not_paired") return "Pair your PC to begin";
  if (sidecar.state === "offline") return "Your PC is not connected";
  if (broker.state === "ready") {
    return somethingWaits ? "Your PC and your broker are connected" : "Everything is up";
  }
  if (broker.state === "unknown") return "Your PC is connected";
  return BROKER_STATES[broker.state].words;
}

function NextStep({ status, gateway }: { status: BackendStatus; gateway: string }) {
  if (status.sidecar.state === "not_paired") {
    return (
      <section class="card next" aria-labelledby="next">
        <h2 id="next">Next step</h2>
        <p>On the PC that is logged in to your broker, run this; it shows a code to type here.</p>
        <code class="copy">{`${sidecarCommand("pair")} ${gateway}`}</code>
        <div class="actions">
          <a class="button" href="/pair">
            Pair a PC
          </a>
        </div>
      </section>
    );
  }
  if (status.next_step === null) return null;
  return (
    <section class="card next" aria-labelledby="next">
      <h2 id="next">Next step</h2>
      <p>
        <WithCommands text={status.next_step} />
      </p>
    </section>
  );
}

const SIDECAR_STATES = {
  not_paired: { tone: "idle", words: "Not paired" },
  offline: { tone: "bad", words: "Offline" },
  online: { tone: "ok", words: "Connected" },
} as const;

function SidecarCard(props: {
  status: BackendStatus;
  standby: readonly string[];
  /** The PC in use, while another one is still connected in its place. */
  takesOver: string | null;
  now: Date;
}) {
  const { status, standby, takesOver, now } = props;
  const { sidecar } = status;
  const { tone, words } = SIDECAR_STATES[sidecar.state];
  return (
    <section class="card" aria-labelledby="sidecar">
      <h2 id="sidecar">Sidecar on your PC</h2>
      <p class={`state big ${tone}`}>{words}</p>
      <dl class="facts">
        {sidecar.machine !== null && (
          <>
            <dt>Machine</dt>
            <dd>{sidecar.machine}</dd>
          </>
        )}
        {takesOver !== null && (
          <>
            <dt>In use next</dt>
            <dd>{takesOver}, as soon as it connects</dd>
          </>
        )}
        {standby.length > 0 && (
          <>
            <dt>Stands by</dt>
            <dd>
              {standby.join(", ")} (<a href="/sidecars">switch</a>)
            </dd>
          </>
        )}
        {sidecar.state === "online" && sidecar.connected_since !== null && (
          <>
            <dt>Connected</dt>
            <dd>
              <When at={sidecar.connected_since} now={now} />
            </dd>
          </>
        )}
        {sidecar.state === "offline" && (
          <>
            <dt>Last seen</dt>
            <dd>
              {sidecar.last_seen_at === null ? (
                "never"
              ) : (
                <When at={sidecar.last_seen_at} now={now} />
              )}
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

const BROKER_STATES: Record<
  BrokerSessionState,
  { tone: "ok" | "warn" | "bad" | "idle"; words: string }
> = {
  unknown: { tone: "idle", words: "Not known" },
  gateway_down: { tone: "bad", words: "Broker gateway is not running" },
  login_required: { tone: "warn", words: "Broker login needed" },
  initializing: { tone: "warn", words: "Broker session is starting" },
  ready: { tone: "ok", words: "Ready" },
  degraded: { tone: "warn", words: "Ready, with faults" },
  takeover_required: { tone: "warn", words: "Another session holds the login" },
  blocked: { tone: "bad", words: "Blocked by the broker" },
  penalty_box: { tone: "warn", words: "Slowed down by the broker" },
  maintenance_suspected: { tone: "warn", words: "Broker maintenance, probably" },
};

const MODES = { paper: "Paper", live: "Live, real money", unknown: "Not proved" } as const;

function BrokerCard({ status, now }: { status: BackendStatus; now: Date }) {
  const { broker } = status;
  const { tone, words } = BROKER_STATES[broker.state];
  return (
    <section class="card" aria-labelledby="broker">
      <header>
        <h2 id="broker">Broker session</h2>
        {broker.source === "simulator" && <span class="tag warn">Simulator, not your broker</span>}
      </header>
      <p class={`state big ${tone}`}>{words}</p>
      {broker.market_note !== null && <p>{broker.market_note}</p>}
      <dl class="facts">
        <dt>Account</dt>
        <dd>{MODES[broker.mode]}</dd>
        <dt>Observed</dt>
        <dd>
          {broker.observed_at === null ? "never" : <When at={broker.observed_at} now={now} />}
        </dd>
      </dl>
    </section>
  );
}
