import * as z from "zod";

/**
 * The order of service, in every queue at both ends: who is in front, and for whom places are kept.
 * It decides when something is done and never whether it may be.
 */
export const SERVICE_CLASSES = [
  "cancel",
  "exit",
  "reply",
  "reconcile",
  "entry",
  "keepalive",
  "owner",
  "agent",
] as const;
export const ServiceClass = z.enum(SERVICE_CLASSES);
export type ServiceClass = z.infer<typeof ServiceClass>;

/** What travels with a job to a PC that knows the word `service-class`. */
export const JobService = z.strictObject({
  class: ServiceClass,
  /** Tells one client's jobs from another's and says nothing of either; absent for the gateway's own. */
  share: z.string().min(1).max(16).optional(),
});
export type JobService = z.infer<typeof JobService>;

/** Reads that an order cannot do without; they may be served with it. */
const READS_OF_ORDERS: ReadonlySet<string> = new Set([
  "order.preview",
  "accounts.list",
  "approval.announce",
  "approval.check",
]);

/** What an operation is served as, whoever asks for it and whatever is said of it. */
const FIXED: ReadonlyMap<string, ServiceClass> = new Map([
  ["order.cancel", "cancel"],
  ["kill.engage", "cancel"],
  ["order.answer", "reply"],
  ["orders.reconcile", "reconcile"],
  ["order.status", "reconcile"],
]);

/** The owner's and the gateway's own talk with the PC. */
const OWNERS: ReadonlySet<string> = new Set([
  "alert.tell",
  "approval.announce",
  "approval.check",
  "approver.announce",
  "approver.ask",
  "approver.pages",
  "approver.pending",
  "approver.receipts",
  "approver.result",
  "approver.submit",
  "mandate.confirm",
  "mandate.revoke",
  "mandate.take",
  "trust.status",
]);

/**
 * The class an operation is served in. `told` is the gateway's word: it is believed as far as the
 * operation allows and no further; a look at the book that an agent asked for is an agent's read. An order is an order, and a read of an agent's stays one unless an
 * order needs it; a job without a class is what its operation says.
 */
export function serviceOf(operation: string, told?: ServiceClass): ServiceClass {
  const fixed = FIXED.get(operation);
  if (fixed !== undefined) return fixed === "reconcile" && told === "agent" ? told : fixed;
  if (operation === "order.place" || operation === "order.modify") {
    return told === "exit" ? "exit" : "entry";
  }
  const least = OWNERS.has(operation) ? "owner" : "agent";
  if (told === "owner") return "owner";
  const ofOrder = told === "exit" || told === "entry";
  return ofOrder && READS_OF_ORDERS.has(operation) ? told : least;
}

const RANKS = new Map<string, number>(SERVICE_CLASSES.map((name, rank) => [name, rank]));

/** The place of a class in the order of service; the smaller goes first. */
export const rankOf = (service: ServiceClass): number => RANKS.get(service) ?? RANKS.size;

/** For whom the last room on a full disk is given up. */
export const LAST_ROOM_FOR: ReadonlySet<ServiceClass> = new Set(["cancel", "exit", "reply"]);

/** Places among the reads in flight which a class may not take, so that those before it find one. */
const KEPT_FREE: Record<ServiceClass, number> = {
  cancel: 0,
  exit: 0,
  reply: 2,
  reconcile: 2,
  entry: 4,
  keepalive: 6,
  owner: 6,
  agent: 10,
};

/** How many of `places` a class may fill, those of every other class counted in; at least one. */
export const placesFor = (service: ServiceClass, places: number): number =>
  Math.max(1, places - Math.ceil((KEPT_FREE[service] * Math.min(places, 32)) / 32));

/**
 * Whether one client may take one more place: never more than it leaves to the others. So any number
 * of greedy clients leave a place for the next, and one alone takes half.
 */
export const withinShare = (own: number, taken: number, places: number): boolean =>
  own < places - taken;
