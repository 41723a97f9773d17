import type { Context } from "hono";
import type { Child } from "hono/jsx";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { ICON_PATH, SCRIPT_PATH, STYLE_PATH } from "./assets.ts";
import { AttentionBanner } from "./attention-banner.tsx";
import type { PageEnv } from "./page-env.ts";
import { contentSecurityPolicy } from "./page-headers.ts";
import { relativeTime } from "./relative-time.ts";
import type { Owner } from "./signed-in-owner.ts";

const ROOMS = [
  ["/", "Overview"],
  ["/approvals", "Approvals"],
  ["/orders", "Orders"],
  ["/trading", "Trading"],
  ["/mandates", "Mandates"],
  ["/sidecars", "Sidecars"],
  ["/clients", "Clients"],
  ["/audit", "Audit"],
  ["/security", "Security"],
] as const;

export interface PageProps {
  title: string;
  /** Signed in: the navigation and the way out are shown. */
  owner?: Owner;
  /** Path of the room this page belongs to. */
  room?: string;
  /** One column, for a form that wants all the attention. */
  narrow?: boolean;
  /** Narrow, without the navigation: one decision, on one screen of a phone. */
  sheet?: boolean;
  /**
   * Path of this very page, which may be read again at any time: reading it decides and stores
   * nothing. It is then kept up to date while it is open: as a whole, or in its `parts`, each a
   * {@link Live}.
   */
  live?: string;
  parts?: boolean;
  /** How often it is read again without being told of a change, in seconds; once a minute if absent. */
  rereadSeconds?: number;
  children?: Child;
}

/** The sheet of a request need not say that one waits. */
const isElsewhere = ({ kind }: { kind: string }): boolean => kind !== "approval";

const REREAD_SECONDS = 60;

export function Page({
  title,
  owner,
  room,
  narrow,
  sheet,
  live,
  parts,
  rereadSeconds,
  children,
}: PageProps) {
  const now = new Date();
  const waiting = owner?.attention.find((one) => one.kind === "approval");
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>
          {`${waiting === undefined ? "" : `(${waiting.count}) `}${title} · IBKR Edge Gateway`}
        </title>
        <link rel="icon" href={ICON_PATH} type="image/svg+xml" />
        <link rel="apple-touch-icon" href="/apple-touch-icon.png" />
        <link rel="manifest" href="/app.webmanifest" />
        <meta name="theme-color" content="#0a5f47" />
        <link rel="stylesheet" href={STYLE_PATH} />
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <header class="top">
          <div>
            <div class="bar">
              <a class="brand" href="/">
                <Mark />
                Edge Gateway
              </a>
              {owner && (
                <form class="leave inline" method="post" action="/sign-out">
                  <input type="hidden" name="csrf" value={owner.session.csrf} />
                  <button class="link" type="submit">
                    Sign out
                  </button>
                </form>
              )}
            </div>
            {owner && sheet !== true && (
              <nav aria-label="Pages">
                <ul>
                  {ROOMS.map(([path, name]) => (
                    <li>
                      <a href={path} {...(path === room ? { "aria-current": "page" } : {})}>
                        {name}
                      </a>
                    </li>
                  ))}
                </ul>
              </nav>
            )}
          </div>
        </header>
        <main
          id="main"
          tabindex={-1}
          class={sheet ? "narrow sheet" : narrow ? "narrow" : ""}
          {...(owner === undefined
            ? {}
            : {
                "data-from": live ?? `/attention?room=${encodeURIComponent(room ?? "")}`,
                "data-change": String(owner.change),
                "data-now": now.toISOString(),
                "data-reread": String(rereadSeconds ?? REREAD_SECONDS),
              })}
        >
          {owner && (
            <>
              <p class="note warn" data-connection role="status" hidden />
              <Live name="attention" announced>
                <AttentionBanner
                  attention={sheet ? owner.attention.filter(isElsewhere) : owner.attention}
                  room={room}
                  now={now}
                />
              </Live>
            </>
          )}
          {live === undefined || parts ? children : <Live name="page">{children}</Live>}
        </main>
        <footer>
          <p>
            Unofficial. Not affiliated with Interactive Brokers.
            {owner === undefined && " Your broker session and keys stay on your own PC."}
          </p>
        </footer>
      </body>
    </html>
  );
}

/**
 * A part of a page that is kept up to date while the page is open; everything of it may be replaced
 * by what the same part says later. `announced`: a screen reader says what is new in it.
 */
export function Live(props: { name: string; announced?: boolean; children?: Child }) {
  return (
    <div
      class="live"
      data-live={props.name}
      {...(props.announced === true ? { "aria-live": "polite" } : {})}
    >
      {props.children}
    </div>
  );
}

function Mark() {
  return (
    <svg width="28" height="28" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" fill="#0a5f47" />
      <path
        d="M8 20.5h4.5L15 12l3.5 12 2.5-7h3"
        fill="none"
        stroke="#fff"
        stroke-width="2.4"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}

export interface SendOptions {
  status?: ContentfulStatusCode;
  headers?: Headers | Record<string, string>;
  /** The page has a form that a passkey answers, for which the pages' own script is needed. */
  script?: boolean;
  /** An origin that a form on this page is redirected to afterwards (the consent page's client). */
  formTarget?: string;
}

/** Sends a page. Everything on it is private: nothing may keep it. */
const NEEDS_SCRIPT = /<code class="(?:copy|command)[ "]|<main [^>]*data-from="/;
const SCRIPT_TAG = `<script src="${SCRIPT_PATH}" defer></script>`;

export async function sendPage(
  c: Context<PageEnv>,
  page: ReturnType<typeof Page>,
  { status = 200, headers, script, formTarget }: SendOptions = {},
): Promise<Response> {
  const given = new Headers(headers);
  for (const cookie of given.getSetCookie()) c.header("Set-Cookie", cookie, { append: true });
  given.delete("Set-Cookie");
  for (const [name, value] of given) c.header(name, value);
  const html = `<!doctype html>${await page.toString()}`;
  // Text from elsewhere is escaped, so only the pages' own markup can ask for the script.
  const runs = script === true || NEEDS_SCRIPT.test(html);
  c.header("Content-Security-Policy", contentSecurityPolicy({ script: runs, formTarget }));
  const { build } = c.get("settings");
  const said = html.replace("</footer>", `<p>Build <code>${build}</code></p></footer>`);
  return c.html(runs ? said.replace("</head>", `${SCRIPT_TAG}</head>`) : said, status);
}

/** A page that says one thing and where to go from there. */
export function Message(props: {
  title: string;
  tone?: "bad" | "warn" | "ok";
  children?: Child;
  owner?: Owner;
  back?: { href: string; label: string };
}) {
  const {
    title,
    tone = "bad",
    children,
    owner,
    back = { href: "/", label: "Go to the overview" },
  } = props;
  return (
    <Page title={title} narrow {...(owner ? { owner } : {})}>
      <h1>{title}</h1>
      <div class={`note ${tone}`} role={tone === "bad" ? "alert" : "status"}>
        {children}
      </div>
      <p>
        <a href={back.href}>{back.label}</a>
      </p>
    </Page>
  );
}

/** A moment, said as a relativeTime from now and, for those who look closer, in UTC. */
export function When({ at, now }: { at: string; now: Date }) {
  return (
    <time datetime={at} title={at.replace("T", " ").replace(/\.\d+Z$/, " UTC")}>
      {relativeTime(Date.parse(at) - now.getTime())}
    </time>
  );
}
