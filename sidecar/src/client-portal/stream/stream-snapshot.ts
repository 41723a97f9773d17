import type { OrderRow } from "../endpoints/orders.ts";
import { PnlPartition as Partition, type PnlPartition } from "../endpoints/pnl.ts";
import { TradeRow } from "../endpoints/trades.ts";
import { toRecord } from "../readers.ts";
import type { RawRow } from "./frames.ts";
import { isOver, overlay } from "./streamed-orders.ts";

/** What stream and reads together have told of this generation: orders, fills, profit and loss. */
export interface StreamSnapshot {
  readonly orders: ReadonlyMap<string, OrderRow>;
  readonly executions: ReadonlyMap<string, TradeRow>;
  readonly pnl: ReadonlyMap<string, PnlPartition>;
  /** Lays streamed rows over what is known; gives the orders they touched. */
  hearOrders(rows: readonly RawRow[]): OrderRow[];
  /** Gives the rows that are fills. */
  hearExecutions(rows: readonly RawRow[]): TradeRow[];
  hearPnl(partitions: RawRow): void;
  /** From now on, what is heard about orders is noted for the next `settle`. */
  listen(): void;
  /** The truth as it was read, with what was heard since `listen` laid over it. */
  settle(orders: readonly OrderRow[], executions: readonly TradeRow[]): void;
  /** An order that may still trade is among them. */
  hasWorking(): boolean;
}

export function createStreamSnapshot(): StreamSnapshot {
  let orders = new Map<string, OrderRow>();
  const executions = new Map<string, TradeRow>();
  const pnl = new Map<string, PnlPartition>();
  let meanwhile: RawRow[] | null = null;

  return {
    get orders() {
      return orders;
    },
    executions,
    pnl,
    hearOrders: (rows) => {
      meanwhile?.push(...rows);
      return rows.flatMap((raw) => {
        const laid = overlay(orders, raw);
        if (laid === null) return [];
        orders.set(laid.id, laid.row);
        return [laid.row];
      });
    },
    hearExecutions: (rows) =>
      rows.flatMap((raw) => {
        const parsed = TradeRow.safeParse(raw);
        if (!parsed.success || parsed.data.execution_id === null) return [];
        executions.set(parsed.data.execution_id, parsed.data);
        return [parsed.data];
      }),
    hearPnl: (partitions) => {
      for (const [key, raw] of Object.entries(partitions)) {
        const row = toRecord(raw);
        const parsed = row === null ? null : Partition.safeParse({ ...pnl.get(key), ...row });
        if (parsed?.success) pnl.set(key, parsed.data);
      }
    },
    listen: () => {
      meanwhile = [];
    },
    settle: (readOrders, readExecutions) => {
      orders = new Map(
        readOrders.flatMap((row) => (row.orderId === null ? [] : [[row.orderId, row]])),
      );
      for (const raw of meanwhile ?? []) {
        const laid = overlay(orders, raw);
        if (laid !== null) orders.set(laid.id, laid.row);
      }
      meanwhile = null;
      for (const row of readExecutions) {
        if (row.execution_id !== null) executions.set(row.execution_id, row);
      }
    },
    hasWorking: () => [...orders.values()].some((row) => !isOver(row)),
  };
}
