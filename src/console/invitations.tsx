import { type Context, Hono } from "hono";
import { findOperator } from "../../durable-objects/d1/tables/accounts.ts";
import {
  cancelInvitation,
  type Invitation,
  invite,
  openInvitations,
} from "../../durable-objects/d1/tables/invitations.ts";
import { requireConfirmation } from "../owner/confirm.tsx";
import { requireOwner } from "../owner/owner-session.ts";
import { displayText } from "../web/client-text.ts";
import { ownerForm } from "../web/owner-form.ts";
import { Page, sendPage, When } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";
import type { Owner } from "../web/signed-in-owner.ts";

/** Invitations to open an account here; the operator's alone, where the deployment allows them. */
export const invitationsRoutes = new Hono<PageEnv>();

invitationsRoutes.get("/invitations", requireOwner, async (c) => {
  if (!(await mayInvite(c))) return c.notFound();
  return showInvitations(c);
});

invitationsRoutes.post("/invitations", requireOwner, ownerForm, requireConfirmation, async (c) => {
  if (!(await mayInvite(c))) return c.notFound();
  const note = displayText(c.get("form").get("note") ?? "", 60);
  const code = await invite(c.env.DB, note, new Date());
  return showInvitations(c, code);
});

invitationsRoutes.post("/invitations/withdraw", requireOwner, ownerForm, async (c) => {
  if (!(await mayInvite(c))) return c.notFound();
  await cancelInvitation(c.env.DB, c.get("form").get("id") ?? "");
  return c.redirect("/invitations", 303);
});

/** Only the operator, and only where sign-up is by invitation. */
export async function mayInvite(c: Context<PageEnv>): Promise<boolean> {
  if (c.get("settings").signUp !== "invitation") return false;
  return (await findOperator(c.env.DB)) === c.get("owner").accountId;
}

/** `code` is the invitation just made, null when too many are open, absent on a plain visit. */
async function showInvitations(c: Context<PageEnv>, code?: string | null) {
  const owner = c.get("owner");
  const now = new Date();
  const open = await openInvitations(c.env.DB, now);
  const { publicOrigin } = c.get("settings");
  return sendPage(
    c,
    <Page title="Invitations" owner={owner} room="/security" narrow>
      <div class="head">
        <h1>Invitations</h1>
        <p class="lead">
          Whoever gets one opens an account of their own here. Yours stays out of their reach, and
          theirs out of yours.
        </p>
      </div>
      {code === null && (
        <div class="note warn" role="alert">
          <p>Too many invitations are open. Withdraw one first.</p>
        </div>
      )}
      {typeof code === "string" && (
        <div class="note ok" role="status">
          <h2>Send this link to one person</h2>
          <code class="copy">{`${publicOrigin}/sign-up?invitation=${code}`}</code>
          <p class="small">It is shown only now, and works once, for seven days.</p>
        </div>
      )}
      <form class="card" method="post" action="/invitations">
        <input type="hidden" name="csrf" value={owner.session.csrf} />
        <label class="field">
          For whom
          <input type="text" name="note" required maxlength={60} />
          <span class="hint">For your own list; the invited person does not see it.</span>
        </label>
        <div class="actions">
          <button type="submit">Make an invitation</button>
        </div>
      </form>
      {open.length > 0 && <Open invitations={open} owner={owner} now={now} />}
    </Page>,
  );
}

function Open(props: { invitations: Invitation[]; owner: Owner; now: Date }) {
  return (
    <section class="card" aria-labelledby="open">
      <h2 id="open">Open</h2>
      <ul class="plain rows">
        {props.invitations.map((invitation) => (
          <li>
            <div class="line">
              <strong>{invitation.note}</strong>
              <form class="inline" method="post" action="/invitations/withdraw">
                <input type="hidden" name="csrf" value={props.owner.session.csrf} />
                <input type="hidden" name="id" value={invitation.id} />
                <button class="link" type="submit">
                  Withdraw<span class="visually-hidden"> {invitation.note}</span>
                </button>
              </form>
            </div>
            <span class="small soft">
              Ends <When at={invitation.expiresAt} now={props.now} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
