import { createMiddleware } from "hono/factory";
import { readForm } from "./form.ts";
import type { PageEnv } from "./page-env.ts";
import { sameSecret } from "./same-secret.ts";

/**
 * Reads a signed-in owner's form and checks that it came from a page of theirs. Comes after
 * `requireOwner`; the handler finds the fields at `c.get("form")`.
 */
export const ownerForm = createMiddleware<PageEnv & { Variables: { form: URLSearchParams } }>(
  async (c, next) => {
    const form = await readForm(c);
    if (form === null || !sameSecret(form.get("csrf") ?? "", c.get("owner").session.csrf)) {
      return c.redirect("/", 303);
    }
    c.set("form", form);
    return next();
  },
);
