/** The user's own lists: watchlists, alerts, notices. They outlive every session. */
export interface Notes {
  watchlists: Map<string, Watchlist>;
  alerts: Map<number, Alert>;
  notices: Notice[];
  /** FYI settings by type code: 1 is on. */
  fyi: Map<string, { on: boolean; read: boolean; name: string; text: string }>;
  devices: Set<string>;
  emailDelivery: boolean;
  unreadAskedAt: number;
}

export interface Watchlist {
  id: string;
  name: string;
  modified: number;
  /** Contracts in order; undefined is a blank line. */
  rows: (number | undefined)[];
}

export interface Alert {
  id: number;
  account: string;
  name: string;
  message: string;
  active: boolean;
  repeatable: boolean;
  tif: string;
  expireTime: string;
  outsideRth: boolean;
  createdAt: number;
  conditions: {
    type: number;
    conidex: string;
    operator: string;
    value: string;
    logicBind: string;
  }[];
}

export interface Notice {
  id: string;
  at: number;
  title: string;
  html: string;
  code: string;
  read: boolean;
}

/**
 * What a user has stored at the broker at the start: watchlists, alerts, notifications. `now` in ms
 * since the epoch.
 */
export function createNotes(now: number): Notes {
  const hour = 3_600_000;
  return {
    watchlists: new Map([
      [
        "100",
        {
          id: "100",
          name: "Core",
          modified: now - 72 * hour,
          rows: [756733, 265598, undefined, 272093],
        },
      ],
    ]),
    alerts: new Map(),
    notices: Array.from({ length: 12 }, (_, index) =>
      noticeOf(now - (20 + 26 * index) * hour, index),
    ),
    fyi: new Map([
      [
        "BA",
        {
          on: true,
          read: false,
          name: "Borrow Availability",
          text: "Shares that you may want to borrow.",
        },
      ],
      ["OE", { on: true, read: true, name: "Option Expiration", text: "Options that end soon." }],
      [
        "UA",
        { on: false, read: false, name: "Upcoming Earnings", text: "Earnings of what you hold." },
      ],
    ]),
    devices: new Set(["test-device-001"]),
    emailDelivery: true,
    unreadAskedAt: Number.NEGATIVE_INFINITY,
  };
}

/** One of the notices that a user finds, newest first. */
function noticeOf(at: number, index: number): Notice {
  const even = index % 2 === 0;
  const day = new Date(at).toISOString().slice(0, 10).replaceAll("-", "");
  return {
    id: index === 0 ? "2026040100000001" : `${day}${String(index).padStart(8, "0")}`,
    at,
    title: even ? "IBKR FYI: Option Expiration" : "IBKR FYI: Upcoming Earnings",
    html: even
      ? "<html>Your option position is expiring in 3 days.</html>"
      : "<html>A company you hold will announce its earnings.</html>",
    code: even ? "OE" : "UA",
    read: index > 1,
  };
}
