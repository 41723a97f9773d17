import type { Context } from "hono";
import type { AskedElsewhere } from "../../durable-objects/account/rpc/approval-page-types.ts";
import { Message, sendPage } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";

/** The other way to confirm: on a page of the owner's own, which this gateway does not serve. */
export function OnApprovalPage(props: {
  action: string;
  fields: Readonly<Record<string, string>>;
}) {
  return (
    <form class="card" method="post" action={props.action}>
      {Object.entries(props.fields).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <p class="soft">Or confirm it on your own approval page, which this gateway cannot change.</p>
      <div class="actions">
        <button class="quiet" type="submit">
          Ask on my own page
        </button>
      </div>
    </form>
  );
}

export function askedElsewhere(c: Context<PageEnv>, asked: AskedElsewhere) {
  const back = { href: "/trading", label: "Back" };
  return sendPage(
    c,
    asked.ok ? (
      <Message title="It waits on your own page" owner={c.get("owner")} back={back}>
        <p>Confirm it there within ten minutes. Until then nothing changes.</p>
      </Message>
    ) : (
      <Message title="It was not asked" owner={c.get("owner")} back={back}>
        <p>{asked.detail}</p>
      </Message>
    ),
    asked.ok ? {} : { status: 409 },
  );
}
