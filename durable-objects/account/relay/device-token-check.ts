import {
  CLOCK_TOLERANCE_SECONDS,
  OPEN_TOKEN_MAX_SECONDS,
} from "@ibkr-edge-gateway/protocol/limits.ts";
import type { DeviceTokenType } from "@ibkr-edge-gateway/protocol/relay/device-token.ts";
import type { TokenVerdict } from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import { errors, importJWK, jwtVerify } from "jose";
import { cursorOf } from "./tables/event-cursors.ts";
import { findSidecar } from "./tables/sidecars.ts";
import { takeToken } from "./tables/used-tokens.ts";

/**
 * A token by the device key, for the door that `typ` names: an EdDSA JWT for
 * this gateway's origin, at most 60 s long and usable once. It names the sidecar; that the device is there now is proved by the
 * challenge that follows, so a PC's clock may be off by minutes.
 */
export async function checkDeviceToken(
  sql: SqlStorage,
  typ: DeviceTokenType,
  request: { token: string; principal: string; journalId: string },
  { origin, now }: { origin: string; now: () => number },
): Promise<TokenVerdict> {
  const sidecar = findSidecar(sql, request.principal);
  if (sidecar === null) return refused("this sidecar is not paired here");
  let claims: Awaited<ReturnType<typeof jwtVerify>>["payload"];
  try {
    const key = await importJWK({ kty: "OKP", crv: "Ed25519", x: sidecar.publicKey }, "EdDSA");
    const verified = await jwtVerify(request.token, key, {
      algorithms: ["EdDSA"],
      audience: origin,
      subject: sidecar.sidecarId,
      typ,
      requiredClaims: ["iat", "exp", "jti"],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(now()),
    });
    claims = verified.payload;
  } catch (error) {
    return refused(
      error instanceof errors.JWTExpired
        ? "the token has expired; is this PC's clock right?"
        : "the token is not valid",
    );
  }
  const { iat, exp, jti } = claims;
  if (iat === undefined || exp === undefined || jti === undefined || jti.length > 64) {
    return refused("the token is not valid");
  }
  const seconds = now() / 1000;
  if (exp - iat > OPEN_TOKEN_MAX_SECONDS || iat > seconds + CLOCK_TOLERANCE_SECONDS) {
    return refused("the token's times are not valid; is this PC's clock right?");
  }
  // Looked at again after the await: the owner may have revoked it meanwhile.
  const standing = findSidecar(sql, request.principal);
  if (standing?.publicKey !== sidecar.publicKey) return refused("the token is not valid");
  if (!takeToken(sql, jti, (exp + CLOCK_TOLERANCE_SECONDS) * 1000, now())) {
    return refused("the token was used already");
  }
  if (standing.state === "revoked") {
    return {
      ok: false,
      code: "LEASE_REVOKED",
      message: "the owner revoked this sidecar; pair it again",
      verdict: "revoked",
      sidecarId: standing.sidecarId,
    };
  }
  return {
    ok: true,
    known: {
      sidecarId: standing.sidecarId,
      publicKey: standing.publicKey,
      granted: standing.capabilities,
      cursor: cursorOf(sql, standing.sidecarId, request.journalId),
    },
  };
}

function refused(message: string): TokenVerdict {
  return { ok: false, code: "UNAUTHENTICATED", message, verdict: "unauthenticated" };
}
