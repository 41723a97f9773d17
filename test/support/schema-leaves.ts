import * as z from "zod";

/** The fields of an object's schema, those of the objects in it with their paths: `paper.enabled`. */
export function leavesOf(schema: z.core.$ZodType, path: readonly string[] = []): string[] {
  if (schema instanceof z.ZodObject) {
    return Object.entries(schema.shape).flatMap(([name, field]) =>
      leavesOf(field, [...path, name]),
    );
  }
  return [path.join(".")];
}
