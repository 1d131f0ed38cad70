/** Quotes words for a POSIX shell, so that a command that is shown can be copied and run. */

/** Returns a text as one word of a shell command: as it is, or in single quotes where a character needs them. */
export function shellWord(text: string): string {
  return /^[\p{L}\p{N}_@%+:,./=-]+$/u.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Returns a path as one word of a shell command; one that begins like a flag gets ./ in front. */
export const shellPath = (path: string): string => shellWord(path.startsWith('-') ? `./${path}` : path);
