import { addCopyButtons } from "./copy.ts";
import { wireLimitSearch } from "./find-limit.ts";
import { keepLive } from "./open-page-updates.ts";
import { wirePasskeys } from "./passkey.ts";

/** The only script of the pages; each works without it, passkeys excepted. */
function bringToLife(part: ParentNode): void {
  addCopyButtons(part);
  wirePasskeys(part);
}

const main = document.querySelector<HTMLElement>("main[data-from]");
if (main !== null) keepLive(main, bringToLife);
bringToLife(document);
wireLimitSearch(document);
