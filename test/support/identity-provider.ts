import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";

type Key = Parameters<SignJWT["sign"]>[0];

/**
 * An OpenID provider in this process, reached through the gateway's outbound requests. Whatever it
 * says can be changed, so that a test plays the hostile one as well.
 */
export class IdentityProvider {
  readonly issuer: string;
  readonly clientId = "edge-gateway";
  /** What every path answers; a test may put anything else in its place. */
  readonly answers = new Map<string, (request: Request) => Response | Promise<Response>>();
  readonly asked: string[] = [];
  readonly codes = new Map<string, JWTPayload>();
  readonly keys: { kid: string; alg: string; privateKey: Key; jwk: Record<string, unknown> }[] = [];

  constructor(issuer = "https://id.example") {
    this.issuer = issuer;
    const json = (body: unknown) => () => Response.json(body);
    this.answers.set(
      `${issuer}/.well-known/openid-configuration`,
      json({
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
      }),
    );
    this.answers.set(`${issuer}/jwks`, () =>
      Response.json({ keys: this.keys.map(({ jwk }) => jwk) }),
    );
    this.answers.set(`${issuer}/token`, async (request) => {
      const form = new URLSearchParams(await request.text());
      const claims = this.codes.get(form.get("code") ?? "");
      if (claims === undefined || form.get("code_verifier") === null) {
        return Response.json({ error: "invalid_grant" }, { status: 400 });
      }
      return Response.json({ id_token: await this.sign(claims), token_type: "Bearer" });
    });
  }

  async addKey(alg: string, kid: string): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: "sig" };
    this.keys.push({ kid, alg, privateKey, jwk });
  }

  /** Everything the gateway fetches ends here. */
  readonly outbound = async (request: Request): Promise<Response> => {
    this.asked.push(request.url);
    return this.answers.get(request.url)?.(request) ?? new Response("no", { status: 404 });
  };

  /** A token by the newest key, or by another one. */
  sign(
    claims: JWTPayload,
    header: { alg?: string; kid?: string; typ?: string; key?: Key } = {},
  ): Promise<string> {
    const newest = this.keys.at(-1);
    if (newest === undefined) throw new Error("the provider has no key");
    const { alg = newest.alg, kid = newest.kid, key = newest.privateKey } = header;
    return new SignJWT(claims)
      .setProtectedHeader({ alg, kid, ...(header.typ === undefined ? {} : { typ: header.typ }) })
      .sign(key);
  }

  /** Claims of an id token for this gateway, good for a minute. */
  idClaims(subject: string, nonce: string): JWTPayload {
    const now = Math.floor(Date.now() / 1000);
    return { iss: this.issuer, sub: subject, aud: this.clientId, iat: now, exp: now + 60, nonce };
  }
}
