import type { TLSSocket } from "node:tls";
import { buildConnector } from "undici";
import type { GatewayAddress } from "./address.ts";
import { LIMITS } from "./limits.ts";
import type { PeerCheck } from "./peer-check.ts";

/** Right before the first byte the caller said no, or there is no connection to say yes to. */
export class NotHandedOver extends Error {
  /** What `send` throws in its place. */
  readonly reason: unknown;

  constructor(reason: unknown) {
    super("not handed over");
    this.reason = reason;
  }
}

/** Dials the gateway; every TLS connection is checked before it is handed over. */
export function checkedDial(
  address: GatewayAddress,
  verifyPeer: PeerCheck,
): buildConnector.connector {
  const dial = buildConnector({
    // Self-signed by nature; identity is the pin's business, checked below on every connection.
    rejectUnauthorized: false,
    maxCachedSessions: 0,
    timeout: LIMITS.connectTimeoutMs,
    allowH2: false,
  });
  return (target, callback) => {
    dial(target, (...outcome) => {
      const [error, socket] = outcome;
      if (error !== null) {
        callback(error, null);
        return;
      }
      const refusal = address.tls ? verifyPeer(socket as TLSSocket) : null;
      if (refusal !== null) {
        socket.destroy();
        callback(refusal, null);
        return;
      }
      callback(null, socket);
    });
  };
}

/** A dial of its own that asks once more before it hands the connection over, and only once. */
export function dialWithLastLook(
  dial: buildConnector.connector,
  on: {
    /** What it throws ends the request with it. */
    look(): void;
    handedOver(): void;
    /** What ends the request when a second connection would be needed. */
    lost(): Error;
  },
): buildConnector.connector {
  let dialled = false;
  return (target, callback) => {
    if (dialled) {
      callback(new NotHandedOver(on.lost()), null);
      return;
    }
    dialled = true;
    dial(target, (...outcome) => {
      const [error, socket] = outcome;
      if (error !== null) {
        callback(error, null);
        return;
      }
      try {
        on.look();
      } catch (reason) {
        socket.destroy();
        callback(new NotHandedOver(reason), null);
        return;
      }
      on.handedOver();
      callback(null, socket);
    });
  };
}
