/** A promise was broken, at one step of one world. */
export class Violation extends Error {
  override readonly name = "Violation";
  readonly invariant: Invariant;
  readonly step: number;
  constructor(invariant: Invariant, step: number, what: string) {
    super(`${invariant}: ${what}`);
    this.invariant = invariant;
    this.step = step;
  }
}

export const INVARIANTS = {
  approved: "no order at the broker without a valid approval of it",
  once: "no approval and no key makes two orders",
  as_signed: "what is sent is what was signed",
  limits: "no limit is passed",
  doubt: "no entry leaves beside an order in doubt",
  exits: "no exit is held beyond its bound",
  switch: "no entry leaves while a switch is engaged",
  ends: "no end is left without proof",
  events: "no event is lost or told twice",
  log: "the log says what the broker saw",
  truth: "in the end both ends say of each order what the broker says",
  failure: "no part fails in a way that is not foreseen",
} as const;
export type Invariant = keyof typeof INVARIANTS;

export interface Unsettled {
  invariant: Invariant;
  what: string;
}
export type Say = (invariant: Invariant, what: string) => void;
