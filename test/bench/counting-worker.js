// The Worker with a meter in front: counts what one call costs in requests to objects, rows, D1
// statements and KV operations, where Cloudflare counts them. Loaded by the benchmark alone.
import gateway, { Account as Counted, Pairing } from "./index.js";

const counts = { object_requests: 0, kv_reads: 0, kv_writes: 0, d1_statements: 0, alarms_set: 0 };
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
      return gateway.fetch(request, metered(env), ctx);
    }
    const ofCalls = cursors.filter(({ copies }) => !copies);
    const answer = Response.json({
      ...counts,
      rows_written: sum(ofCalls, "rowsWritten"),
      rows_read: sum(ofCalls, "rowsRead"),
      object_statements: ofCalls.length,
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
    cursors.push({ cursor, copies: COPIES.test(args[0]) });
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

function meteredStub(stub) {
  return new Proxy(stub, {
    get(target, name) {
      const value = target[name];
      if (typeof value !== "function") return value;
      return (...args) => {
        counts.object_requests++;
        return target[name](...args);
      };
    },
  });
}
