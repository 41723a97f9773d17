// The Worker with a meter in front: counts what one call costs in requests to objects, rows, D1
// statements and KV operations, where Cloudflare counts them. Loaded by the benchmark alone.
import gateway, { Account as Counted, Pairing } from "./index.js";

const counts = {
  worker_requests: 0,
  object_requests: 0,
  object_round_trips: 0,
  kv_reads: 0,
  kv_writes: 0,
  d1_statements: 0,
  alarms_set: 0,
};
let cursors = [];

export class Account extends Counted {
  constructor(ctx, env) {
    meterStorage(ctx.storage);
    super(ctx, env);
  }
}
export { Pairing };

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname !== "/__counts") {
      counts.worker_requests++;
      return gateway.fetch(request, metered(env), ctx);
    }
    const ofCalls = cursors.filter(({ copies }) => !copies);
    const answer = Response.json({
      ...counts,
      rows_written: sum(ofCalls, "rowsWritten"),
      rows_read: sum(ofCalls, "rowsRead"),
      object_statements: ofCalls.length,
      rows_written_by_table: byTable(ofCalls),
      rows_written_copying: sum(cursors, "rowsWritten") - sum(ofCalls, "rowsWritten"),
    });
    for (const name of Object.keys(counts)) counts[name] = 0;
    cursors = [];
    return answer;
  },
};

function sum(metered, figure) {
  return metered.reduce((total, { cursor }) => total + cursor[figure], 0);
}

/** Rows by the table that a statement names first; an index's rows count with their table's. */
function byTable(metered) {
  const tables = {};
  for (const { cursor, table } of metered) {
    if (table === undefined || cursor.rowsWritten === 0) continue;
    tables[table] = (tables[table] ?? 0) + cursor.rowsWritten;
  }
  return tables;
}

const WRITES = /(?:INSERT(?:\s+OR\s+\w+)?\s+INTO|UPDATE|DELETE\s+FROM)\s+(\w+)/i;

/** What the alarm writes while it copies the log, which may fall between any two calls. */
const COPIES = /audit_outbox|clients SET calls/;

let meteredStorage = false;
function meterStorage(storage) {
  if (meteredStorage) return;
  meteredStorage = true;
  const sql = Object.getPrototypeOf(storage.sql);
  const { exec } = sql;
  sql.exec = function (...args) {
    const cursor = exec.apply(this, args);
    cursors.push({ cursor, copies: COPIES.test(args[0]), table: WRITES.exec(args[0])?.[1] });
    return cursor;
  };
  const proto = Object.getPrototypeOf(storage);
  const { setAlarm } = proto;
  proto.setAlarm = function (...args) {
    counts.alarms_set++;
    return setAlarm.apply(this, args);
  };
}

const meteredEnvs = new WeakMap();
function metered(env) {
  const known = meteredEnvs.get(env);
  if (known) return known;
  const wrapped = {
    ...env,
    ACCOUNT: meteredNamespace(env.ACCOUNT),
    OAUTH_KV: meteredMethods(env.OAUTH_KV, kvKind),
    DB: meteredMethods(env.DB, () => "d1_statements"),
  };
  meteredEnvs.set(env, wrapped);
  return wrapped;
}

function kvKind(method) {
  return method === "put" || method === "delete" ? "kv_writes" : "kv_reads";
}

function meteredMethods(binding, kind) {
  return new Proxy(binding, {
    get(target, name) {
      const value = target[name];
      if (typeof value !== "function") return value;
      return (...args) => {
        counts[kind(name)]++;
        return target[name](...args);
      };
    },
  });
}

function meteredNamespace(namespace) {
  return new Proxy(namespace, {
    get(target, name) {
      const value = target[name];
      if (name !== "getByName" && name !== "get") {
        return typeof value === "function" ? value.bind(target) : value;
      }
      return (...args) => meteredStub(target[name](...args));
    },
  });
}

/**
 * A stub that counts. A request is a call that begins at the stub, as Cloudflare counts it: verbs of a
 * capability ride on the request that gave it out. A round trip is whatever is waited for; a verb that
 * is asked for before the capability has come travels with it.
 */
function meteredStub(stub, first = true) {
  return new Proxy(stub, {
    get(target, name) {
      const value = target[name];
      return typeof value === "function" ? meteredMember(target, name, first) : value;
    },
  });
}

function meteredMember(holder, name, first) {
  const call = (...args) => {
    if (first) counts.object_requests++;
    return meteredPromise(holder[name](...args));
  };
  return new Proxy(call, {
    get: (_, inner) => meteredMember(holder[name], inner, first),
  });
}

function meteredPromise(promise) {
  return new Proxy(() => {}, {
    get(_, name) {
      if (name !== "then") return meteredMember(promise, name, false);
      return (kept, broken) => {
        counts.object_round_trips++;
        return promise.then(withMeteredOwner).then(kept, broken);
      };
    },
  });
}

/** The capability that an answer carries, counted as well. */
function withMeteredOwner(answer) {
  const owner = answer?.owner;
  if (typeof owner !== "function" && typeof owner !== "object") return answer;
  return owner === null ? answer : { ...answer, owner: meteredStub(owner, false) };
}
