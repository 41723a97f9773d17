import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { BAD_INPUT, BAD_INPUT_ITEMS } from "./bad-input.ts";

/**
 * What is promised of orders, line by line, and the tests that hold each line, by their names. The
 * document is written from this list, and a name that no test bears fails the run.
 */
export interface Held {
  /** As the line is called elsewhere: `(a)`, `S4`. */
  id: string;
  must: string;
  tests: readonly string[];
}

const ALWAYS: Held[] = [
  {
    id: "1",
    must: "One idempotency key, at most one broker order, whatever crashes, drops, repeats or races",
    tests: [
      "two hundred parallel submits of one key make one order, and every caller hears of it",
      "two hundred parallel submits of one approval make one order",
      "whatever happens in whatever order, an account's orders keep their promises",
      "under kills between any two effects, faults of every kind, and repeats",
      "by replaying a job under a new id, at once, later, and after a restart",
      "whatever was pruned, no approval and no request under its key places a second order (seed 20261120)",
    ],
  },
  {
    id: "2",
    must: "No order without its audit leaf, no leaf without its cause",
    tests: [
      "of an approved order goes out once, with its leaf, its key, its reservation and a job the sidecar takes",
      "whatever happens in whatever order, an account's orders keep their promises",
      "a filled order is told to the client as filled, with its leaves",
      "an order with %s alerts, once however often it is seen",
      "changes nothing: not a row, not a leaf",
    ],
  },
  {
    id: "3",
    must: "No sequence of calls passes a limit; two parallel calls cannot both take the last unit",
    tests: [
      "take three from $limit and no more, and an exit passes all the same",
      "two hundred parallel orders against a limit of three lets three out",
      "ask for no more approvals in an hour than clients.max_approvals_per_hour allows",
      "whatever happens in whatever order, an account's orders keep their promises",
      "parallel submits never pass a limit",
    ],
  },
  {
    id: "4",
    must: "No exit is blocked by an entry rule",
    tests: [
      "pass while %s, which refuses an entry",
      "pass while any of these fail together (seed 20261120)",
      "pass while every single fact is unknown, but those without which nothing can be sent",
      "and cancels pass while any of these fail together, and while everything about orders does",
      "pass an engaged switch that refuses the very next entry",
      "pass for an agent that was narrowed, as far as it still has the authority",
      "is no reason to hold back an exit: the caps say off, or cannot be read",
    ],
  },
  {
    id: "5",
    must: "An edge that lies about an approval places nothing",
    tests: [
      "with an approval it signed itself",
      "with the owner's signature over another statement: a sign-in, an older order",
      "without any approval",
      "by changing a field and computing hash and reference anew for it",
      "by swapping the ticket under the approval for one of another preview",
      "by enrolling a key: an approval it signs stays one by a key nobody enrolled",
      "by lifting the kill switch: there is no such operation",
    ],
  },
  {
    id: "6",
    must: "Engaged means engaged: no submit that starts after the switch commits reaches the broker",
    tests: [
      "engaged means engaged: an approved order is refused, a cancel passes, only the passkey lifts it",
      "blocks the very next submit, and lets an exit through",
      "stops what was let out and has not left",
      "engaged while the connection is being made still stops the order before its first byte",
    ],
  },
];

const NETS: Held[] = [
  {
    id: "loss",
    must: "A breached loss limit stops entries by itself, once; only the owner lifts it",
    tests: [
      "stops entries by itself, lets exits out, tells the owner, and is lifted by the passkey alone",
      "beyond the hard limit: the switch is engaged once, with cause, alert and leaf, and only the owner lifts it",
      "beyond the soft limit: exits only for the rest of the day, also when the loss is made good",
      "a fall from the peak halts as the hard limit does",
      "is noticed without anybody asking for an order, while the account trades that day",
      "an unknown result stops nothing and is no zero: entries are denied, exits and cancels pass",
    ],
  },
  {
    id: "errors",
    must: "A row of failed or unproved orders stops entries by itself",
    tests: [
      "so many in a row, refused or unknown, and not one fewer",
      "one that is taken ends the row; what the PC never had is none of it",
      "after the owner lifted it, only what fails from then on counts",
    ],
  },
  {
    id: "audit",
    must: "A log that is not copied stops entries by itself",
    tests: ["once for one outage, for every account, with exits and cancels passing"],
  },
  {
    id: "book",
    must: "Every order in the broker's book has its intent, its approval and its leaf, or alerts",
    tests: [
      "an order with its intent, its yes and its leaf is explained; one placed elsewhere is foreign",
      "an order with %s alerts, once however often it is seen",
      "is made on every reconnect and once a night, and not in between",
    ],
  },
  {
    id: "orphans",
    must: "A write whose waiter is gone is settled, and never sent again",
    tests: [
      "is settled by the alarm half a minute later and not before, as unknown, and the owner is told",
      "takes the answer that was stored meanwhile",
      "whose frame never left gives its approval back",
    ],
  },
  {
    id: "policy",
    must: "Tightening holds at once, loosening after a day or a passkey",
    tests: [
      "takes effect after its day and not a moment before; a tighter one at once, for approved orders too",
      "is undone by a tightening that comes before its day",
    ],
  },
  {
    id: "alerts",
    must: "What the owner must look at reaches the console, the webhook and the ntfy topic",
    tests: [
      "a question of the broker's waits for the owner",
      "a position stands without its protection",
      "the outcome of an order is unknown",
      "the broker session is lost while orders are open",
      "while orders are open is told to the owner after five minutes, once, and not when nothing is open",
      "the kill switch at the PC was engaged",
      "what the gateway itself noticed is told in its name, with no control characters",
    ],
  },
  {
    id: "kept",
    must: "What is long over leaves the account's object; what still means something does not",
    tests: [
      "ended orders go by age with their keys, approvals and previews; the latest twenty stay",
      "an order that has not ended stays for ever, with its key and its approval",
      "a filled entry stays as long as one of its exits lives, or nobody can tell",
    ],
  },
];

const ACCEPTANCE: Held[] = [
  [
    "(a)",
    "Two submits at once with one approval: one broker call",
    [
      "(a) submitted two hundred times at once makes one order",
      "two hundred parallel submits of one approval make one order",
    ],
  ],
  [
    "(b)",
    "A drop after sending: unknown, approval held, found by reference, no second send",
    [
      "S4 (b): sent and then %s is unknown, found by its reference and never sent again",
      "an outcome nobody can prove is looked for, never sent again, and resolved",
    ],
  ],
  [
    "(c)",
    "Kill engaged: submit refused, cancel allowed",
    ["(c) stops entries and changes; cancels and reducing exits pass; the edge cannot lift it"],
  ],
  [
    "(d)",
    "A broker question is shown and nothing is sent until it is confirmed",
    [
      "S8 (d): nobody accepted is shown to the owner and, unanswered, declined; nothing is placed",
      "(d) is confirmed by the owner's passkey over that very question",
    ],
  ],
  [
    "(e)",
    "Bracket children carry the parent's id; a refused entry leaves no exits",
    [
      "(e) goes out in one POST, its exits tied to the entry's reference and with none of their own",
      "(e) whose entry is refused leaves no exits and no alarm of a missing one",
    ],
  ],
  [
    "(f)",
    "A heartbeat older than 45 s: unavailable",
    ["(f) 45 s of silence are dead on both ends, and the writes under way survive it"],
  ],
  [
    "(g)",
    "A replayed relay frame is rejected",
    [
      "(g) an event that comes twice is applied once and acknowledged again",
      "(g) a token shown before opens nothing, also after the object was restarted",
    ],
  ],
  [
    "(h)",
    "A revoked pairing loses its live socket",
    ["(h) a revoked sidecar's live socket is closed at once, and it does not come back"],
  ],
  [
    "(i)",
    "Deleting the last audit rows is detected",
    [
      "(i) shows at the next event that the last ones of the copy were deleted, and copies nothing over the hole",
    ],
  ],
  [
    "(j)",
    "An official MCP client lists and calls every tool under strict schemas",
    ["(j) calls every tool, down to the simulated broker and back"],
  ],
  [
    "(k)",
    "Recorded replies of the broker decode for each endpoint",
    ["(k) the decoders read the recorded answers", "is there to be read"],
  ],
  [
    "(l)",
    "Tokens of an external issuer: allowed algorithms and keys accepted, anything else refused",
    [
      "(l) work with every algorithm that was allowed",
      "(l) are nothing when anything is not exactly as configured",
      "are fetched again for a key that is not among them, as often as the cooldown allows",
      "may use a token for an order once; for reads as often as it likes",
    ],
  ],
  [
    "(m)",
    "The requester cannot approve",
    [
      "(m) by letting the requester answer for the owner: a tool's words are no signature",
      "the requester cannot approve: a bearer token opens no approval page, a look decides nothing",
    ],
  ],
  [
    "(n)",
    "A token is of no use in another's account",
    [
      "(n) a bearer token is of no use on any of them",
      "(n) every tool, called by his client with whatever of hers it takes, shows nothing of hers",
    ],
  ],
  [
    "(o)",
    "A paper order reaches the broker",
    [
      "(o) is previewed, approved, sent once on a connection of its own, and working once it is seen",
    ],
  ],
  [
    "(p)",
    "10,000 audit rows: a page costs the same",
    ["(p) costs the same for a page at ten thousand events as at a hundred: seeks, no scan"],
  ],
].map(([id, must, tests]) => ({
  id: String(id),
  must: String(must),
  tests: [tests].flat(2).map(String),
}));

const SCENARIOS: Held[] = [
  [
    "S1",
    "Cold start: no trading before the session is established and primed",
    "S1: is not ready before it is established and primed",
  ],
  [
    "S2",
    "A rival: taken over by nobody",
    "S2: a rival is never pushed aside: no further init, and the words to say so",
  ],
  [
    "S3",
    "Midnight reset with a working GTC and an open question",
    "S3: after the nightly reset and a new login, the working order is found again under a new generation",
    "S3: open at the nightly reset lapses; a working GTC order is found again and not sent again",
  ],
  [
    "S4",
    "503 on place, though applied",
    "S4 (b): sent and then %s is unknown, found by its reference and never sent again",
  ],
  [
    "S5",
    "Place dropped on the way",
    "S5: dropped on the way stays in doubt for a quiet period, blocks entries beside it and no exit",
  ],
  [
    "S6",
    "Reset during a reply in a chain of questions",
    "S6: lost in the middle of a chain leaves the order in doubt, and it is not sent again",
  ],
  [
    "S7",
    "Two agents submit at once",
    "S7: keeps its lane; another order waits, is refused, and never voids it",
    "two different orders at once are sent one after the other",
  ],
  [
    "S8",
    "Unknown question, or changed text",
    "S8 (d): nobody accepted is shown to the owner and, unanswered, declined; nothing is placed",
    "S8: under a known id with another wording is not confirmed",
  ],
  [
    "S9",
    "Bracket parent live, its stop refused",
    "S9: whose stop was refused raises an alarm within seconds, and the cancel it offers works",
  ],
  [
    "S10",
    "Cancel against fill; IOC filled in part",
    "S10: that loses the race reports the fill",
    "S10: an immediate order filled in part ends cancelled with its fill",
  ],
  [
    "S11",
    "429",
    "S11: a 429 silences everything for 15 minutes, and answers come with their age",
    "a cancel by the %s goes through, an agent's is told when, and nothing else is sent",
  ],
  [
    "S12",
    "The stream is silent while an order fills",
    "S12: a fill while the line is silent is found within a minute and told once",
  ],
  [
    "S13",
    "Paper to live on the same port",
    "S13: another user on the same port ends the generation at once, and the mode with it",
    "after the user switched from paper to live on the same port (S13)",
  ],
  [
    "S14",
    "Answer: duplicate cOID",
    "S14: 'already registered' is no success; the order is looked up by its reference",
  ],
  [
    "S15",
    "Empty, truncated or HTML 200",
    "S15: %s is never a success",
    "S15: %s is a typed failure, never a figure",
  ],
  [
    "S16",
    "7.5 hours of failing inits",
    "S16: failing inits for 7.5 hours stay within the budget, restarts included",
  ],
  [
    "S17",
    "30 snapshots in a closed market",
    "S17: thirty quotes of a closed market: codes, no zeros, and the lines are given back",
  ],
  [
    "S18",
    "Positions lag after a fill",
    "S18: cash and positions that disagree after a fill are marked as settling",
  ],
  [
    "S19",
    "The certificate changes",
    "S19: another certificate stops everything until the owner trusts it",
  ],
  [
    "S20",
    "An order placed on the phone",
    "S20: an order placed on the phone is told, and shown as foreign",
    "S20: is shown as foreign, counted, and not cancelled without an approval of its own",
  ],
].map(([id = "", must = "", ...tests]) => ({ id, must, tests }));

const BAD: Held[] = BAD_INPUT_ITEMS.map((item) => ({
  id: item,
  must: [
    ...new Set(
      BAD_INPUT.filter((row) => row.item === item).map(
        ({ code, field }) => `\`${code}\` naming \`${field}\``,
      ),
    ),
  ].join("; "),
  tests: ["$item: $code, naming $field, nothing sent, an event in the log"],
}));

export const SECTIONS: readonly { title: string; rows: readonly Held[] }[] = [
  { title: "What must hold, always", rows: ALWAYS },
  { title: "Safety nets", rows: NETS },
  { title: "Acceptance (a) to (p)", rows: ACCEPTANCE },
  { title: "Broker scenarios S1 to S20", rows: SCENARIOS },
  { title: "Bad input", rows: BAD },
];

/** Where each test's name stands, by the name. */
export function testFiles(): { path: string; source: string }[] {
  return ["src", "durable-objects", "packages", "sidecar/src", "test"].flatMap((root) =>
    readdirSync(fromRoot(root), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".test.ts"))
      .map((name) => join(root, name))
      .sort()
      .map((path) => ({ path, source: readFileSync(fromRoot(path), "utf8") })),
  );
}

/** The files in which a test, or a group of tests, bears exactly this name. */
export function bearing(
  files: readonly { path: string; source: string }[],
  name: string,
): string[] {
  return files.filter(({ source }) => source.includes(`"${name}"`)).map(({ path }) => path);
}

export function orderGuaranteesDocument(): string {
  const files = testFiles();
  const cell = (name: string) => {
    const paths = bearing(files, name);
    const link = (path: string) =>
      `[${path.split("/").at(-1)?.replace(".test.ts", "")}](../${path})`;
    return `${name.replaceAll("|", "\\|")} (${paths.map(link).join(", ")})`;
  };
  const sections = SECTIONS.map(
    ({ title, rows }) =>
      `## ${title}\n\n| | what | held by |\n|---|---|---|\n${rows
        .map(({ id, must, tests }) => `| ${id} | ${must} | ${tests.map(cell).join("<br>")} |`)
        .join("\n")}\n`,
  );
  return [
    "# What is promised of orders, and the test that holds each line\n",
    "Written from `test/support/order-guarantees.ts`: `UPDATE_DOCS=1 npx vitest run test/contract/order-guarantees-list.test.ts`. A name that no test bears fails the run. Whatever is listed under bad input is refused by code and field, sends nothing, and leaves an event in the log.\n",
    ...sections,
  ].join("\n");
}
