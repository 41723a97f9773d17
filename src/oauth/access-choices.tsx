import { ACCESS_CHOICES, type AccessChoiceId } from "@ibkr-edge-gateway/protocol/access-choices.ts";
import { SCOPES, type Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import type { LiveNeed } from "./live-needs.ts";
import { ScopeChoices } from "./scope-choices.tsx";

/** What a form of these choices may say; `each` stands for the single permissions. */
export type Chosen = AccessChoiceId | "asked" | "each";

/**
 * The choices as cards, one of them chosen, and every single permission below. What is ticked there
 * counts only where the owner chose to pick: so a card means what it says, also without a script.
 */
export function AccessChoices(props: {
  chosen: Chosen;
  /** Ticked among the single permissions. */
  ticked: readonly string[];
  live: readonly LiveNeed[];
  /** Words beside a choice: "has this now", "asked for". */
  tags?: Partial<Record<AccessChoiceId, string>>;
  /** What the client asked for by name, where that is less than any choice gives. */
  askedOnly?: readonly Scope[];
  /** Reads that it asked for by name and that come with every choice. */
  askedBeside?: readonly Scope[];
}) {
  const { chosen, ticked, live, tags = {}, askedOnly = [], askedBeside = [] } = props;
  const missing = live.filter(({ met }) => !met);
  return (
    <fieldset>
      <legend>What it may do</legend>
      {ACCESS_CHOICES.map(({ id, title, means }) => (
        <label class="choice">
          <input
            type="radio"
            name="choice"
            value={id}
            checked={chosen === id}
            disabled={id === "live" && missing.length > 0 && chosen !== "live"}
          />
          <strong>
            {title} {tags[id] !== undefined && <span class="tag">{tags[id]}</span>}
          </strong>
          <span class="hint">
            {means}
            {id === "live" && <LiveNeeds missing={missing} />}
          </span>
        </label>
      ))}
      {askedOnly.length > 0 && (
        <label class="choice">
          <input type="radio" name="choice" value="asked" checked={chosen === "asked"} />
          <strong>Only what it asks for</strong>
          <span class="hint">{askedOnly.map((scope) => SCOPES[scope].means).join("; ")}.</span>
        </label>
      )}
      {askedBeside.length > 0 && (
        <p class="small">
          It also asks to: {askedBeside.map((scope) => SCOPES[scope].means).join("; ")}. That comes
          with each choice above.
        </p>
      )}
      <details open={chosen === "each"}>
        <summary>Pick single permissions</summary>
        <label class="choice">
          <input type="radio" name="choice" value="each" checked={chosen === "each"} />
          <strong>Exactly what is ticked here</strong>
        </label>
        <ScopeChoices ticked={ticked} />
      </details>
    </fieldset>
  );
}

/** What stands before the live account. */
export function LiveNeeds({ missing }: { missing: readonly LiveNeed[] }) {
  if (missing.length === 0) {
    return " Live orders are still refused until you switch them on at your PC and under Trading.";
  }
  return (
    <>
      {" First it needs "}
      {missing.map(({ what, href }, index) => (
        <>
          {index > 0 && " and "}
          <a href={href}>{what}</a>
        </>
      ))}
      .
    </>
  );
}
