import { fingerprintWords } from "@ibkr-edge-gateway/protocol/relay/fingerprint.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { Hono } from "hono";
import type {
  PairedSidecar,
  PasskeyView,
} from "../../durable-objects/account/rpc/account-types.ts";
import { requireConfirmation } from "../owner/confirm.tsx";
import { requireOwner } from "../owner/owner-session.ts";
import { Command } from "../web/copyable-command.tsx";
import { ownerForm } from "../web/owner-form.ts";
import { Page, sendPage, When } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";
import type { Owner } from "../web/signed-in-owner.ts";
import { CAPABILITY_WORDS } from "./capability-words.ts";
import { FingerprintWords } from "./fingerprint-words.tsx";

/** The PCs that were paired, and how to cut one off. */
export const sidecarsRoutes = new Hono<PageEnv>();

sidecarsRoutes.get("/sidecars", requireOwner, async (c) => {
  const owner = c.get("owner");
  const [sidecars, { passkeys }] = await Promise.all([
    owner.account.sidecars.listSidecars(),
    owner.account.security.signInSecurity(),
  ]);
  const next = sidecars.find((sidecar) => sidecar.next === true) ?? null;
  const now = new Date();
  return sendPage(
    c,
    <Page title="Sidecars" owner={owner} room="/sidecars" live="/sidecars">
      <div class="head">
        <h1>Sidecars</h1>
        <p class="lead">
          A sidecar runs on your PC beside your broker's gateway and does what agents ask for,
          within the limits it keeps itself.
        </p>
      </div>
      <div class="actions">
        <a class="button" href="/pair">
          Pair a PC
        </a>
      </div>
      {sidecars.length === 0 ? (
        <section class="card">
          <h2>No PC is paired</h2>
          <p class="soft">Run this on the PC that is logged in to your broker:</p>
          <code class="copy">{`${sidecarCommand("pair")} ${c.get("settings").publicOrigin}`}</code>
        </section>
      ) : (
        <div class="grid two">
          {sidecars.map((sidecar) => (
            <SidecarCard sidecar={sidecar} next={next} owner={owner} now={now} />
          ))}
        </div>
      )}
      {passkeys.length > 0 && <Approvers passkeys={passkeys} />}
    </Page>,
    { script: true },
  );
});

sidecarsRoutes.post("/sidecars/choose", requireOwner, ownerForm, requireConfirmation, async (c) => {
  const sidecarId = c.get("form").get("sidecar_id") ?? "";
  await c.get("owner").account.sidecars.chooseSidecar(sidecarId);
  return c.redirect("/sidecars", 303);
});

sidecarsRoutes.post("/sidecars/revoke", requireOwner, ownerForm, async (c) => {
  const sidecarId = c.get("form").get("sidecar_id") ?? "";
  await c.get("owner").account.sidecars.revokeSidecar(sidecarId);
  return c.redirect("/sidecars", 303);
});

/** Each PC decides by itself whose passkey it takes; these are the words to compare there. */
function Approvers({ passkeys }: { passkeys: PasskeyView[] }) {
  return (
    <section class="card" aria-labelledby="approvers">
      <h2 id="approvers">Passkeys a PC may take approvals from</h2>
      <p class="soft">
        You accept a passkey at the PC, by its six words; how to add one stands under{" "}
        <a href="/security">Security</a>. The PC lists those it takes with{" "}
        <Command>{sidecarCommand("approvers")}</Command>
      </p>
      <ul class="plain rows">
        {passkeys.map(({ name, credentialId, publicKey }) => (
          <li>
            <strong>{name}</strong>
            <FingerprintWords words={fingerprintWords(publicKey).join(" ")} />
            <span class="small soft">
              Id <span class="mono">{credentialId}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function seen({ lastSeenAt }: PairedSidecar, now: Date) {
  return lastSeenAt === null ? "never" : <When at={lastSeenAt} now={now} />;
}

function standing({ chosen, connected }: PairedSidecar): string {
  if (chosen) return connected ? "In use" : "In use, not connected";
  return connected ? "Serves until the other one connects" : "Stands by";
}

function SidecarCard(props: {
  sidecar: PairedSidecar;
  /** The one that is in use once the chosen one is revoked. */
  next: PairedSidecar | null;
  owner: Owner;
  now: Date;
}) {
  const { sidecar, next, owner, now } = props;
  const successor = sidecar.chosen ? next : null;
  const revoked = sidecar.state === "revoked";
  return (
    <section class="card">
      <header>
        <h2>{sidecar.machine}</h2>
        {revoked && <span class="tag">Revoked</span>}
        {!revoked && <span class="tag">{standing(sidecar)}</span>}
      </header>
      <dl class="facts">
        <dt>Version</dt>
        <dd>{sidecar.version}</dd>
        <dt>Paired</dt>
        <dd>
          <When at={sidecar.pairedAt} now={now} />
        </dd>
        <dt>Last seen</dt>
        <dd>{sidecar.connected === true ? "now" : seen(sidecar, now)}</dd>
        <dt>May do</dt>
        <dd>
          {sidecar.capabilities.map((capability) => CAPABILITY_WORDS[capability].title).join(", ")}
        </dd>
      </dl>
      <details>
        <summary>Key fingerprint</summary>
        <FingerprintWords words={sidecar.fingerprint} />
      </details>
      {!revoked && !sidecar.chosen && (
        <form method="post" action="/sidecars/choose">
          <input type="hidden" name="csrf" value={owner.session.csrf} />
          <input type="hidden" name="sidecar_id" value={sidecar.sidecarId} />
          <p class="small soft">
            If you use this PC, the other one is stopped at once, and this one connects at its next
            try, within a minute, if it is running. It never takes over by itself. At the PC itself:{" "}
            <Command>{sidecarCommand("use")}</Command>
          </p>
          <div class="actions">
            <button class="quiet" type="submit">
              Use this PC<span class="visually-hidden">: {sidecar.machine}</span>
            </button>
          </div>
        </form>
      )}
      {!revoked && (
        <form method="post" action="/sidecars/revoke">
          <input type="hidden" name="csrf" value={owner.session.csrf} />
          <input type="hidden" name="sidecar_id" value={sidecar.sidecarId} />
          <div class="actions">
            <button class="danger" type="submit">
              Revoke<span class="visually-hidden"> {sidecar.machine}</span>
              {successor !== null && `; ${successor.machine} takes over`}
            </button>
          </div>
        </form>
      )}
    </section>
  );
}
