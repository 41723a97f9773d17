import { randomBytes } from "node:crypto";
import { Assertion } from "@ibkr-edge-gateway/protocol/approval/webauthn-assertion.ts";
import type { Passkeys } from "../../sidecar/approval-page/passkeys.ts";
import { type Overrides, SoftwarePasskey } from "./software-passkey.ts";

/** The phone of the owner's page, or of somebody else: its passkey, in software. */
export interface SomePhone {
  readonly passkey: SoftwarePasskey;
  readonly passkeys: Passkeys;
  random(bytes: number): Uint8Array;
}

export function somePhone(origin: string, over: Overrides = {}): SomePhone {
  const passkey = new SoftwarePasskey(origin);
  return {
    passkey,
    random: (bytes) => new Uint8Array(randomBytes(bytes)),
    passkeys: {
      async create({ challenge, rpId, userId }) {
        const user = { id: Buffer.from(userId).toString("base64url") };
        const answer = passkey.register(
          { kind: "create", options: { challenge, rp: { id: rpId }, user } },
          over,
        );
        const { id, response } = JSON.parse(answer);
        return {
          attestationObject: new Uint8Array(Buffer.from(response.attestationObject, "base64url")),
          registration: {
            id,
            client_data_json: response.clientDataJSON,
            attestation_object: response.attestationObject,
            transports: [],
          },
        };
      },
      async get({ challenge, rpId }) {
        const answer = passkey.use({ kind: "get", options: { challenge, rpId } }, over);
        const { id, response } = JSON.parse(answer);
        return Assertion.parse({
          id,
          client_data_json: response.clientDataJSON,
          authenticator_data: response.authenticatorData,
          signature: response.signature,
        });
      },
    },
  };
}
