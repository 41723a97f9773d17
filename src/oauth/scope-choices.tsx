import { ALL_SCOPES, SCOPES, type Scope } from "../protocol/scopes.ts";

type Tier = (typeof SCOPES)[Scope]["tier"];

const TIERS: { tier: Tier; title: string; hint?: string }[] = [
  { tier: "read", title: "Read" },
  { tier: "preview", title: "Prepare orders" },
  { tier: "paper", title: "Paper account", hint: "No real money." },
  { tier: "live", title: "Live account", hint: "Real money. Tick only what you want used." },
];

/**
 * Scopes with their meaning, to be ticked. On the consent page reads are ticked and everything else
 * waits for the owner; elsewhere `ticked` says what is.
 */
export function ScopeChoices({ scopes, ticked }: { scopes: Scope[]; ticked?: readonly string[] }) {
  const ordered = ALL_SCOPES.filter((scope) => scopes.includes(scope));
  return (
    <>
      {TIERS.map(({ tier, title, hint }) => {
        const group = ordered.filter((scope) => SCOPES[scope].tier === tier);
        if (group.length === 0) return null;
        return (
          <fieldset>
            <legend>
              {title} {hint && <span class="hint">{hint}</span>}
            </legend>
            {group.map((scope) => (
              <label class="choice">
                <input
                  type="checkbox"
                  name="scope"
                  value={scope}
                  checked={ticked === undefined ? tier === "read" : ticked.includes(scope)}
                />
                <span>{SCOPES[scope].means}</span>
                <code>{scope}</code>
              </label>
            ))}
          </fieldset>
        );
      })}
    </>
  );
}
