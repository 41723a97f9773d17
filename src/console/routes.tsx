import { Hono } from "hono";
import { auditRoutes } from "./audit.tsx";
import { clientsRoutes } from "./clients.tsx";
import type { PageEnv } from "./context.ts";
import { overviewRoutes } from "./overview.tsx";
import { pairRoutes } from "./pair.tsx";
import { sidecarsRoutes } from "./sidecars.tsx";
import { ICON, ICON_PATH, STYLE, STYLE_PATH } from "./style.ts";

const FOR_GOOD = "public, max-age=31536000, immutable";

/** The owner's web pages. */
export const consoleRoutes = new Hono<PageEnv>();

consoleRoutes.get(STYLE_PATH, (c) =>
  c.body(STYLE, 200, { "Content-Type": "text/css; charset=utf-8", "Cache-Control": FOR_GOOD }),
);
consoleRoutes.get(ICON_PATH, (c) =>
  c.body(ICON, 200, { "Content-Type": "image/svg+xml", "Cache-Control": FOR_GOOD }),
);
consoleRoutes.route("/", overviewRoutes);
consoleRoutes.route("/", pairRoutes);
consoleRoutes.route("/", sidecarsRoutes);
consoleRoutes.route("/", clientsRoutes);
consoleRoutes.route("/", auditRoutes);
