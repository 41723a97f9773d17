import type { Client } from "@modelcontextprotocol/client";
import type { Access } from "../sdk/access.ts";
import { callError } from "../sdk/call-error.ts";
import { type Connection, openConnection } from "../sdk/connection.ts";

/** How long a gateway may take to answer at all before it counts as away. */
const CONNECT_MAX_MS = 10_000;
/** A gateway that is away is not asked again at every call. */
const AGAIN_AFTER_MS = 2_000;

/** The way to the gateway: made when it is needed, and made anew after it broke. */
export interface Upstream {
  /** Throws an IbkrError where the gateway cannot be reached. */
  client(): Promise<Client>;
  /** The next call connects anew. */
  drop(): void;
  close(): Promise<void>;
}

export function upstream(
  resource: string,
  access: Access,
  headers: () => Record<string, string> = () => ({}),
): Upstream {
  let open: Promise<Connection> | null = null;
  let failed: { error: unknown; at: number } | null = null;

  return {
    async client() {
      if (failed !== null && performance.now() - failed.at < AGAIN_AFTER_MS) throw failed.error;
      open ??= openConnection(resource, access, { timeoutMs: CONNECT_MAX_MS, headers: headers() });
      try {
        const { client } = await open;
        failed = null;
        return client;
      } catch (thrown) {
        open = null;
        const error = callError(thrown, false);
        failed = { error, at: performance.now() };
        throw error;
      }
    },
    drop() {
      const old = open;
      open = null;
      void old?.then((connection) => connection.close()).catch(() => {});
    },
    async close() {
      const old = open;
      open = null;
      await old?.then((connection) => connection.close()).catch(() => {});
    },
  };
}
