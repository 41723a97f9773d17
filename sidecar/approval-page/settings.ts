import { PageSettings } from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";

/** Where the page stands, as the browser says it. */
export interface PagePlace {
  /** The relying party: the page's own host. */
  rpId: string;
  origin: string;
}

/** What the PC filled into this file; null where it was not filled in, or is damaged. */
export function readSettings(text: string | null | undefined): PageSettings | null {
  try {
    const parsed = PageSettings.safeParse(JSON.parse(text ?? ""));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Served by the PC itself: it speaks to its own origin and to no gateway. */
export const isAtPc = ({ edge }: PageSettings): boolean => edge === "";

/** Where the three addresses are. */
export const apiOrigin = (settings: PageSettings, place: PagePlace): string =>
  isAtPc(settings) ? place.origin : settings.edge;
