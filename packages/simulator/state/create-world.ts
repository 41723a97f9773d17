import type { SimulatorSettings } from "../options.ts";
import type { Random } from "../random.ts";
import { type Account, simulatedAccount } from "./accounts.ts";
import { unprimed } from "./primed.ts";
import type { User, World } from "./world.ts";

const PAPER_HOLDINGS = [
  { conid: 756733, quantity: "44", averagePrice: "652.47477275" },
  { conid: 320227571, quantity: "3", averagePrice: "584.31333335" },
  { conid: 265598, quantity: "25", averagePrice: "241.118" },
  { conid: 14204, quantity: "30", averagePrice: "182.06" },
];
const LIVE_HOLDINGS = [
  { conid: 756733, quantity: "12", averagePrice: "610.215" },
  { conid: 272093, quantity: "8", averagePrice: "402.37" },
];

/** The world before anybody logged in. */
export function createWorld(settings: SimulatorSettings, random: Random): World {
  const accounts = new Map<string, Account>();
  const user = (isPaper: boolean): User => {
    const ids = Array.from(
      { length: settings.accounts },
      (_, index) => `${isPaper ? "DU" : "U"}${4815162 + index}`,
    );
    for (const [index, id] of ids.entries()) {
      const cash = isPaper ? { USD: "971869.60", EUR: "5000.00" } : { USD: "18250.42" };
      const holdings = index > 0 ? [] : isPaper ? PAPER_HOLDINGS : LIVE_HOLDINGS;
      accounts.set(id, simulatedAccount(id, "Simulated Owner", cash, holdings));
    }
    return {
      name: isPaper ? "simpaper1" : "simlive1",
      id: isPaper ? 70000002 : 70000001,
      loginType: isPaper ? 2 : 1,
      isPaper,
      accountIds: ids,
    };
  };
  const users = { paper: user(true), live: user(false) };
  return {
    gateway: { up: true, maintenance: false },
    sso: {
      phase: "none",
      user: undefined,
      loggedInAt: 0,
      lastAccessAt: 0,
      sessionId: random.hex(32),
      portfolioAccountsRead: false,
      deathAnnounced: false,
    },
    brokerage: {
      phase: "none",
      established: false,
      generation: 0,
      fail: "",
      lastTrafficAt: 0,
      statusReads: 0,
      selectedAccount: "",
      primed: unprimed(),
      suppressed: new Set(),
    },
    rival: "none",
    users,
    accounts,
  };
}
