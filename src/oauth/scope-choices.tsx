import { ALL_SCOPES, SCOPES, type Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";

type Tier = (typeof SCOPES)[Scope]["tier"];

const TIERS: { tier: Tier; title: string; hint?: string }[] = [
  { tier: "read", title: "Read" },
  { tier: "preview", title: "Prepare orders" },
  { tier: "paper", title: "Paper account", hint: "No real money." },
  { tier: "live", title: "Live account", hint: "Real money. Tick only what you want used." },
];

/** Every single permission with its meaning, to be ticked. */
export function ScopeChoices({ ticked }: { ticked: readonly string[] }) {
  return (
    <>
      {TIERS.map(({ tier, title, hint }) => (
        <fieldset>
          <legend>
            {title} {hint && <span class="hint">{hint}</span>}
          </legend>
          {ALL_SCOPES.filter((scope) => SCOPES[scope].tier === tier).map((scope) => (
            <label class="choice">
              <input type="checkbox" name="scope" value={scope} checked={ticked.includes(scope)} />
              <span>{SCOPES[scope].means}</span>
              <code>{scope}</code>
            </label>
          ))}
        </fieldset>
      ))}
    </>
  );
}
