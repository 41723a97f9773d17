/**
 * Whether an event changes what some page shows. An agent's reading does not, nor does the log's own
 * keeping; a kind that is not known here may.
 */
export function isPageNews(type: string | null): boolean {
  return type !== null && !/^(tool\.|log\.(?!rolled_back|forked|another_log|settled))/.test(type);
}
