/** The part of a Durable Object's storage that orders use; `ctx.storage` is one. */
export interface OrderStorage {
  readonly sql: SqlStorage;
  /** All or nothing: what `act` wrote is undone when it throws. */
  transactionSync<T>(act: () => T): T;
}
