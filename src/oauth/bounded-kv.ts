/** What Workers KV takes for a key. */
const KEY_MAX_BYTES = 512;

/**
 * The OAuth library builds KV keys out of what a stranger sends (a token's parts, a client id). A
 * key that KV cannot hold belongs to nothing, so it reads as absent instead of failing.
 */
export function boundedKv(kv: KVNamespace): KVNamespace {
  const get = kv.get.bind(kv) as (...args: unknown[]) => Promise<unknown>;
  return new Proxy(kv, {
    get(target, property) {
      if (property === "get") {
        return (key: unknown, ...rest: unknown[]) =>
          typeof key === "string" && !fits(key) ? Promise.resolve(null) : get(key, ...rest);
      }
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function fits(key: string): boolean {
  // UTF-8 takes at most three bytes for each UTF-16 unit.
  if (key.length * 3 <= KEY_MAX_BYTES) return true;
  return new TextEncoder().encode(key).byteLength <= KEY_MAX_BYTES;
}
