import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fromRoot } from "../../scripts/lib/paths.ts";

/**
 * The sixty ways in which somebody tries to get in, to get more, or to get an order out, by the
 * numbers under which the tests name them. Issue D asks for each of them; this is its table of
 * contents, and nothing here says how a test goes about it.
 */
export const NEGATIVE_LIST: readonly string[] = [
  "every message without a token",
  "what is no token of ours",
  "a token in an address, a form, a cookie",
  "a token past its last second",
  "a token, grant, client or account that was withdrawn",
  "metadata under forged headers",
  "metadata that offers more than it should",
  "an OpenID document that is not there",
  "a write with a token that reads",
  "a broad scope for a narrow call",
  "a redirect that is nearly the registered one",
  "redirects that run code or go unencrypted",
  "names that only look like this machine",
  "loopback ports, paths and names",
  "requests without PKCE",
  "wrong verifiers",
  "a challenge that is stripped, or was never sent",
  "what `state` may carry, and may not",
  "a code used twice, or by twenty at once",
  "a code of another client, address or resource",
  "no resource, two, or a wrong one",
  "a token for another resource",
  "refresh: replay, races, another client, more scopes",
  "tokens at the wrong door",
  "token requests that are not one good form",
  "guessing at the token endpoint",
  "registrations that are too many, too large or in disguise",
  "addresses that are no client's description",
  "a consent given to another client",
  "another browser's sign-in at an identity provider",
  "consent forms that were not this browser's, or were sent before",
  "consent pages in a frame, and more access than the owner chose on them",
  "strangers' text on our pages",
  "session fixation, forged sign-out",
  "answers without their issuer",
  "batches",
  "headers that contradict the body",
  "messages between two eras",
  "methods that are gone",
  "odd ids",
  "web pages of other origins",
  "a foreign Host",
  "bodies too large, too deep, too slow, of a wrong kind",
  "methods of HTTP, and headers of dead sessions",
  "a client that hangs up in the middle of a submit",
  "keys that are extra, double or on the prototype",
  "numbers that are none",
  "letters that look like others",
  "cursors that were changed, or are another's",
  "another owner's things",
  "answers nobody asked for, states nobody minted",
  "an approval used twice, late, after a no",
  "an order that differs from the one signed",
  "an approval's link in other hands",
  "passkey answers with anything wrong in them",
  "words that disguise the order",
  "two owners under the same message id",
  "planted secrets in every sink",
  "commands hidden in the broker's texts",
  "limits, and what was counted at the same instant",
];

export interface NumberedTest {
  number: number;
  file: string;
  name: string;
}

/** A title given to a test or to a group of them. */
const TITLE = /"((?:[^"\\]|\\.)*?\bN\d{1,2}\b(?:[^"\\]|\\.)*?)",\s*(?:async\b|\()/g;
/** Where tests are written; `orders-abuse.ts` holds tests that another file runs. */
const IS_TEST = /(\.test|\/orders-abuse)\.ts$/;
const ROOTS = ["test", "src", "durable-objects", "packages", "sidecar/src", "scripts"];

/** Every test whose name carries a number of the list, by number and then by file. */
export function numberedTests(): NumberedTest[] {
  const found = ROOTS.flatMap((root) =>
    readdirSync(fromRoot(root), { recursive: true, encoding: "utf8" })
      .map((path) => join(root, path))
      .filter((path) => IS_TEST.test(path) && !path.includes("node_modules"))
      .flatMap((file) =>
        titlesIn(readFileSync(fromRoot(file), "utf8")).map((name) => ({ file, name })),
      ),
  );
  return found
    .flatMap(({ file, name }) =>
      [...new Set([...name.matchAll(/\bN(\d{1,2})\b/g)].map(([, digits]) => Number(digits)))].map(
        (number) => ({ number, file, name }),
      ),
    )
    .sort((a, b) => a.number - b.number || a.file.localeCompare(b.file));
}

function titlesIn(source: string): string[] {
  return [...source.matchAll(TITLE)].map(([, name = ""]) => name.replace(/\\"/g, '"'));
}

/** The document: each number, what it stands for, and the tests that hold it. */
export function negativeListDocument(): string {
  const tests = numberedTests();
  const rows = NEGATIVE_LIST.map((what, index) => {
    const number = index + 1;
    const held = tests
      .filter((test) => test.number === number)
      .map(
        ({ file, name }) => `[${shortName(file)}](../${file}) \`${name.replaceAll("|", "\\|")}\``,
      );
    return `| N${number} | ${what} | ${held.join("<br>")} |`;
  });
  return [
    "# The negative list, and the tests that hold it",
    "",
    "What somebody tries, and must not get. Written by the tests themselves:",
    "`UPDATE_DOCS=1 npx vitest run test/contract/negative-list.test.ts`.",
    "",
    "| | what is tried | tests |",
    "|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

const shortName = (file: string): string =>
  file.replace(/^test\//, "").replace(/(\.test)?\.ts$/, "");
