/**
 * What the objects need of a deployment; the Worker's own settings come on top (src/web/env.ts). Secrets
 * and optional settings are declared here, because a deployment may lack them and the code has to
 * say so.
 */
export interface ObjectEnv extends Cloudflare.Env {
  /** Ed25519 private JWK, as JSON text: how sidecars know this gateway. */
  readonly EDGE_IDENTITY_KEY?: string;
  /** 32 bytes, base64url: what audit logs are signed with. Without it nothing is signed. */
  readonly EVIDENCE_KEY?: string;
  /** The one before, while logs that were signed with it hand over to the new one. */
  readonly EVIDENCE_KEY_BEFORE?: string;
  /** Figures of tool calls go here where it is bound. */
  readonly ANALYTICS?: AnalyticsEngineDataset;
  /** Calls a client, and all clients of an account together, may make in a minute. */
  readonly CLIENT_CALLS_PER_MINUTE?: string;
  readonly ACCOUNT_CALLS_PER_MINUTE?: string;
}
