// The Worker with a meter in front: which statement of the account's object read and wrote how many
// rows, as workerd counts them for Cloudflare's bill. Loaded by the growth test alone.
import gateway, { Account as Counted, Pairing } from "./index.js";

let cursors = [];
let turns = [];

export class Account extends Counted {
  constructor(ctx, env) {
    meter(ctx.storage);
    super(ctx, env);
  }
}
export { Pairing };

export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (pathname !== "/__rows") return gateway.fetch(request, env, ctx);
    const answer = Response.json({
      statements: cursors.map(({ sql, cursor }) => ({
        sql,
        read: cursor.rowsRead,
        written: cursor.rowsWritten,
      })),
      turns,
    });
    cursors = [];
    turns = [];
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
    cursors.push({ sql: args[0].replace(/\s+/g, " ").trim(), cursor });
    return cursor;
  };
}
