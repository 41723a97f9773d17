/** What a brokerage session has been asked once already. A new session starts from nothing. */
export interface Primed {
  iserverAccounts: boolean;
  /** Underlyings searched for, and whether the last search for one was by name. */
  searched: Map<number, { byName: boolean }>;
  /** Snapshot reads per conid since its stream was opened. */
  snapshotReads: Map<number, number>;
  orderReads: number;
  /** A filtered read of the orders has silenced their stream. */
  ordersSilenced: boolean;
  tradeReads: number;
  positionReads: Set<string>;
  pnlSubscribed: boolean;
  algos: Set<number>;
  watchlists: Set<string>;
  history: Set<number>;
}

/** A session in which nothing was read yet, so that cold reads answer as cold ones do. */
export function unprimed(): Primed {
  return {
    iserverAccounts: false,
    searched: new Map(),
    snapshotReads: new Map(),
    orderReads: 0,
    ordersSilenced: false,
    tradeReads: 0,
    positionReads: new Set(),
    pnlSubscribed: false,
    algos: new Set(),
    watchlists: new Set(),
    history: new Set(),
  };
}
