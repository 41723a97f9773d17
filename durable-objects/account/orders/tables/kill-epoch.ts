/** Moves whenever a switch is engaged, made stronger or lifted. */
export function killEpoch(sql: SqlStorage): number {
  const [row] = sql.exec<{ epoch: number }>("SELECT epoch FROM order_epoch").toArray();
  return row?.epoch ?? 0;
}

export function raiseEpoch(sql: SqlStorage): void {
  sql.exec(
    `INSERT INTO order_epoch (one, epoch) VALUES (1, 1)
     ON CONFLICT (one) DO UPDATE SET epoch = epoch + 1`,
  );
}
