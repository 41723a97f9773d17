/**
 * What every verb of the owner's capability answers once the session behind it has ended. It is
 * thrown, because it can come at any verb and at any moment of one. Of an error's class nothing is
 * left on the way to the Worker; its own properties arrive, so it is known by its code.
 */
export class SessionEnded extends Error {
  override readonly name = "SessionEnded";
  readonly code = "SESSION_ENDED";

  constructor() {
    super("The owner's session has ended.");
  }
}

/** Whether this was thrown because the session ended, here or at the other end of an RPC. */
export function isSessionEnded(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "SESSION_ENDED";
}
