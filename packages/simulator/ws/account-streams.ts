import { isFields, type WireJson } from "../json.ts";
import { ownAccount } from "../routes/iserver-accounts.ts";
import { pnlRows } from "../routes/iserver-summary-and-pnl.ts";
import { ledgerOf, summaryRows } from "../routes/portfolio-accounts.ts";
import type { Simulator } from "../simulator.ts";
import type { Account } from "../state/accounts.ts";
import { type SocketConnection, startStream } from "./connection.ts";
import type { Subscription } from "./subscription.ts";

/** The topics of money: profit and loss, summary, ledger. They need no brokerage session. */

const PNL_MS = 1_000;
const SLOW_MS = 10_000;

/** `spl`: each second; having subscribed once also warms the partitioned answer. */
export function subscribePnl(sim: Simulator, connection: SocketConnection): void {
  sim.world.brokerage.primed.pnlSubscribed = true;
  const tell = (): void => connection.send({ topic: "spl", args: pnlRows(sim) });
  startStream(connection, "spl", sim.clock.every(PNL_MS, tell));
  tell();
}

/** Frames each ten seconds with the rows whose figures changed; the rest is left out or bare. */
function slowStream(
  sim: Simulator,
  connection: SocketConnection,
  key: string,
  rows: () => { [row: string]: { [key: string]: WireJson } },
  bareRows: boolean,
): void {
  const sent = new Map<string, string>();
  const tell = (): void => {
    const result: WireJson[] = [];
    for (const [name, row] of Object.entries(rows())) {
      const { timestamp, ...figures } = row;
      const text = JSON.stringify(figures);
      if (sent.get(name) !== text) result.push(row);
      else if (bareRows) result.push({ key: row.key, timestamp });
      sent.set(name, text);
    }
    if (result.length > 0) connection.send({ result, topic: key });
  };
  startStream(connection, key, sim.clock.every(SLOW_MS, tell));
  tell();
}

/** Only the wanted fields of a row, beside its key. */
function pick(row: { [key: string]: WireJson }, fields: unknown): { [key: string]: WireJson } {
  if (!Array.isArray(fields) || fields.length === 0) return row;
  // Clients spell a field as the documents do, the stream in its own way: `cashBalance`, `cashbalance`.
  const wanted = new Set(fields.map((field) => String(field).toLowerCase()));
  return Object.fromEntries(
    Object.entries(row).filter(
      ([name]) => ["key", "timestamp", "acctCode"].includes(name) || wanted.has(name.toLowerCase()),
    ),
  );
}

function accountOf(
  sim: Simulator,
  connection: SocketConnection,
  wanted: Subscription,
): Account | undefined {
  const account = ownAccount(sim, wanted.target);
  if (account === undefined) connection.send({ error: "No data." });
  return account;
}

/** `ssd`. */
export function subscribeSummary(
  sim: Simulator,
  connection: SocketConnection,
  wanted: Subscription,
): void {
  const account = accountOf(sim, connection, wanted);
  if (account === undefined) return;
  const keys = Array.isArray(wanted.args.keys) ? wanted.args.keys : [];
  const rows = (): { [row: string]: { [key: string]: WireJson } } => {
    const found: { [row: string]: { [key: string]: WireJson } } = {};
    for (const [name, value] of Object.entries(summaryRows(sim, account))) {
      if (!isFields(value) || !("amount" in value)) continue;
      const key =
        keys.find((one) => String(one).toLowerCase() === name) ??
        (keys.length === 0 ? name : undefined);
      if (key === undefined) continue;
      const { amount, currency, timestamp, value: text, severity } = value;
      const monetary = currency !== null;
      found[name] = pick(
        {
          key,
          timestamp,
          currency: monetary ? currency : undefined,
          monetaryValue: monetary ? amount : undefined,
          value: monetary ? undefined : text,
          severity,
        },
        wanted.args.fields,
      );
    }
    return found;
  };
  slowStream(sim, connection, `ssd+${account.id}`, rows, false);
}

/** The stream spells what the ledger writes in small letters. */
const LEDGER_NAMES: Record<string, string> = {
  acctcode: "acctCode",
  cashbalance: "cashbalance",
  netliquidationvalue: "netLiquidationValue",
  settledcash: "settledCash",
  unrealizedpnl: "unrealizedPnl",
  realizedpnl: "realizedPnl",
  stockmarketvalue: "stockMarketValue",
  exchangerate: "exchangeRate",
  interest: "interest",
  secondkey: "secondKey",
  severity: "severity",
};

/** `sld`. */
export function subscribeLedger(
  sim: Simulator,
  connection: SocketConnection,
  wanted: Subscription,
): void {
  const account = accountOf(sim, connection, wanted);
  if (account === undefined) return;
  const keys = Array.isArray(wanted.args.keys) ? wanted.args.keys : [];
  const rows = (): { [row: string]: { [key: string]: WireJson } } => {
    const found: { [row: string]: { [key: string]: WireJson } } = {};
    for (const [currency, value] of Object.entries(ledgerOf(sim, account))) {
      const key = `LedgerList${currency}`;
      if (!isFields(value) || !("cashbalance" in value) || (keys.length > 0 && !keys.includes(key)))
        continue;
      const row: { [key: string]: WireJson } = { key, timestamp: value.timestamp };
      for (const [name, figure] of Object.entries(value)) {
        const spelled = LEDGER_NAMES[name];
        if (spelled !== undefined) row[spelled] = figure;
      }
      found[key] = pick(row, wanted.args.fields);
    }
    return found;
  };
  slowStream(sim, connection, `sld+${account.id}`, rows, true);
}
