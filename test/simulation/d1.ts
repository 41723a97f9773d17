import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { Chance } from "./chance.ts";
import { actor, type Scheduler } from "./scheduler.ts";

const prepared = new WeakMap<DatabaseSync, Map<string, StatementSync>>();

/** D1, as far as an account's object uses it: far away, sometimes down, sometimes done though it failed. */
export class SimulatedD1 {
  readonly database: DatabaseSync;
  readonly #scheduler: Scheduler;
  readonly #chance: Chance;
  readonly #place = actor("d1");
  down = false;

  constructor(database: DatabaseSync, scheduler: Scheduler, chance: Chance) {
    this.database = database;
    this.#scheduler = scheduler;
    this.#chance = chance;
  }

  prepare(query: string) {
    const bound = (values: SQLInputValue[]) => ({
      bind: (...more: SQLInputValue[]) => bound(more),
      run: () =>
        this.#round(() => {
          this.#statement(query).run(...values);
          return { success: true };
        }),
      all: () => this.#round(() => ({ results: this.#statement(query).all(...values) })),
      first: (column?: string) =>
        this.#round(() => {
          const row = this.#statement(query).get(...values);
          if (row === undefined) return null;
          return column === undefined ? row : row[column];
        }),
    });
    return bound([]);
  }

  #statement(query: string): StatementSync {
    const known = prepared.get(this.database) ?? new Map<string, StatementSync>();
    prepared.set(this.database, known);
    const statement = known.get(query) ?? this.database.prepare(query);
    known.set(query, statement);
    return statement;
  }

  #round<T>(act: () => T): Promise<T> {
    const asker = this.#scheduler.current;
    const away = () => this.#chance.between(2, 40);
    return new Promise((resolve, reject) => {
      const arrive = (): void => {
        // What fails may have been done all the same.
        const lost = this.down;
        let end: () => void = () => reject(new Error("D1_ERROR: the database is not reachable"));
        try {
          if (!lost || this.#chance.odds(0.3)) {
            const value = act();
            if (!lost) end = () => resolve(value);
          }
        } catch (error) {
          end = () => reject(error);
        }
        this.#scheduler.after(away(), end, asker);
      };
      this.#scheduler.after(away(), arrive, this.#place);
    });
  }
}
