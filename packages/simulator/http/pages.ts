import type { Simulator } from "../simulator.ts";
import { logIn } from "../state/session.ts";
import { empty, html, type SimAnswer } from "./exchange.ts";

/** What a browser sees: the gateway's root leads to the login page. */
export function loginPage(sim: Simulator, method: string, path: string, body: string): SimAnswer {
  if (path === "/" || path === "") {
    return { ...empty(302), headers: { Location: "/sso/Login?forwardTo=22&RL=1&ip2loc=US" } };
  }
  if (path !== "/sso/Login") return html(404, "Resource not found", "<h1>Resource not found</h1>");
  if (method !== "POST") return html(200, "Client Portal login (simulator)", LOGIN_FORM);
  logIn(sim, new URLSearchParams(body).get("paper") === "on");
  return html(200, "Client Portal login (simulator)", "<p>Client login succeeds</p>");
}

const LOGIN_FORM = `<h1>Client Portal login</h1>
<p>This is a simulator. There is no password, and no broker behind it.</p>
<form method="post" action="/sso/Login?forwardTo=22&amp;RL=1">
<p><label><input type="checkbox" name="paper" checked> Paper trading</label></p>
<p><button type="submit">Log in</button></p>
</form>`;
