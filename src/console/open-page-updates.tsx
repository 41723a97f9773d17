import { Hono } from "hono";
import { LIVE_PATH, SESSION_HEADER } from "../../durable-objects/account/rpc/open-pages-path.ts";
import { accountExists } from "../../durable-objects/d1/tables/accounts.ts";
import { ownerCookie, requireOwner } from "../owner/owner-session.ts";
import { Page, sendPage } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";

/** How an open page learns of changes; the script that does is src/web/browser/open-page-updates.ts. */
export const liveRoutes = new Hono<PageEnv>();

/**
 * A page's WebSocket. It says that something changed, and never what. The object looks at the session
 * itself: a capability of the owner's would live as long as this request, which is as long as the page
 * is open, and the object could not sleep.
 */
liveRoutes.get("/live", async (c) => {
  const named = ownerCookie(c);
  if (named === null || !(await accountExists(c.env.DB, named.accountId))) {
    return c.text("sign in first\n", 401);
  }
  if (c.req.header("Upgrade")?.toLowerCase() !== "websocket") {
    return c.text("for the pages of this gateway\n", 426);
  }
  // A page elsewhere may not listen, though the browser would send the cookie along.
  const { publicOrigin } = c.get("settings");
  if (c.req.header("Origin") !== publicOrigin) return c.text("not for other pages\n", 403);
  const { webSocket, status } = await c.env.ACCOUNT.getByName(named.accountId).fetch(
    new Request(`${publicOrigin}${LIVE_PATH}`, {
      headers: { Upgrade: "websocket", [SESSION_HEADER]: named.secret },
    }),
  );
  if (webSocket === null) return c.text("not now\n", status === 401 ? 401 : 503);
  return new Response(null, { status: 101, webSocket });
});

/** What waits for the owner, alone: for pages that are not read again as a whole. */
liveRoutes.get("/attention", requireOwner, async (c) => {
  const room = c.req.query("room") ?? "";
  return sendPage(c, <Page title="What waits for you" owner={c.get("owner")} room={room} narrow />);
});
