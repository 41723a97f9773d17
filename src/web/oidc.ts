/** Owner sign-in by an OpenID provider that the deployment names. */
export interface OidcSettings {
  issuer: string;
  clientId: string;
  clientSecret: string | null;
  /** `sub` to account: `operator`, `new` (an account of their own), or an account's id. */
  subjects: Readonly<Record<string, string>>;
}

/** What is remembered in the browser between leaving for the provider and coming back. */
export interface OidcTransaction {
  state: string;
  nonce: string;
  verifier: string;
  next: string;
}

export interface OidcClient {
  /** Where to send the browser. */
  authorizationUrl(transaction: OidcTransaction, redirectUri: string): Promise<string>;
  /** The proved subject; throws when anything is not as it must be. */
  redeem(
    answer: { code: string; iss: string | null },
    transaction: OidcTransaction,
    redirectUri: string,
  ): Promise<string>;
}

export interface Oidc {
  settings: OidcSettings;
  client: OidcClient;
}
