import ts from "typescript";
import type { SourceFile } from "./sql-in-tables.ts";

/** A verb that one end of an RPC calls at the other: a public method or getter of such a class. */
export interface RpcVerb {
  readonly path: string;
  readonly line: number;
  /** `OwnerOrders.approveOrder`. */
  readonly name: string;
  /** The comment above it, without its marks; empty where there is none. */
  readonly doc: string;
  /** The type of its answer as it is written. */
  readonly answer: string;
}

/** What the platform calls, or what nobody calls by RPC. */
const PLATFORM: ReadonlySet<string> = new Set([
  "fetch",
  "alarm",
  "webSocketMessage",
  "webSocketClose",
  "webSocketError",
]);
const BASES: ReadonlySet<string> = new Set(["RpcTarget", "DurableObject"]);

/** Every verb of the classes in a file that extend `RpcTarget` or `DurableObject`. */
export function rpcVerbs({ path, text }: SourceFile): RpcVerb[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const isRpc = (node: ts.ClassDeclaration): boolean =>
    (node.heritageClauses ?? []).some(({ types }) =>
      types.some(({ expression }) => BASES.has(expression.getText(source))),
    );
  return source.statements
    .filter(ts.isClassDeclaration)
    .filter(isRpc)
    .flatMap((declared) =>
      declared.members.flatMap((member): RpcVerb[] => {
        if (!ts.isMethodDeclaration(member) && !ts.isGetAccessorDeclaration(member)) return [];
        if (ts.isPrivateIdentifier(member.name)) return [];
        const name = member.name.getText(source);
        if (PLATFORM.has(name)) return [];
        const { line } = source.getLineAndCharacterOfPosition(member.getStart(source));
        const answer = member.type?.getText(source) ?? "";
        const verb = `${declared.name?.text ?? ""}.${name}`;
        return [{ path, line: line + 1, name: verb, doc: docOf(member, source), answer }];
      }),
    );
}

function docOf(node: ts.Node, source: ts.SourceFile): string {
  const ranges = ts.getLeadingCommentRanges(source.text, node.getFullStart()) ?? [];
  const text = ranges.map(({ pos, end }) => source.text.slice(pos, end)).at(-1) ?? "";
  if (!text.startsWith("/**")) return "";
  return text
    .replace(/^\/\*\*|\*\/$|^\s*\* ?/gm, "")
    .replace(/\s+/g, " ")
    .trim();
}

/**
 * What a caller has to know and the comment does not say: what the verb does at all, and what an
 * answer that is null, or true or false, means.
 */
export function unsaid({ doc, answer }: Pick<RpcVerb, "doc" | "answer">): string[] {
  if (doc === "") return ["has no doc comment"];
  const lacks: string[] = [];
  if (answer === "") lacks.push("does not write down the type of its answer");
  if (/\| null\b/.test(topLevel(answer)) && !/\bnull\b/i.test(doc)) {
    lacks.push("does not say when it answers null");
  }
  if (/\bboolean\b/.test(topLevel(answer)) && !/\b(true|false|whether)\b/i.test(doc)) {
    lacks.push("does not say when it answers true or false");
  }
  return lacks;
}

/** The type without what stands inside braces: null in a field is that type's own comment's part. */
const topLevel = (type: string): string => {
  let text = type;
  while (/\{[^{}]*\}/.test(text)) text = text.replace(/\{[^{}]*\}/g, "");
  return text;
};
