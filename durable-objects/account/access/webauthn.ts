import {
  PASSKEY_ALGORITHMS,
  type PasskeyAssertion,
  type PasskeyRegistration,
} from "@ibkr-edge-gateway/protocol/passkey.ts";
import { verifyAuthenticationResponse, verifyRegistrationResponse } from "@simplewebauthn/server";
import { decode, encode } from "jose/base64url";

/** The site a passkey belongs to: both come from the deployment's settings, never from a request. */
export interface RelyingParty {
  /** Host name. */
  id: string;
  origin: string;
}

export interface NewCredential {
  credentialId: string;
  /** COSE, base64url. */
  publicKey: string;
  counter: number;
  transports: string[];
  backedUp: boolean;
}

/**
 * The challenge a response claims to answer; null when it cannot be read, or was given inside a
 * frame of another site.
 */
export function claimedChallenge(clientDataJson: string): string | null {
  try {
    const data: unknown = JSON.parse(new TextDecoder().decode(decode(clientDataJson)));
    if (typeof data !== "object" || data === null || !("challenge" in data)) return null;
    // The library lets these pass where the browser does not name the outer page.
    if ("crossOrigin" in data && data.crossOrigin !== false) return null;
    return typeof data.challenge === "string" ? data.challenge : null;
  } catch {
    return null;
  }
}

/** The credential that was made, or null when anything about it is not as it must be. */
export async function verifyRegistration(
  response: PasskeyRegistration,
  challenge: string,
  party: RelyingParty,
): Promise<NewCredential | null> {
  if (claimedChallenge(response.response.clientDataJSON) !== challenge) return null;
  try {
    const result = await verifyRegistrationResponse({
      response: { ...response, clientExtensionResults: {} },
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: PASSKEY_ALGORITHMS,
    });
    if (!result.verified) return null;
    const { credential, credentialBackedUp } = result.registrationInfo;
    return {
      credentialId: credential.id,
      publicKey: encode(credential.publicKey),
      counter: credential.counter,
      transports: response.response.transports,
      backedUp: credentialBackedUp,
    };
  } catch {
    return null;
  }
}

/** The authenticator's new counter, or null when the assertion proves nothing. */
export async function verifyAssertion(
  response: PasskeyAssertion,
  challenge: string,
  party: RelyingParty,
  credential: { credentialId: string; publicKey: string; counter: number },
): Promise<{ counter: number; backedUp: boolean } | null> {
  if (claimedChallenge(response.response.clientDataJSON) !== challenge) return null;
  try {
    const { userHandle, ...rest } = response.response;
    const result = await verifyAuthenticationResponse({
      response: {
        ...response,
        response: { ...rest, ...(userHandle == null ? {} : { userHandle }) },
        clientExtensionResults: {},
      },
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      credential: {
        id: credential.credentialId,
        publicKey: new Uint8Array(decode(credential.publicKey)),
        counter: credential.counter,
      },
    });
    if (!result.verified) return null;
    const { newCounter, credentialBackedUp } = result.authenticationInfo;
    return { counter: newCounter, backedUp: credentialBackedUp };
  } catch {
    return null;
  }
}
