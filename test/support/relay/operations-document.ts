import * as approvalProof from "@ibkr-edge-gateway/protocol/approval/approval-proof.ts";
import * as mandate from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import * as assertion from "@ibkr-edge-gateway/protocol/approval/webauthn-assertion.ts";
import * as contracts from "@ibkr-edge-gateway/protocol/operation-schemas/contracts-search.ts";
import { EVENT_PAYLOADS } from "@ibkr-edge-gateway/protocol/operation-schemas/event-payloads.ts";
import * as executions from "@ibkr-edge-gateway/protocol/operation-schemas/executions-list.ts";
import * as fieldTypes from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import * as orderParts from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import * as orders from "@ibkr-edge-gateway/protocol/operation-schemas/orders-list.ts";
import * as ownBook from "@ibkr-edge-gateway/protocol/operation-schemas/own-book.ts";
import { OPERATIONS } from "@ibkr-edge-gateway/protocol/operation-schemas/registry.ts";
import * as canonicalOrder from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import * as intent from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import * as orderRefusal from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import * as orderState from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import * as ticket from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import * as jobMessages from "@ibkr-edge-gateway/protocol/relay/job-messages.ts";
import { FROM_EDGE, FROM_SIDECAR } from "@ibkr-edge-gateway/protocol/relay/messages.ts";
import * as z from "zod";

const SCHEMAS = "#/$defs/";
/** Where zod puts what several schemas share. */
const SHARED = "__shared#/$defs/";

/**
 * docs/relay-operations.json: everything that a gateway may ask a sidecar, what a sidecar tells, and
 * every frame's payload, as JSON Schema 2020-12 made from the schemas that both ends check with.
 * A part that several share stands once, in `$defs`.
 */
export function relayOperationsDocument(): string {
  const registry = registryOfParts();
  const add = (id: string, schema: z.ZodType) => {
    // One schema under two names: the second refers to the first.
    const known = registry.get(schema)?.id;
    if (known === undefined) registry.add(schema, { id });
    return { $ref: `${SCHEMAS}${known ?? id}` };
  };
  const operations = Object.values(OPERATIONS).map((operation) => ({
    name: operation.name,
    class: operation.class,
    capability: operation.capability,
    also_under: "alsoUnder" in operation ? operation.alsoUnder : null,
    deadline_ms: operation.deadlineMs,
    input: add(`${operation.name}.input`, operation.input),
    result: add(`${operation.name}.result`, operation.output),
  }));
  const events = Object.entries(EVENT_PAYLOADS).flatMap(([type, payloads]) =>
    Object.entries(payloads).map(([name, schema]) => ({
      type,
      name,
      payload: add(`${type}.${name}`, schema),
    })),
  );
  const framesOf = (catalogue: Readonly<Record<string, z.ZodType>>) =>
    Object.entries(catalogue)
      .filter(([type]) => !type.startsWith("broker."))
      .map(([type, schema]) => ({ type, payload: add(`frame.${type}`, schema) }));
  const frames = { from_sidecar: framesOf(FROM_SIDECAR), from_edge: framesOf(FROM_EDGE) };
  const document = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "What an ibkr-edge-gateway asks a sidecar, and what a sidecar tells",
    about:
      "Made from packages/protocol by UPDATE_DOCS=1 vitest run scripts/relay-operations.test.ts. The relay's rules are in relay-protocol.md.",
    operations,
    events,
    frames,
    $defs: schemasOf(registry),
  };
  return linewise(document);
}

/** One line for each item of each member, so that a change shows as a few lines. */
function linewise(document: object): string {
  const members = Object.entries(document).map(([name, value]) => {
    const named = `${JSON.stringify(name)}: `;
    if (typeof value === "string") return named + JSON.stringify(value);
    if (Array.isArray(value))
      return `${named}[\n${lines(value.map((item) => JSON.stringify(item)))}\n ]`;
    const items = Object.entries(value).map(
      ([key, item]) => `${JSON.stringify(key)}: ${JSON.stringify(item)}`,
    );
    return `${named}{\n${lines(items)}\n }`;
  });
  return `{\n${members.map((member) => ` ${member}`).join(",\n")}\n}\n`;
}

const lines = (items: readonly string[]) => items.map((item) => `  ${item}`).join(",\n");

/** The parts with a name of their own; each stands once, under the name that the code gives it. */
const PARTS: readonly object[] = [
  approvalProof,
  assertion,
  mandate,
  canonicalOrder,
  intent,
  orderRefusal,
  orderState,
  ticket,
  contracts,
  executions,
  fieldTypes,
  orderParts,
  orders,
  ownBook,
  jobMessages,
];

function registryOfParts(): z.core.$ZodRegistry<{ id?: string }> {
  const registry = z.registry<{ id?: string }>();
  for (const module of PARTS) {
    for (const [name, value] of Object.entries(module)) {
      if (value instanceof z.ZodType && !registry.has(value)) registry.add(value, { id: name });
    }
  }
  return registry;
}

function schemasOf(registry: ReturnType<typeof registryOfParts>): object {
  const { schemas } = z.toJSONSchema(registry, {
    uri: (id) => `${SCHEMAS}${id}`,
    unrepresentable: "any",
    // As the frame has it: what the reader puts in by itself may be left out.
    io: "input",
    override: ({ zodSchema, jsonSchema }) => {
      // An older word is read as the present one; these are the present ones.
      if (zodSchema === orderRefusal.OrderRefusalCode) {
        jsonSchema.enum = [...orderRefusal.ORDER_REFUSAL_CODES];
      }
    },
  });
  const text = JSON.stringify(schemas, (key, value) =>
    key === "$schema" || key === "$id" ? undefined : value,
  );
  return JSON.parse(text.replaceAll(`${SCHEMAS}${SHARED}`, `${SCHEMAS}__shared/$defs/`));
}
