/** Whether these are the words of a fingerprint as typed or pasted: spaces, hyphens and case make no difference. */
export function sameWords(typed: string, words: string): boolean {
  return plain(typed) === plain(words);
}

const plain = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .split(/[\s-]+/)
    .join(" ");
