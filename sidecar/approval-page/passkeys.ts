import type { Assertion } from "@ibkr-edge-gateway/protocol/approval/webauthn-assertion.ts";
import type { Registration } from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";

/** The browser's passkeys, as far as the page uses them. Rejects as the browser does. */
export interface Passkeys {
  create(wanted: {
    challenge: string;
    rpId: string;
    userId: Uint8Array;
    userName: string;
  }): Promise<{ registration: Registration; attestationObject: Uint8Array }>;
  get(wanted: { challenge: string; rpId: string; credentialId: string | null }): Promise<Assertion>;
}

/** Why a ceremony ended without an answer, in words. */
export function ceremonyWords(error: unknown): string {
  const name = error instanceof Error ? error.name : "";
  switch (name) {
    case "NotAllowedError":
    case "AbortError":
      return "No passkey was used: it was cancelled, or it took too long. Nothing was approved.";
    case "InvalidStateError":
      return "This device has a passkey of this page already.";
    case "SecurityError":
      return "The browser does not let this address use passkeys. The page needs https, or http://localhost.";
    case "NotSupportedError":
      return "This device cannot make a passkey that checks who uses it.";
    default:
      return "The passkey did not work here. If a password manager stepped in, switch it off for this page and try again.";
  }
}
