import { randomBytes } from "node:crypto";
import { exportJWK, generateKeyPair } from "jose";

/** The secrets a gateway cannot run without. In production they are Worker secrets. */
export interface GatewaySecrets {
  /** What the owner signs in with. */
  OWNER_TOKEN: string;
  /** Ed25519 private JWK as JSON text; sidecars pin its public half at pairing. */
  EDGE_IDENTITY_KEY: string;
  /** 32 bytes, base64url; each account's audit log has a signing key that is derived from it. */
  EVIDENCE_KEY: string;
}

/** A new secret for signing audit logs. */
export const newEvidenceKey = (): string => randomBytes(32).toString("base64url");

export async function generateSecrets(): Promise<GatewaySecrets> {
  const { privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  return {
    OWNER_TOKEN: randomBytes(24).toString("base64url"),
    EDGE_IDENTITY_KEY: JSON.stringify(await exportJWK(privateKey)),
    EVIDENCE_KEY: newEvidenceKey(),
  };
}
