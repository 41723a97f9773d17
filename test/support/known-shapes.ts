import { globSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { startBench } from "@ibkr-edge-gateway/simulator/testing/client.ts";
import { FIELD_IDS, VOLUME_SHOWN } from "../../sidecar/src/client-portal/endpoints/quotes.ts";
import { countUnread } from "../../sidecar/src/client-portal/unreadable-values.ts";
import { parseWireJson } from "../../sidecar/src/client-portal/wire-json.ts";
import { kindOf } from "../../sidecar/src/field-report/form.ts";
import {
  type Learnt,
  REPORT_CALLS,
  type ReportCall,
  templateOf,
} from "../../sidecar/src/field-report/report-calls.ts";
import { asRecord, readExtract } from "./openapi.ts";
import { tour } from "./simulator-tour.ts";

/**
 * Makes sidecar/src/field-report/known-shapes.json: what every known answer to a call of the field report
 * has at each place, from the recorded answers and from the simulator's. Whether our readers read a place is
 * tried out: put there what nobody can read, and see whether they complain.
 */
export const KNOWN_SHAPES = resolve(
  import.meta.dirname,
  "../../sidecar/src/field-report/known-shapes.json",
);
const RECORDED = resolve(import.meta.dirname, "../fixtures/cpapi");

/** Where the keys are the owner's or the market's: accounts, currencies, symbols, sectors, dates. */
const MAPS: Readonly<Record<string, readonly string[]>> = {
  "GET /iserver/accounts": ["/acctProps", "/aliases", "/chartPeriods"],
  "GET /portfolio/{account}/ledger": [""],
  "GET /portfolio/{account}/allocation": [
    "/assetClass/long",
    "/assetClass/short",
    "/group/long",
    "/group/short",
    "/sector/long",
    "/sector/short",
  ],
  "GET /iserver/account/pnl/partitioned": ["/upnl"],
  "GET /trsrv/futures": [""],
  "GET /contract/trading-schedule": ["/schedules"],
};

/** What neither a recording nor the tour holds, and the documents and our readers know of. */
const DOCUMENTED: readonly Sample[] = [
  {
    template: "GET /iserver/account/pnl/partitioned",
    text: JSON.stringify({
      upnl: { any: { rowType: 1, dpl: 1.5, nl: 1.5, upl: 1.5, uel: 1.5, el: 1.5, mv: 1.5 } },
    }),
  },
  {
    template: "GET /iserver/marketdata/snapshot",
    text: JSON.stringify([
      Object.fromEntries(
        [...Object.values(FIELD_IDS), VOLUME_SHOWN].flatMap((id) => [
          [id, "1.5"],
          [`${id}_raw`, 1.5],
        ]),
      ),
    ]),
  },
];

interface Sample {
  template: string;
  text: string;
}

interface Gathered {
  kinds: Set<string>;
  seen: number;
  parents: number;
  read: boolean;
}

export interface KnownFile {
  calls: Record<string, Record<string, string>>;
  names: string[];
}

export async function makeKnownShapes(): Promise<KnownFile> {
  const samples = [...recordedSamples(), ...(await simulatedSamples()), ...DOCUMENTED];
  const calls: KnownFile["calls"] = {};
  const names = new Set<string>(openApiNames());
  for (const call of REPORT_CALLS) {
    const mine = samples.filter(({ template }) => template === call.template);
    const places = gather(
      call,
      mine.map(({ text }) => text),
    );
    calls[call.template] = Object.fromEntries(
      [...places]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([at, { kinds, seen, parents, read }]) => [
          at,
          [
            [...kinds].toSorted().join("|"),
            ...(seen === parents ? ["always"] : []),
            ...(read ? ["read"] : []),
          ].join(" "),
        ]),
    );
    for (const at of places.keys()) {
      for (const key of at.split("/"))
        if (key !== "" && key !== "*" && key !== "{}") names.add(key);
    }
  }
  return { calls, names: [...names].toSorted() };
}

/** Names of fields in IBKR's own OpenAPI file. */
function openApiNames(): string[] {
  const names = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, child] of Object.entries(value)) {
      if (key === "properties") for (const name of Object.keys(asRecord(child))) names.add(name);
      visit(child);
    }
  };
  visit(readExtract());
  // Some of them are examples of keys that are data.
  return [...names].filter((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !/\d{4}/.test(name));
}

export function recordedSamples(): Sample[] {
  return globSync(resolve(RECORDED, "*/*.json"))
    .sort()
    .flatMap((file) => {
      const text = readFileSync(file, "utf8");
      const recording = asRecord(JSON.parse(text));
      const request = asRecord(recording.Request);
      const path = String(request.Path).replace("/v1/api", "").split("?")[0] ?? "";
      const method = Array.isArray(request.Methods) ? String(request.Methods[0]) : "GET";
      const template = templateOf(method, path);
      return template === null
        ? []
        : [{ template, text: JSON.stringify(asRecord(recording.Response).Body) }];
    });
}

async function simulatedSamples(): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const paper of [true, false]) {
    const bench = await startBench({ paper });
    for (const { method, path, answer } of await tour(bench)) {
      const template = templateOf(method, path);
      if (template !== null && answer.status === 200 && answer.json !== undefined) {
        samples.push({ template, text: answer.text });
      }
    }
    await bench.close();
  }
  return samples;
}

/** Any values do: what is asked about is not looked at. */
const ANY: Learnt = {
  accountId: "DU1234567",
  conids: [265598],
  orderId: "1",
  alertId: "1",
  watchlistId: "1",
  month: "APR26",
  strike: "100",
};

function gather(call: ReportCall, texts: readonly string[]): Map<string, Gathered> {
  const maps = new Set(MAPS[call.template] ?? []);
  const places = new Map<string, Gathered>();
  for (const text of texts) {
    walk(JSON.parse(text), "", maps, (at, value) => {
      const place = places.get(at) ?? { kinds: new Set(), seen: 0, parents: 0, read: false };
      places.set(at, place);
      place.kinds.add(kindOf(value));
      place.seen += 1;
    });
  }
  for (const [at, place] of places) {
    const parent = at.slice(0, at.lastIndexOf("/"));
    const records = at === "" ? texts.length : recordsAt(texts, parent, maps);
    place.parents = records;
    place.read = texts.some((text) => isRead(call, text, at, maps));
  }
  return places;
}

type Maps = ReadonlySet<string>;

function walk(
  value: unknown,
  at: string,
  maps: Maps,
  visit: (at: string, value: unknown) => void,
): void {
  visit(at, value);
  for (const [key, child] of childrenOf(value, at, maps)) walk(child, `${at}/${key}`, maps, visit);
}

function childrenOf(value: unknown, at: string, maps: Maps): [string, unknown][] {
  if (Array.isArray(value)) return value.map((item): [string, unknown] => ["*", item]);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).map(([key, child]) => [maps.has(at) ? "{}" : key, child]);
}

/** How many records stand at a place: a field of them is always there if it is there as often. */
function recordsAt(texts: readonly string[], place: string, maps: Maps): number {
  let records = 0;
  for (const text of texts) {
    walk(JSON.parse(text), "", maps, (at, value) => {
      if (at === place && kindOf(value) === "record") records += 1;
    });
  }
  return records;
}

function isRead(call: ReportCall, text: string, place: string, maps: Maps): boolean {
  const whole = complaints(call, parseWireJson(text));
  const spoilt = complaints(call, spoil(parseWireJson(text), "", place, maps));
  return whole !== null && (spoilt === null || spoilt > whole);
}

/** The answer with something that nobody can read at one place. */
function spoil(value: unknown, at: string, place: string, maps: Maps): unknown {
  if (at === place) return typeof value === "object" && value !== null ? true : { "?": { "?": 1 } };
  if (!place.startsWith(`${at}/`)) return value;
  if (Array.isArray(value)) return value.map((item) => spoil(item, `${at}/*`, place, maps));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [
      key,
      spoil(child, `${at}/${maps.has(at) ? "{}" : key}`, place, maps),
    ]),
  );
}

/** How many values a reader could not read; null where it refused the answer. */
function complaints(call: ReportCall, json: unknown): number | null {
  try {
    const { value, unread } = countUnread(() => call.ask(ANY)?.decode(json));
    return value === null ? null : unread;
  } catch {
    return null;
  }
}
