/**
 * What waits for the owner, the most urgent first. `count` is how many of them; `since` is ISO 8601,
 * UTC. A page shows kinds that it knows and passes over others: Worker and object are not deployed at
 * the same instant.
 */
export type Attention =
  | { kind: "stopped"; by: string; reason: string; since: string; everything: boolean }
  | { kind: "order_in_doubt"; count: number; needsOwner: boolean }
  | { kind: "question"; count: number }
  | { kind: "approval"; count: number }
  | { kind: "pc_away"; openOrders: number; since: string | null }
  | { kind: "login_due" }
  | { kind: "session_ends"; at: string }
  | { kind: "log_behind"; waiting: number };
