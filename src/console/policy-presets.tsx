import type { PolicyDocument } from "@ibkr-edge-gateway/policy/document.ts";
import { type ExampleOrders, exampleOrders } from "@ibkr-edge-gateway/policy/example-orders.ts";
import {
  PRESETS,
  type Preset,
  presetPolicy,
  withPreset,
} from "@ibkr-edge-gateway/policy/presets.ts";
import { compareRestriction } from "@ibkr-edge-gateway/policy/restriction.ts";

/** Limits to choose from in one step, each with an order that passes and one that does not. */
const SAID: Record<Preset, { name: string; sentence: string }> = {
  careful: {
    name: "Careful",
    sentence: "Half of Usual, for the day only; protective stops stay.",
  },
  usual: { name: "Usual", sentence: "How every account starts: small orders." },
};

export function Presets(props: { document: PolicyDocument; now: Date }) {
  const { document, now } = props;
  const inForce = PRESETS.find((one) => isInForce(document, one)) ?? null;
  return (
    <div class="grid presets">
      {PRESETS.map((preset) => (
        <section class="card">
          <Name name={SAID[preset].name} inForce={preset === inForce} />
          <p class="small">{SAID[preset].sentence}</p>
          <Examples examples={ofPreset(preset, document.mode, now)} />
          {preset !== inForce && (
            <p class="choose">
              <a
                class="button quiet"
                href={`/trading/policy?account=${document.account_id}&preset=${preset}`}
                aria-label={`Use ${SAID[preset].name}`}
              >
                Use
              </a>
            </p>
          )}
        </section>
      ))}
      <section class="card">
        <Name name="Own" inForce={inForce === null} />
        <p class="small">Your own limits, one by one, below.</p>
        {inForce === null && <Examples examples={exampleOrders(document, now.toISOString())} />}
      </section>
    </div>
  );
}

/** The preset from which the fewest limits differ, and which do, by path. */
export function nearestPreset(document: PolicyDocument): { name: string; differs: Set<string> } {
  const near = PRESETS.map((preset) => {
    const plain = presetPolicy(preset, document.account_id, document.mode);
    const { changes } = compareRestriction(plain, document);
    return { name: SAID[preset].name, differs: new Set(changes.map(({ field }) => field)) };
  });
  // Of equals the usual one.
  return near.reduce((best, one) => (one.differs.size <= best.differs.size ? one : best));
}

const isInForce = (document: PolicyDocument, preset: Preset): boolean =>
  compareRestriction(withPreset(document, preset), document).changes.length === 0;

function Name({ name, inForce }: { name: string; inForce: boolean }) {
  return (
    <header>
      <h2>{name}</h2>
      {inForce && <span class="tag ok">In force</span>}
    </header>
  );
}

function Examples({ examples: { passes, refused } }: { examples: ExampleOrders }) {
  return (
    <>
      <p class="small">
        <span class="state ok">Passes</span>{" "}
        {passes === null ? "Nothing" : sharesFor(passes.quantity, passes.value)}
      </p>
      {refused !== null && (
        <p class="small">
          <span class="state bad">Refused</span> {sharesFor(refused.quantity, refused.value)}:{" "}
          <span class="soft">{refused.why}</span>
        </p>
      )}
    </>
  );
}

const sharesFor = (quantity: number, value: number): string =>
  `Buy ${quantity.toLocaleString("en-US")} for ${value.toLocaleString("en-US")}`;

/** A preset has no end and no lists: its example is the same for every account and at every moment. */
const known = new Map<string, ExampleOrders>();

function ofPreset(preset: Preset, mode: PolicyDocument["mode"], now: Date): ExampleOrders {
  const key = `${preset} ${mode}`;
  const found =
    known.get(key) ?? exampleOrders(presetPolicy(preset, "example", mode), now.toISOString());
  known.set(key, found);
  return found;
}
