import type { Child } from "hono/jsx";
import type { PolicyView } from "../../durable-objects/account/rpc/order-views.ts";
import type { Owner } from "../web/signed-in-owner.ts";
import { fieldsOf, fieldText, type PolicyField, type Problems } from "./policy-fields.ts";
import { nearestPreset } from "./policy-presets.tsx";
import { policyWords, sentence } from "./policy-words.ts";

/** What came back with what was typed, to be corrected. */
export interface Returned {
  form: URLSearchParams;
  problems: Problems;
}

/**
 * The limits as a form. What the owner made different from the nearest preset stands open; everything
 * else is folded, by kind, and opens where something typed cannot be taken.
 */
export function PolicyForm(props: { view: PolicyView; owner: Owner; returned: Returned | null }) {
  const { view, owner, returned } = props;
  const fields = fieldsOf(view.document);
  const { name, differs } = nearestPreset(view.document);
  const own = fields.filter(({ path }) => differs.has(path));
  const rest = fields.filter(({ path }) => !differs.has(path));
  const sections = [...new Set(rest.map(({ section }) => section))];
  const first = fields.find(({ path }) => returned?.problems.has(path))?.path;
  const isWrong = ({ path }: PolicyField) => returned?.problems.has(path) === true;
  const row = (field: PolicyField) => (
    <Row field={field} returned={returned} focus={field.path === first} />
  );
  return (
    <form class="card limits" method="post" action="/trading/policy">
      <input type="hidden" name="csrf" value={owner.session.csrf} />
      <input type="hidden" name="account" value={view.brokerAccount} />
      {own.length > 0 && (
        <fieldset>
          <legend>Different from {name}</legend>
          {own.map(row)}
        </fieldset>
      )}
      <details data-all-limits {...(rest.some(isWrong) ? { open: true } : {})}>
        <summary>
          {own.length === 0 ? "All" : "The other"} {rest.length} limits
        </summary>
        <div data-search hidden>
          <label class="field" for="find-limit">
            Find a limit
            <input id="find-limit" type="text" maxlength={60} autocomplete="off" />
          </label>
          <p class="small soft" role="status" data-found />
        </div>
        <p class="small soft">
          Amounts are in the account's base currency. Empty means no limit. Separate the words of a
          list by commas.
        </p>
        {sections.map((section) => (
          <Section
            title={SECTIONS[section] ?? sentence(section)}
            open={rest.some((field) => field.section === section && isWrong(field))}
          >
            {rest.filter((field) => field.section === section).map(row)}
          </Section>
        ))}
      </details>
      <div class="actions">
        <button type="submit">See what changes</button>
        <a class="button quiet" href="/trading">
          Cancel
        </a>
      </div>
    </form>
  );
}

/** Says above the form how many fields are wrong, each a link to its field. */
export function ProblemList({ problems }: { problems: Problems }) {
  return (
    <div class="note bad" role="alert">
      <h2>{problems.size === 1 ? "One limit cannot be taken" : "Some limits cannot be taken"}</h2>
      <ul>
        {[...problems].map(([path, problem]) => (
          <li>
            <a href={`#limit-${path}`}>{policyWords(path)}</a>: {problem}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Section(props: { title: string; open: boolean; children: Child }) {
  return (
    <details data-section {...(props.open ? { open: true } : {})}>
      <summary>{props.title}</summary>
      {props.children}
    </details>
  );
}

function Row(props: { field: PolicyField; returned: Returned | null; focus: boolean }) {
  const { returned, focus } = props;
  const { path, value } = props.field;
  const typed = returned?.form.get(path) ?? null;
  if (typeof value === "boolean") {
    return (
      <label class="choice" data-limit>
        <input
          type="checkbox"
          name={path}
          value="yes"
          checked={returned === null ? value : typed === "yes"}
        />
        <span>{policyWords(path)}</span>
      </label>
    );
  }
  const problem = returned?.problems.get(path);
  const id = `limit-${path}`;
  return (
    <div class="limit" data-limit>
      <label class="field" for={id}>
        {policyWords(path)}
      </label>
      {problem !== undefined && (
        <p class="problem" id={`${id}-problem`}>
          {problem}
        </p>
      )}
      <input
        id={id}
        type="text"
        name={path}
        value={typed ?? fieldText(path, value)}
        maxlength={2000}
        autocomplete="off"
        {...(problem === undefined
          ? {}
          : { "aria-invalid": "true", "aria-describedby": `${id}-problem` })}
        {...(focus ? { autofocus: true } : {})}
      />
    </div>
  );
}

const SECTIONS: Record<string, string> = {
  state: "Clocks and windows",
  clients: "Agents",
  form: "Kinds of order",
  instruments: "Instruments",
  options: "Options",
  data: "Quotes and prices",
  order: "One order",
  cumulative: "Counted over time",
  portfolio: "Portfolio",
  behaviour: "Losses and repetition",
  tiers: "How much approval",
};
