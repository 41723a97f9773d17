import { type Check, fail, pass, unknown } from "../check.ts";

export const sidecarOnlineCheck: Check = {
  number: 3,
  name: "sidecar-online",
  code: "SIDECAR_UNAVAILABLE",
  stage: "state",
  scope: "always",
  means: "The sidecar on the owner's PC is connected.",
  evaluate({ snapshot }) {
    const online = snapshot.edge.sidecar_online;
    if (online === null) return unknown("The sidecar's presence");
    return online
      ? pass({ source: "relay" })
      : fail("The sidecar is not connected.", { source: "relay" });
  },
};
