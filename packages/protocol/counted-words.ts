/** A number with what it counts: `counted(1, "order")` is "1 order", `counted(2, "order")` "2 orders". */
export function counted(many: number | string, one: string): string {
  return `${many} ${one}${String(many) === "1" ? "" : "s"}`;
}
