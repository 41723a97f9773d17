import { PASSKEY_ALGORITHMS } from "@ibkr-edge-gateway/protocol/passkey.ts";
import type { Child } from "hono/jsx";
import { encode } from "jose/base64url";
import type { PasskeyCeremony } from "../../durable-objects/account/rpc/passkey-ceremony-types.ts";
import type { Settings } from "./env.ts";

/** How long the browser waits for the human. */
const TIMEOUT_MS = 5 * 60_000;

/** Options for using a passkey; without credentials the browser offers those it finds. */
export function useOptions(settings: Settings, ceremony: PasskeyCeremony) {
  return {
    kind: "get" as const,
    options: {
      challenge: ceremony.challenge,
      rpId: hostOf(settings),
      timeout: TIMEOUT_MS,
      userVerification: "required",
      allowCredentials: ceremony.credentials.map(({ id, transports }) => ({
        id,
        type: "public-key",
        transports,
      })),
    },
  };
}

/** Options for making a passkey: discoverable, so that signing in needs no name. */
export function makeOptions(
  settings: Settings,
  ceremony: PasskeyCeremony,
  user: { accountId: string; name: string },
) {
  const host = hostOf(settings);
  return {
    kind: "create" as const,
    options: {
      challenge: ceremony.challenge,
      rp: { id: host, name: "IBKR Edge Gateway" },
      user: {
        id: encode(user.accountId),
        name: user.name,
        displayName: user.name,
      },
      pubKeyCredParams: PASSKEY_ALGORITHMS.map((alg) => ({ alg, type: "public-key" })),
      timeout: TIMEOUT_MS,
      attestation: "none",
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
      excludeCredentials: ceremony.credentials.map(({ id, transports }) => ({
        id,
        type: "public-key",
        transports,
      })),
    },
  };
}

/** The site that passkeys belong to. */
function hostOf(settings: Settings): string {
  return new URL(settings.publicOrigin).hostname;
}

export interface PasskeyFormProps {
  action: string;
  ceremony: ReturnType<typeof useOptions> | ReturnType<typeof makeOptions>;
  /** Hidden fields. */
  fields: Record<string, string>;
  button: string;
  /** The button cannot be pressed before this moment; whoever sends anyway is refused. */
  notBefore?: string;
  children?: Child;
}

/** A form that a passkey answers; the pages' script fills in `response`. */
export function PasskeyForm(props: PasskeyFormProps) {
  const { action, ceremony, fields, button, notBefore, children } = props;
  return (
    <form
      class="card"
      method="post"
      action={action}
      data-passkey={JSON.stringify(ceremony)}
      {...(notBefore === undefined ? {} : { "data-not-before": notBefore })}
    >
      {Object.entries(fields).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <input type="hidden" name="response" value="" />
      {children}
      <p class="note bad" data-problem role="alert" hidden />
      <noscript>
        <p class="note warn">Passkeys need JavaScript, which is switched off in this browser.</p>
      </noscript>
      <div class="actions">
        <button type="submit" disabled>
          {button}
        </button>
      </div>
    </form>
  );
}
