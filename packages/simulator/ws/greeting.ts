import type { WireJson } from "../json.ts";
import { accountsOf, isPaper } from "../routes/iserver-accounts.ts";
import { BROKER_SERVER_INFO } from "../routes/session.ts";
import type { Simulator } from "../simulator.ts";
import type { SocketConnection } from "./connection.ts";

/** What a socket hears without asking: who it is, its accounts, how the session stands. */

export function greet(sim: Simulator, connection: SocketConnection): void {
  const user = sim.world.sso.user;
  connection.send({ topic: "system", success: user?.name, isFT: false, isPaper: isPaper(sim) });
  if (sim.world.brokerage.phase === "authenticated") sendAccounts(sim, connection);
  sendStatus(sim, connection);
}

/** `act`: the accounts of the login, as a socket hears them after it was greeted. */
export function sendAccounts(sim: Simulator, connection: SocketConnection): void {
  connection.send({ topic: "act", args: accountsOf(sim) });
}

/** `sts`, usually one key a frame; a loss is told twice, as it was seen. */
export function sendStatus(sim: Simulator, connection: SocketConnection): void {
  const { brokerage, rival } = sim.world;
  const authenticated = brokerage.phase === "authenticated";
  const args: { [key: string]: WireJson } = {
    authenticated,
    competing: brokerage.phase === "evicted" && rival !== "none",
    message: "",
    fail: brokerage.fail === "" ? undefined : brokerage.fail,
    serverName: authenticated ? BROKER_SERVER_INFO.serverName : undefined,
    serverVersion: authenticated ? BROKER_SERVER_INFO.serverVersion : undefined,
  };
  if (!sim.behaviours.webSocket.stsOneKey) {
    connection.send({ topic: "sts", args });
    return;
  }
  for (const [key, value] of Object.entries(args)) {
    if (value !== undefined) connection.send({ topic: "sts", args: { [key]: value } });
  }
  if (!authenticated) connection.send({ topic: "sts", args: { authenticated } });
}
