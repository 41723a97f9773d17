import * as z from "zod";
import { fetchRemoteJson } from "./remote-json.ts";

const Https = z.url({ protocol: /^https$/ });

const Discovery = z.object({
  issuer: z.string(),
  authorization_endpoint: Https,
  token_endpoint: Https,
  jwks_uri: Https,
});
export type Discovery = z.infer<typeof Discovery>;

/**
 * An issuer's own description (OpenID Connect Discovery). Its `issuer` must be the configured one,
 * byte for byte; a slash more or less is another issuer.
 */
export async function discover(issuer: string): Promise<Discovery> {
  const base = issuer.endsWith("/") ? issuer.slice(0, -1) : issuer;
  const found = Discovery.parse(await fetchRemoteJson(`${base}/.well-known/openid-configuration`));
  if (found.issuer !== issuer) throw new Error("the issuer describes itself by another name");
  return found;
}
