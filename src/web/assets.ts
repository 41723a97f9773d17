import { sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import { ICON_512_BASE64, pictureOf } from "./icons.ts";
import { PASSKEY_SCRIPT } from "./passkey-script.generated.ts";
import { STYLE } from "./style.ts";

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#0a5f47"/><path d="M8 20.5h4.5L15 12l3.5 12 2.5-7h3" fill="none" stroke="#fff" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"/></svg>`;

/** A content's hash is in its name, so that it may be cached for good. */
const named = (name: string, content: string, extension: string) =>
  `/assets/${name}-${sha256Hex(content).slice(0, 12)}.${extension}`;

export const STYLE_PATH = named("style", STYLE, "css");
export const SCRIPT_PATH = named("passkey", PASSKEY_SCRIPT, "js");
export const ICON_PATH = named("icon", ICON, "svg");
export const ICON_512_PATH = named("icon", ICON_512_BASE64, "png");

/** What the pages load, by path. */
export const ASSETS: readonly {
  path: string;
  type: string;
  content: string | Uint8Array<ArrayBuffer>;
}[] = [
  { path: STYLE_PATH, type: "text/css; charset=utf-8", content: STYLE },
  { path: SCRIPT_PATH, type: "text/javascript; charset=utf-8", content: PASSKEY_SCRIPT },
  { path: ICON_PATH, type: "image/svg+xml", content: ICON },
  { path: ICON_512_PATH, type: "image/png", content: pictureOf(ICON_512_BASE64) },
];
