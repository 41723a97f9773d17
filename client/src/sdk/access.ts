/** How a connection gets in. */
export interface Access {
  readonly provider: TokenProvider;
  /** Asks the owner for more; absent where nobody can be asked. */
  widen?(scope: string): Promise<void>;
}

/** Where a connection has its tokens from. */
export interface TokenProvider {
  /** Called before each request. */
  token(): Promise<string | undefined>;
  /** Called after a token was refused; the request is then made once more. */
  onUnauthorized?(): Promise<void>;
}

/** One access token from elsewhere, which nobody renews. */
export function tokenAccess(token: string): Access {
  return { provider: { token: async () => token } };
}
