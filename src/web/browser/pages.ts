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
// For the offline page; a browser that has no service workers lacks that page alone.
if (main !== null && "serviceWorker" in navigator) {
  addEventListener("load", () => {
    navigator.serviceWorker.register("/service-worker.js").catch(() => undefined);
  });
}
