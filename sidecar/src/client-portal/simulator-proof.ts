import { connect, type TLSSocket } from "node:tls";
import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import {
  OPEN_AROUND_THE_CLOCK,
  SIMULATOR_ORGANIZATION,
} from "@ibkr-edge-gateway/protocol/simulator-mark.ts";
import type { GatewayAddress } from "./address.ts";
import { LIMITS } from "./limits.ts";

/** What a PC paired for the simulator says when something else answers. */
export const NOT_SIMULATOR =
  "--simulated serves the simulator alone, and what answers there is not the simulator";

/** Whether the peer shows the simulator's certificate; no broker's gateway has one like it. */
export function isSimulator(socket: TLSSocket): boolean {
  return socket.getPeerCertificate().subject?.O === SIMULATOR_ORGANIZATION;
}

/** What the simulator's certificate says of its market hours; false for any other peer. */
export function isOpenAroundTheClock(socket: TLSSocket): boolean {
  return isSimulator(socket) && socket.getPeerCertificate().subject.OU === OPEN_AROUND_THE_CLOCK;
}

/**
 * A handshake and nothing more. Where nobody listens yet nothing is proved and nothing is refused:
 * each later connection has to prove it again.
 * @throws GatewayError INPUT_INVALID when something other than the simulator listens.
 */
export async function proveSimulator(address: GatewayAddress): Promise<void> {
  const refused = new GatewayError(failure("INPUT_INVALID", NOT_SIMULATOR));
  // The simulator speaks TLS; in clear nothing can be proved.
  if (!address.tls) throw refused;
  const proved = await new Promise<boolean | null>((resolve) => {
    const socket = connect({ host: address.host, port: address.port, rejectUnauthorized: false });
    socket.setTimeout(LIMITS.connectTimeoutMs, () => socket.destroy());
    socket.once("secureConnect", () => {
      resolve(isSimulator(socket));
      socket.destroy();
    });
    socket.once("error", () => resolve(null));
    socket.once("close", () => resolve(null));
  });
  if (proved === false) throw refused;
}
