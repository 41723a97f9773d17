import { type Check, fail, OFF, pass, unknown } from "../check.ts";

export const previewFreshCheck: Check = {
  number: 55,
  name: "preview-fresh",
  code: "PREVIEW_EXPIRED",
  stage: "behaviour",
  scope: "orders",
  means: "The preview has not expired and its broker session still runs.",
  evaluate({ snapshot, figures }) {
    if (snapshot.phase === "preview") return OFF;
    const { preview, session } = snapshot.edge;
    if (preview === null) return unknown("The preview");
    const measured = { limit: preview.expires_at, source: "gateway.previews" };
    if (!(figures.nowMs < Date.parse(preview.expires_at))) {
      return fail(
        `The preview was good until ${preview.expires_at}, and it is ${snapshot.now} now; ask for a new one.`,
        { ...measured, observed: snapshot.now },
      );
    }
    if (session === null || session.generation === null) return unknown("The broker session");
    return session.generation === preview.generation
      ? pass(measured)
      : fail(
          `The broker session is another one since the preview: it was number ${preview.generation} and is number ${session.generation} now.`,
          measured,
        );
  },
};
