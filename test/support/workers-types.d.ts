import type * as workers from "@cloudflare/workers-types";

/**
 * Workers' own types that storage functions name, for tests and scripts, which otherwise live in
 * Node's world: the two sets of globals cannot be loaded together without contradicting each other.
 */
declare global {
  type SqlStorage = workers.SqlStorage;
  type AnalyticsEngineDataset = workers.AnalyticsEngineDataset;
  type D1Database = workers.D1Database;
  type DurableObjectStorage = workers.DurableObjectStorage;
  type DurableObjectState = workers.DurableObjectState;
}
