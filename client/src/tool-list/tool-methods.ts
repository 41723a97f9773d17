import type { ToolAnswers, ToolInputs } from "./tool-types.generated.ts";

export type ToolName = keyof ToolInputs & keyof ToolAnswers;

/** Tools whose answers come in pages. */
export type PagedToolName = {
  [Name in ToolName]: ToolInputs[Name] extends { cursor?: string } ? Name : never;
}[ToolName];

type Camel<Words extends string> = Words extends `${infer First}_${infer Rest}`
  ? `${First}${Capitalize<Camel<Rest>>}`
  : Words;
type MethodName<Name extends string> = Name extends `ibkr_${infer Words}` ? Camel<Words> : never;

/** One method for each tool: `ibkr_positions_list` is `positionsList`. */
export type ToolMethods<Options> = {
  [Name in ToolName as MethodName<Name>]: Record<string, never> extends ToolInputs[Name]
    ? (input?: ToolInputs[Name], options?: Options) => Promise<ToolAnswers[Name]>
    : (input: ToolInputs[Name], options?: Options) => Promise<ToolAnswers[Name]>;
};

export function methodName(tool: string): string {
  return tool
    .replace(/^ibkr_/, "")
    .replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
