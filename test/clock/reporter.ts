import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import type { Reporter, TestModule } from "vitest/node";
import { ROOT } from "../../scripts/lib/paths.ts";

/** What a case came to. */
export interface CaseResult {
  /** `<instant> <zone> <kind>`, the project's name. */
  name: string;
  files: number;
  passed: number;
  failed: number;
  seconds: number;
  failures: Failure[];
}

export interface Failure {
  file: string;
  test: string;
  message: string;
}

/** Says how far a run is, what fails as it fails, and leaves the figures of each case in a file. */
export class CaseReporter implements Reporter {
  readonly #file: string;
  readonly #results = new Map<string, CaseResult>();
  /** How many modules run, and how many have ended. */
  #all = 0;
  #done = 0;
  #saidAt = 0;
  readonly #running = new Set<string>();

  constructor(file: string) {
    this.#file = file;
  }

  onTestRunStart(specifications: readonly unknown[]): void {
    this.#all = specifications.length;
  }

  onTestModuleQueued(module: TestModule): void {
    this.#running.add(nameOf(module));
    this.#write(0);
  }

  onTestModuleEnd(module: TestModule): void {
    this.#running.delete(nameOf(module));
    const { name } = module.project;
    const result = this.#results.get(name) ?? {
      ...{ name, files: 0, passed: 0, failed: 0, seconds: 0 },
      failures: [],
    };
    this.#results.set(name, result);
    result.files += 1;
    result.seconds += module.diagnostic().duration / 1000;
    const file = relative(ROOT, module.moduleId);
    const fail = (test: string, message: string): void => {
      result.failed += 1;
      result.failures.push({ file, test, message });
      console.log(`FAIL ${name} ${file} > ${test}\n     ${message.split("\n").join("\n     ")}`);
    };
    for (const error of module.errors()) fail("(the file)", error.message);
    for (const test of module.children.allTests()) {
      const { state, errors } = test.result();
      if (state === "passed") result.passed += 1;
      if (state === "failed") {
        fail(test.fullName, (errors[0]?.stack ?? errors[0]?.message ?? "").slice(0, 900));
      }
    }
    for (const suite of module.children.allSuites()) {
      for (const error of suite.errors()) fail(suite.fullName, error.message);
    }
    this.#progress();
  }

  onTestRunEnd(_modules: unknown, errors: readonly { message?: unknown }[]): void {
    for (const error of errors) console.log(`FAIL outside of the tests: ${String(error.message)}`);
    this.#write(errors.length);
  }

  #write(stray: number): void {
    const missing = this.#all - this.#done;
    writeFileSync(
      this.#file,
      JSON.stringify({
        results: [...this.#results.values()],
        stray,
        missing,
        running: [...this.#running],
      }),
    );
  }

  #progress(): void {
    this.#done += 1;
    // A run that comes to no end leaves the figures of what it got to, and what it was at.
    this.#write(0);
    const now = performance.now();
    if (now - this.#saidAt < 10_000 && this.#done < this.#all) return;
    this.#saidAt = now;
    console.log(`${this.#done} of ${this.#all} files`);
  }
}

const nameOf = (module: TestModule): string =>
  `${module.project.name} ${relative(ROOT, module.moduleId)}`;
