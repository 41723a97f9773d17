import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { Hono } from "hono";
import { ICON_512_PATH, ICON_PATH, STYLE_PATH } from "./assets.ts";
import { ICON_180_BASE64, pictureOf } from "./icons.ts";
import { Message, sendPage } from "./page.tsx";
import type { PageEnv } from "./page-env.ts";

/** What browsers and systems ask for under fixed addresses; nothing of an account is in any of it. */
export const staticFileRoutes = new Hono<PageEnv>();

const A_DAY = "public, max-age=86400";
const SECURITY_TXT_LIVES_DAYS = 180;

staticFileRoutes.get("/app.webmanifest", (c) =>
  c.body(MANIFEST, 200, { "Content-Type": "application/manifest+json", "Cache-Control": A_DAY }),
);

staticFileRoutes.get("/apple-touch-icon.png", (c) => c.body(pictureOf(ICON_180_BASE64), 200, PNG));

staticFileRoutes.get("/favicon.ico", (c) => c.body(pictureOf(ICON_180_BASE64), 200, PNG));

staticFileRoutes.get("/service-worker.js", (c) =>
  c.body(SERVICE_WORKER, 200, {
    "Content-Type": "text/javascript; charset=utf-8",
    "Cache-Control": "no-cache",
    // It asks this gateway alone, for what a page would have asked for.
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'",
  }),
);

/** Kept by the service worker and shown where the gateway cannot be reached. */
staticFileRoutes.get("/offline", (c) =>
  sendPage(
    c,
    <Message title="You are offline" tone="warn" back={{ href: "/", label: "Try again" }}>
      <p>
        <strong>Nothing was approved by this page.</strong> This device cannot reach your gateway.
      </p>
      <p>
        What you approved just before may have been sent: look at it when you are online again.
        Orders that are open at the broker stay open.
      </p>
      <p>
        To stop trading now, run <code>{sidecarCommand("kill")}</code> at your PC.
      </p>
    </Message>,
  ),
);

/** RFC 9116. Whom to write to, only whoever runs this gateway can say. */
staticFileRoutes.get("/.well-known/security.txt", (c) => {
  const { securityContact, publicOrigin } = c.get("settings");
  if (securityContact === null) return c.json({ error: "not_found" }, 404);
  const expires = new Date(Date.now() + SECURITY_TXT_LIVES_DAYS * 86_400_000);
  return c.text(
    [
      `Contact: ${securityContact}`,
      `Expires: ${expires.toISOString().slice(0, 10)}T00:00:00.000Z`,
      "Preferred-Languages: en",
      `Canonical: ${publicOrigin}/.well-known/security.txt`,
      "",
    ].join("\n"),
    200,
    { "Cache-Control": A_DAY },
  );
});

const PNG = { "Content-Type": "image/png", "Cache-Control": A_DAY };

const MANIFEST = JSON.stringify({
  id: "/",
  name: "IBKR Edge Gateway",
  short_name: "Gateway",
  description: "Approve or deny what your agents want to trade.",
  start_url: "/",
  scope: "/",
  display: "standalone",
  theme_color: "#0a5f47",
  background_color: "#f4f3ee",
  icons: [
    { src: ICON_PATH, sizes: "any", type: "image/svg+xml" },
    { src: ICON_512_PATH, sizes: "512x512", type: "image/png", purpose: "any" },
    { src: ICON_512_PATH, sizes: "512x512", type: "image/png", purpose: "maskable" },
  ],
  shortcuts: [
    { name: "Approvals", url: "/approvals" },
    { name: "Stop trading", url: "/trading" },
  ],
});

/**
 * Does one thing: where a page cannot be loaded it shows the offline page. It keeps that page and what
 * it loads, and no answer of an account; it never touches a form that is sent. A new version takes
 * over at once, and what the one before kept is removed.
 */
const SERVICE_WORKER = `"use strict";
const KEPT = ["/offline", "${STYLE_PATH}", "${ICON_PATH}"];
const CACHE = "offline-${STYLE_PATH}";
addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(KEPT)).then(() => skipWaiting()));
});
addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
    await clients.claim();
  })());
});
addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(() => caches.match("/offline")));
  } else if (KEPT.includes(new URL(request.url).pathname)) {
    event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
  }
});
`;
