export function playTrace(
  storage: { sql: unknown; transactionSync<T>(act: () => T): T },
  steps: readonly unknown[],
): unknown[];
