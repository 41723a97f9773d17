/**
 * Whether this was thrown because the other end of an RPC is of another version and does not know the
 * verb. Worker and object are not deployed at the same instant; for up to a minute one is newer.
 * Nothing was done.
 */
export function isVersionSkew(error: unknown): boolean {
  return (
    error instanceof TypeError &&
    "remote" in error &&
    error.message.includes("does not implement the method")
  );
}
