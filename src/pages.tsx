import { Hono } from "hono";
import { csrf } from "hono/csrf";
import { HTTPException } from "hono/http-exception";
import { requestId as requestIds } from "hono/request-id";
import { isSessionEnded } from "../durable-objects/account/rpc/session-ended.ts";
import { isVersionSkew } from "../durable-objects/account/rpc/version-skew.ts";
import { approvalPageRoutes } from "./approval-page/routes.ts";
import { auditLogRoutes } from "./audit/routes.ts";
import { consoleRoutes } from "./console/routes.tsx";
import { healthRoutes } from "./health.ts";
import { consentRoutes } from "./oauth/consent.tsx";
import { confirmRoutes } from "./owner/confirm.tsx";
import { oidcRoutes } from "./owner/oidc-routes.tsx";
import { recoverRoutes } from "./owner/recover.tsx";
import { signInRoutes } from "./owner/sign-in.tsx";
import { signUpRoutes } from "./owner/sign-up.tsx";
import { relayRoutes } from "./relay/routes.ts";
import type { Settings } from "./web/env.ts";
import { log } from "./web/log.ts";
import type { Oidc } from "./web/oidc.ts";
import { Message, sendPage } from "./web/page.tsx";
import type { PageEnv } from "./web/page-env.ts";
import { pageHeaders } from "./web/page-headers.ts";
import { requestId } from "./web/request-id.ts";
import { pageOfSentForm } from "./web/routes.ts";
import { staticFileRoutes } from "./web/static-files.tsx";

/**
 * Everything that is not OAuth's own or behind a token: the relay's entrance and that of the owner's own
 * page (no pages here, so before the pages' headers), the health checks, sign-in, consent, console.
 */
export function pages(settings: Settings, oidc: Oidc | null): Hono<PageEnv> {
  const app = new Hono<PageEnv>();
  // The one that the request got at the door; what a caller calls it is nobody's concern.
  app.use(requestIds({ headerName: "", generator: (c) => requestId(c.req.raw) }));
  app.route("/", relayRoutes);
  app.route("/", auditLogRoutes);
  app.route("/", approvalPageRoutes);
  app.use(async (c, next) => {
    c.set("settings", settings);
    c.set("oidc", oidc);
    c.set("again", async (request) => app.fetch(request, c.env, c.executionCtx));
    await next();
  });
  app.use(pageHeaders);
  app.use(async (c, next) => {
    const page = c.req.method === "GET" ? pageOfSentForm(c.req.path) : null;
    return page === null ? next() : c.redirect(page, 303);
  });
  app.use(csrf({ origin: settings.publicOrigin }));
  app.route("/", healthRoutes);
  app.route("/", staticFileRoutes);
  app.route("/", signInRoutes);
  app.route("/", oidcRoutes);
  app.route("/", recoverRoutes);
  app.route("/", signUpRoutes);
  app.route("/", confirmRoutes);
  app.route("/", consentRoutes);
  app.route("/", consoleRoutes);

  app.notFound((c) => {
    if (c.req.path.startsWith("/.well-known/")) return c.json({ error: "not_found" }, 404);
    return sendPage(
      c,
      <Message title="There is no such page" tone="warn">
        <p>The address may have been mistyped.</p>
      </Message>,
      { status: 404 },
    );
  });

  app.onError((error, c) => {
    const id = c.get("requestId");
    if (error instanceof HTTPException) return error.getResponse();
    if (isSessionEnded(error)) {
      return sendPage(
        c,
        <Message title="You are signed out" back={{ href: "/sign-in", label: "Sign in" }}>
          <p>Your session ended meanwhile. Sign in, and look what was done before you go on.</p>
        </Message>,
        { status: 403 },
      );
    }
    if (isVersionSkew(error)) {
      log("warn", "page.version_skew", { request_id: id, path: c.req.path });
      return sendPage(
        c,
        <Message title="The gateway is being updated" tone="warn">
          <p>One part of it is newer than another for a moment. Try again in a minute.</p>
        </Message>,
        { status: 503, headers: { "Retry-After": "60" } },
      );
    }
    log("error", "page.failed", { request_id: id, path: c.req.path, error: error.name });
    return sendPage(
      c,
      <Message title="Something failed here">
        <p>
          It was logged as <code>{id}</code>. Nothing was changed that this page did not say.
        </p>
      </Message>,
      { status: 500 },
    );
  });
  return app;
}
