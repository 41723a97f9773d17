import { writeBrowserScript } from "./lib/browser-script.ts";

/** `npm run browser-script`: makes the pages' script anew after its source changed. */
export function main(): Promise<void> {
  return writeBrowserScript();
}
