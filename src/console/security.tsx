import { PasskeyRegistration, readPasskeyJson } from "@ibkr-edge-gateway/protocol/passkey.ts";
import { fingerprintWords } from "@ibkr-edge-gateway/protocol/relay/fingerprint.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { Hono } from "hono";
import type {
  OwnerSessionView,
  PasskeyView,
  SignInMethod,
} from "../../durable-objects/account/rpc/account-types.ts";
import { confirmFirst, requireConfirmation } from "../owner/confirm.tsx";
import { requireOwner } from "../owner/owner-session.ts";
import { browserLabel } from "../web/browser-label.ts";
import { displayText } from "../web/client-text.ts";
import { ownerForm } from "../web/owner-form.ts";
import { Message, Page, sendPage, When } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";
import { makeOptions, PasskeyForm } from "../web/passkey-form.tsx";
import { RecoveryAlert } from "../web/recovery-alert.tsx";
import type { Owner } from "../web/signed-in-owner.ts";
import { FingerprintWords } from "./fingerprint-words.tsx";
import { mayInvite } from "./invitations.tsx";
import { PaperOrdersCard, paperOrdersStep } from "./paper-orders-step.tsx";

/** How the owner gets in, and who is in now. */
export const securityRoutes = new Hono<PageEnv>();

securityRoutes.get("/security", requireOwner, async (c) => {
  const owner = c.get("owner");
  const [{ passkeys, tokenSignsIn }, sessions, recoveries, paper] = await Promise.all([
    owner.account.security.signInSecurity(),
    owner.account.security.listSessions(),
    owner.account.security.pendingRecoveries(),
    paperOrdersStep(owner),
  ]);
  const inviting = await mayInvite(c);
  const now = new Date();
  return sendPage(
    c,
    <Page title="Security" owner={owner} room="/security">
      <div class="head">
        <h1>Security</h1>
        <p class="lead">How you sign in, and where you are signed in now.</p>
      </div>
      <RecoveryAlert recoveries={recoveries} owner={owner} now={now} />
      {paper !== null && <PaperOrdersCard step={paper} owner={owner} />}
      <div class="grid two">
        <Passkeys passkeys={passkeys} owner={owner} now={now} />
        <TokenSwitch on={tokenSignsIn} enrolled={passkeys.length > 0} owner={owner} />
      </div>
      <Sessions sessions={sessions} owner={owner} now={now} />
      {inviting && (
        <p>
          <a href="/invitations">Invite another owner</a>
        </p>
      )}
      <p>
        <a href="/security/delete">Delete this account</a>
      </p>
    </Page>,
    { script: true },
  );
});

securityRoutes.get("/security/passkeys/new", requireOwner, requireConfirmation, async (c) => {
  const owner = c.get("owner");
  const settings = c.get("settings");
  const ceremony = await owner.account.security.beginPasskey();
  if (ceremony === null) return c.redirect("/security", 303);
  const name = `owner of ${new URL(settings.publicOrigin).hostname}`;
  return sendPage(
    c,
    <Page title="Add a passkey" owner={owner} room="/security" narrow>
      <div class="head">
        <h1>Add a passkey</h1>
        <p class="lead">
          On this device, on a phone, or on a security key. It signs you in and approves what agents
          may not do alone.
        </p>
      </div>
      <PasskeyForm
        action="/security/passkeys"
        ceremony={makeOptions(settings, ceremony, { accountId: owner.accountId, name })}
        fields={{ csrf: owner.session.csrf }}
        button="Make the passkey"
      >
        <label class="field">
          Name
          <input
            type="text"
            name="name"
            required
            maxlength={40}
            value={browserLabel(c.req.header("User-Agent"))}
          />
          <span class="hint">So that you can tell it from others later.</span>
        </label>
      </PasskeyForm>
    </Page>,
    { script: true },
  );
});

securityRoutes.post("/security/passkeys", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  const form = c.get("form");
  const registration = readPasskeyJson(PasskeyRegistration, form.get("response") ?? "");
  const name = displayText(form.get("name") ?? "", 40) || "Passkey";
  const outcome =
    registration === null
      ? "refused"
      : await owner.account.security.addPasskey({ registration, name });
  if (outcome === "added") return c.redirect("/security", 303);
  const words = {
    refused: "The passkey could not be verified, or the page had been open for too long.",
    known: "This passkey is enrolled already.",
    full: "There are as many passkeys as this gateway keeps. Remove one first.",
  }[outcome];
  return sendPage(
    c,
    <Message title="No passkey was added" owner={owner} back={{ href: "/security", label: "Back" }}>
      <p>{words}</p>
    </Message>,
    { status: 400 },
  );
});

securityRoutes.post(
  "/security/passkeys/remove",
  requireOwner,
  ownerForm,
  requireConfirmation,
  async (c) => {
    const owner = c.get("owner");
    const id = c.get("form").get("credential_id") ?? "";
    await owner.account.security.removePasskey(id);
    return c.redirect("/security", 303);
  },
);

securityRoutes.post("/security/token-sign-in", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  const on = c.get("form").get("on") === "yes";
  const done = await owner.account.security.setTokenSignIn(on);
  return done ? c.redirect("/security", 303) : confirmFirst(c, c.get("form"), "/security");
});

/** Narrows access, so being signed in is enough. */
securityRoutes.post("/security/recovery/stop", requireOwner, ownerForm, async (c) => {
  await c.get("owner").account.security.stopRecoveries();
  return c.redirect("/security", 303);
});

securityRoutes.post("/security/sessions/end", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  const id = c.get("form").get("session_id") ?? "";
  await owner.account.security.revokeSession(id);
  return c.redirect("/security", 303);
});

securityRoutes.post("/security/sessions/end-others", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  await owner.account.security.revokeOtherSessions();
  return c.redirect("/security", 303);
});

function Passkeys({ passkeys, owner, now }: { passkeys: PasskeyView[]; owner: Owner; now: Date }) {
  return (
    <section class="card" aria-labelledby="passkeys">
      <h2 id="passkeys">Passkeys</h2>
      {passkeys.length === 0 ? (
        <p>
          None yet. With a passkey nobody can sign in by guessing or by phishing, and the owner
          token stops working.
        </p>
      ) : (
        <ul class="plain rows">
          {passkeys.map((passkey) => (
            <li>
              <div class="line">
                <strong>{passkey.name}</strong>
                {passkey.backedUp && <span class="tag">Synced</span>}
              </div>
              <span class="small soft">
                Added <When at={passkey.addedAt} now={now} />
                {passkey.lastUsedAt !== null && (
                  <>
                    , used <When at={passkey.lastUsedAt} now={now} />
                  </>
                )}
              </span>
              <ForYourPc passkey={passkey} />
              {passkeys.length > 1 && (
                <form method="post" action="/security/passkeys/remove">
                  <input type="hidden" name="csrf" value={owner.session.csrf} />
                  <input type="hidden" name="credential_id" value={passkey.credentialId} />
                  <button class="link" type="submit">
                    Remove<span class="visually-hidden"> {passkey.name}</span>
                  </button>
                </form>
              )}
            </li>
          ))}
        </ul>
      )}
      <div class="actions">
        <a class={passkeys.length === 0 ? "button" : "button quiet"} href="/security/passkeys/new">
          Add a passkey
        </a>
      </div>
    </section>
  );
}

/**
 * What the PC is shown, or told, about a passkey that may approve orders there. The PC makes the
 * words from the key by itself; alike on both screens means that it is the same key.
 */
function ForYourPc({ passkey }: { passkey: PasskeyView }) {
  const { credentialId, publicKey } = passkey;
  return (
    <details class="small">
      <summary>Approving at your PC: six words, id</summary>
      <div class="stack">
        <FingerprintWords words={fingerprintWords(publicKey).join(" ")} />
        <p>
          Your PC heard of this passkey as soon as it was connected. It asks in the terminal that
          the sidecar runs in; say yes if the words there are these. Where it runs without a
          terminal, run on that PC:
        </p>
        <code class="copy">{sidecarCommand("approvers add")}</code>
        <dl class="facts">
          <dt>Id</dt>
          <dd class="mono">{credentialId}</dd>
        </dl>
      </div>
    </details>
  );
}

function TokenSwitch(props: { on: boolean; enrolled: boolean; owner: Owner }) {
  const { on, enrolled, owner } = props;
  return (
    <section class="card" aria-labelledby="token">
      <h2 id="token">Owner token</h2>
      <p class={`state ${on ? "warn" : "ok"}`}>{on ? "Signs in" : "Does not sign in"}</p>
      {enrolled ? (
        <form method="post" action="/security/token-sign-in">
          <input type="hidden" name="csrf" value={owner.session.csrf} />
          <input type="hidden" name="on" value={on ? "no" : "yes"} />
          <p class="soft">
            {on
              ? "Whoever has the token can sign in without a passkey."
              : "Scripts and browsers without passkeys cannot sign in."}
          </p>
          <div class="actions">
            <button class="quiet" type="submit">
              {on ? "Switch it off" : "Let it sign in"}
            </button>
          </div>
        </form>
      ) : (
        <p class="soft">It stops signing in as soon as the first passkey is enrolled.</p>
      )}
    </section>
  );
}

const METHODS: Record<SignInMethod, string> = {
  token: "owner token",
  passkey: "passkey",
  oidc: "single sign-on",
  recovery: "recovery",
};

function Sessions({
  sessions,
  owner,
  now,
}: {
  sessions: OwnerSessionView[];
  owner: Owner;
  now: Date;
}) {
  return (
    <section class="card" aria-labelledby="sessions">
      <h2 id="sessions">Signed in</h2>
      <ul class="plain rows">
        {sessions.map((session) => (
          <li>
            <div class="line">
              <strong>{session.label}</strong>
              {session.id === owner.session.id ? (
                <span class="tag">This one</span>
              ) : (
                <form class="inline" method="post" action="/security/sessions/end">
                  <input type="hidden" name="csrf" value={owner.session.csrf} />
                  <input type="hidden" name="session_id" value={session.id} />
                  <button class="link" type="submit">
                    End<span class="visually-hidden"> {session.label}</span>
                  </button>
                </form>
              )}
            </div>
            <span class="small soft">
              By {METHODS[session.method]}, <When at={session.openedAt} now={now} />; ends{" "}
              <When at={session.expiresAt} now={now} />
            </span>
          </li>
        ))}
      </ul>
      {sessions.length > 1 && (
        <form method="post" action="/security/sessions/end-others">
          <input type="hidden" name="csrf" value={owner.session.csrf} />
          <div class="actions">
            <button class="quiet" type="submit">
              End all others
            </button>
          </div>
        </form>
      )}
    </section>
  );
}
