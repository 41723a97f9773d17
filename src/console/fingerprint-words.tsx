/** The six words over a key, numbered, to be compared with those on the other screen. */
export function FingerprintWords({ words }: { words: string }) {
  return (
    <ol class="words">
      {words.split(/[\s-]+/).map((word) => (
        <li>{word}</li>
      ))}
    </ol>
  );
}
