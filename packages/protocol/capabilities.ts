/**
 * What a sidecar may be asked to do. The effective set is the intersection of what the sidecar's
 * local policy offers and what the owner granted at pairing; neither side can widen it alone.
 */
export const CAPABILITIES = [
  "broker.read",
  "orders.paper",
  "orders.live",
  "events",
  "chunks",
] as const;

export type Capability = (typeof CAPABILITIES)[number];
