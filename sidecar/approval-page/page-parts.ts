import type { EnrolmentCode } from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";
import type { Api } from "./api.ts";
import type { CeremonyParts } from "./ceremony.ts";
import type { Keeper } from "./kept-in-browser.ts";

/** What the page works with. */
export interface PageParts extends CeremonyParts {
  api: Api;
  keeper: Keeper;
  /** From the address; its token is the PC's own page's and is kept in memory alone. */
  token: string | null;
  code: EnrolmentCode | null;
}
