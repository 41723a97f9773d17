// The Worker with a meter in front: how many rows of the account's object each statement read and
// wrote, as workerd counts them for Cloudflare's bill. Loaded by the growth test alone.
import { AsyncLocalStorage } from "node:async_hooks";
import gateway, { Account as Counted, Pairing } from "./index.js";

let cursors = [];
/** What an alarm set off, however long it runs beside calls. */
const alarms = new AsyncLocalStorage();

export class Account extends Counted {
  constructor(ctx, env) {
    meter(ctx.storage);
    super(ctx, env);
  }
  async alarm() {
    await alarms.run(true, () => super.alarm());
  }
  /** The alarm at once, to its end. */
  ring() {
    return this.alarm();
  }
}
export { Pairing };

export default {
  async fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/__ring") {
      await env.ACCOUNT.getByName(searchParams.get("account")).ring();
      return new Response(null, { status: 204 });
    }
    if (pathname !== "/__rows") return gateway.fetch(request, env, ctx);
    const answer = Response.json(
      cursors.map(({ sql, cursor, alarm }) => ({
        sql,
        alarm,
        read: cursor.rowsRead,
        written: cursor.rowsWritten,
      })),
    );
    cursors = [];
    return answer;
  },
};

let metered = false;
function meter(storage) {
  if (metered) return;
  metered = true;
  const sql = Object.getPrototypeOf(storage.sql);
  const { exec } = sql;
  sql.exec = function (...args) {
    const cursor = exec.apply(this, args);
    const text = args[0].replace(/\s+/g, " ").trim();
    cursors.push({ sql: text, cursor, alarm: alarms.getStore() === true });
    return cursor;
  };
}
