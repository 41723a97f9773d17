import { CAPABILITIES, type Capability } from "@ibkr-edge-gateway/protocol/capabilities.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { type Context, Hono } from "hono";
import type { PairedSidecar } from "../../durable-objects/account/rpc/account-types.ts";
import { requireConfirmation } from "../owner/confirm.tsx";
import { requireOwner } from "../owner/owner-session.ts";
import { confirmPairing, lookupPairing, type PairingDetails } from "../relay/pairing.ts";
import { displayText } from "../web/client-text.ts";
import { WithCommands } from "../web/copyable-command.tsx";
import { ownerForm } from "../web/owner-form.ts";
import { Page, sendPage, When } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";
import type { Owner } from "../web/signed-in-owner.ts";
import { CAPABILITY_WORDS } from "./capability-words.ts";
import { FingerprintWords } from "./fingerprint-words.tsx";

/**
 * Pairing, from the owner's side. Nothing is filled in beforehand: the owner types the code that
 * stands on the PC's screen and compares six words, so that a link alone pairs nothing.
 */
export const pairRoutes = new Hono<PageEnv>();

pairRoutes.get("/pair", requireOwner, requireConfirmation, (c) => askForCode(c));

pairRoutes.post("/pair", requireOwner, ownerForm, requireConfirmation, async (c) => {
  const owner = c.get("owner");
  const code = c.get("form").get("code") ?? "";
  const found = await lookupPairing(c.env, owner, code);
  if (!found.ok) return askForCode(c, found.message);
  const inUse = await pcInUse(owner);
  return sendPage(
    c,
    <Confirm owner={owner} code={code} details={found} replaces={inUse} now={new Date()} />,
  );
});

pairRoutes.post("/pair/confirm", requireOwner, ownerForm, requireConfirmation, async (c) => {
  const owner = c.get("owner");
  const form = c.get("form");
  const code = form.get("code") ?? "";
  if (form.get("words") !== "same") {
    return askForCode(c, "Confirm only after you compared the six words on both screens.");
  }
  const chosen = form.getAll("capability").filter(isCapability);
  const before = await pcInUse(owner);
  const paired = await confirmPairing(c.env, owner, code, chosen, c.get("requestId"));
  if (!paired.ok) return askForCode(c, paired.message);
  const machine = displayText(paired.sidecar.machine);
  const replaces = before?.sidecarId === paired.sidecar.sidecarId ? null : before;
  return sendPage(
    c,
    <Page title="Paired" owner={owner} room="/sidecars" narrow>
      <h1>{machine} is paired</h1>
      <div class="note ok" role="status">
        <p>
          The sidecar on your PC carries on by itself. Its state shows on the overview as soon as it
          connects.
        </p>
      </div>
      {replaces !== null && <Replacing machine={machine} replaced={replaces} />}
      <p>
        Pairing lets no passkey approve orders. The first time the sidecar runs, your PC shows the
        six words of each of yours and asks; the same words stand under{" "}
        <a href="/security">Security</a>.
      </p>
      <div class="actions">
        <a class="button" href="/">
          Go to the overview
        </a>
      </div>
    </Page>,
  );
});

async function pcInUse(owner: Owner): Promise<PairedSidecar | null> {
  return (await owner.account.sidecars.listSidecars()).find(({ chosen }) => chosen) ?? null;
}

/**
 * A connection that is open stays until the new PC has one. But whoever has to connect again is let
 * in only if it is the PC in use, which is the new one from its pairing on.
 */
function Replacing({ machine, replaced }: { machine: string; replaced: PairedSidecar }) {
  const before = displayText(replaced.machine);
  return (
    <div class="note warn">
      <p>
        Once paired, {machine} is the PC in use. The one before, {before}, goes on until {machine}{" "}
        connects or its own connection ends, and stands by from then on. You can switch back under{" "}
        <a href="/sidecars">Sidecars</a>.
      </p>
    </div>
  );
}

function isCapability(value: string): value is Capability {
  return CAPABILITIES.some((capability) => capability === value);
}

function askForCode(c: Context<PageEnv>, error?: string) {
  const owner = c.get("owner");
  const invalid = error === undefined ? {} : { "aria-invalid": true, "aria-describedby": "error" };
  return sendPage(
    c,
    <Page title="Pair a PC" owner={owner} room="/sidecars" narrow>
      <div class="head">
        <h1>Pair a PC</h1>
        <p class="lead">On the PC that is logged in to your broker, run:</p>
      </div>
      <code class="copy">{`${sidecarCommand("pair")} ${c.get("settings").publicOrigin}`}</code>
      {error !== undefined && (
        <div class="note bad" role="alert" id="error">
          <p>
            <WithCommands text={error} />
          </p>
        </div>
      )}
      <form class="card" method="post" action="/pair">
        <input type="hidden" name="csrf" value={owner.session.csrf} />
        <label class="field">
          Code shown there
          <input
            class="code"
            type="text"
            name="code"
            required
            autofocus
            maxlength={16}
            autocomplete="off"
            autocapitalize="characters"
            spellcheck={false}
            placeholder="····-····"
            {...invalid}
          />
          <span class="hint">Eight letters, valid for ten minutes.</span>
        </label>
        <div class="actions">
          <button type="submit">Continue</button>
        </div>
      </form>
    </Page>,
    { script: true, ...(error === undefined ? {} : { status: 400 }) },
  );
}

function Confirm(props: {
  owner: Owner;
  code: string;
  details: PairingDetails;
  /** The PC in use now. */
  replaces: PairedSidecar | null;
  now: Date;
}) {
  const { owner, code, details, replaces, now } = props;
  return (
    <Page title="Confirm the pairing" owner={owner} room="/sidecars" narrow>
      <div class="head">
        <h1>Are these the words on your PC?</h1>
        <p class="lead">
          If even one differs, someone else's machine is waiting under this code. Do not confirm.
        </p>
      </div>
      <FingerprintWords words={details.fingerprintWords.join(" ")} />
      <form class="card" method="post" action="/pair/confirm">
        <input type="hidden" name="csrf" value={owner.session.csrf} />
        <input type="hidden" name="code" value={code} />
        <dl class="facts">
          <dt>Machine</dt>
          <dd>{displayText(details.machine)}</dd>
          <dt>Sidecar</dt>
          <dd>{displayText(details.version)}</dd>
          <dt>Code</dt>
          <dd>
            ends <When at={details.expiresAt} now={now} />
          </dd>
        </dl>
        {replaces !== null && replaces.fingerprint !== details.fingerprintWords.join(" ") && (
          <Replacing machine={displayText(details.machine)} replaced={replaces} />
        )}
        <fieldset>
          <legend>What it may be asked to do</legend>
          {CAPABILITIES.filter((capability) =>
            details.capabilitiesOffered.includes(capability),
          ).map((capability) => (
            <label class="choice">
              <input
                type="checkbox"
                name="capability"
                value={capability}
                checked={CAPABILITY_WORDS[capability].ticked}
              />
              <span>{CAPABILITY_WORDS[capability].title}</span>
              <span class="hint">{CAPABILITY_WORDS[capability].means}</span>
            </label>
          ))}
        </fieldset>
        <label class="choice">
          <input type="checkbox" name="words" value="same" required />
          <strong>The six words are the same on both screens</strong>
        </label>
        <div class="actions">
          <button type="submit">Pair this PC</button>
          <a class="button quiet" href="/sidecars">
            Cancel
          </a>
        </div>
      </form>
    </Page>
  );
}
