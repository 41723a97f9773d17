import type { TLSSocket } from "node:tls";
import type { GatewayAddress } from "./address.ts";
import type { CertificatePins } from "./certificate-pin.ts";
import { type Clock, isoTime } from "./clock.ts";
import { isOpenAroundTheClock, isSimulator } from "./simulator-proof.ts";

export interface PeerCheckOptions {
  address: GatewayAddress;
  pins: CertificatePins;
  clock: Clock;
  /** Called once for each certificate that is trusted for the first time. */
  onFirstUse(sha256: string): void;
  /**
   * Talks to the simulator alone: told of each connection that is not proved to be its, and of one
   * that is, whether its markets are open around the clock.
   */
  onlySimulator?: { refused(): void; proved(openAroundTheClock: boolean): void };
}

/** Not the peer that this PC trusts. */
export class CertificateChanged extends Error {}

/** Compares a TLS peer with the pinned certificate; null when it may be talked to. */
export type PeerCheck = (socket: TLSSocket) => Error | null;

export function createPeerCheck(options: PeerCheckOptions): PeerCheck {
  const { address, pins, clock, onlySimulator } = options;
  return (socket) => {
    const seen = socket.getPeerCertificate().fingerprint256;
    if (typeof seen !== "string" || seen === "") return new CertificateChanged("no certificate");
    if (onlySimulator !== undefined && !isSimulator(socket)) {
      onlySimulator.refused();
      return new CertificateChanged("not the simulator's certificate");
    }
    onlySimulator?.proved(isOpenAroundTheClock(socket));
    let pinned: string | null;
    try {
      pinned = pins.get(address.origin);
      if (pinned === null) {
        pins.set(address.origin, seen, isoTime(clock.now()));
        options.onFirstUse(seen);
        return null;
      }
    } catch {
      // A pin that cannot be read, or kept, trusts nobody.
      return new CertificateChanged("the pinned certificate cannot be read");
    }
    return pinned === seen
      ? null
      : new CertificateChanged("certificate differs from the pinned one");
  };
}
