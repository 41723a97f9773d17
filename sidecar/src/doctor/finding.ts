/** What one layer looks like, and the one thing to do about it. */
export interface Finding {
  layer:
    | "disk"
    | "pairing"
    | "gateway URL"
    | "clock"
    | "audit log"
    | "port"
    | "TLS"
    | "single sign-on"
    | "brokerage"
    | "rival"
    | "broker's answers";
  verdict: "ok" | "wrong" | "unknown";
  says: string;
  next_step: string | null;
}

export const ok = (layer: Finding["layer"], says: string): Finding => ({
  layer,
  verdict: "ok",
  says,
  next_step: null,
});

export const wrong = (layer: Finding["layer"], says: string, nextStep: string): Finding => ({
  layer,
  verdict: "wrong",
  says,
  next_step: nextStep,
});

export const unknown = (layer: Finding["layer"], says: string): Finding => ({
  layer,
  verdict: "unknown",
  says,
  next_step: null,
});
