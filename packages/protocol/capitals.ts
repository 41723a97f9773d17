/**
 * A code that was written in small letters, in capitals. One that mixes both is left as it is: the
 * broker has symbols with small letters in them, and the same letters in capitals are another share.
 */
export const inCapitals = (text: string): string =>
  text === text.toLowerCase() ? text.toUpperCase() : text;
