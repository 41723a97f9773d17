/**
 * The `typ` of the tokens that a device key signs: one for each door, so that a token made for one is
 * worth nothing at the other.
 */
export const DEVICE_TOKEN = {
  /** The WebSocket upgrade of the relay, in its `Authorization` header. */
  upgrade: "ibkr-upgrade+jwt",
  /** `session.open`. */
  open: "ibkr-relay+jwt",
  /** `POST /recovery`. */
  recovery: "ibkr-recovery+jwt",
  /** `POST /use-this-pc`. */
  use: "ibkr-use+jwt",
  /** `POST /leave`. */
  leave: "ibkr-leave+jwt",
  /** `POST /audit-export`. */
  auditExport: "ibkr-audit-export+jwt",
} as const;

export type DeviceTokenType = (typeof DEVICE_TOKEN)[keyof typeof DEVICE_TOKEN];
