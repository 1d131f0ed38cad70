/** Writes HTML from a template in which every value is escaped unless it is HTML itself. */

/** HTML that is ready to stand in a page. */
export class Html {
  constructor(readonly text: string) {}
}

/** What may be put into a template; null and false leave nothing. */
export type Content = Html | string | number | null | undefined | false | readonly Content[];

/** Characters of a text from a file that are shown at most; the rest is counted. */
const MOST_CHARACTERS = 1000;

/**
 * Returns the HTML of a template: its own text as it stands, its values escaped. Values may stand between
 * tags and in attributes that are quoted.
 */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(parts.reduce((text, part, i) => text + written(values[i - 1]) + part));
}

function written(value: Content): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(written).join('');
  return escapeText(shortened(String(value)));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Control characters, unpaired surrogates, and marks that turn the direction of the text. */
const UNSEEN = /[\p{Cc}\p{Surrogate}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Escapes text, in which unseen characters become visible. */
export function escapeText(text: string): string {
  return withVisible(text).replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/** Puts a visible sign in the place of every character that would not be seen. */
export const withVisible = (text: string): string => text.replace(UNSEEN, visible);

/** Returns the sign that Unicode has for a control character, such as ␛ for escape, or a general one. */
function visible(character: string): string {
  if (character === '\n' || character === '\t') return character;
  const code = character.codePointAt(0)!;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return code === 0x7f ? '\u2421' : '\ufffd';
}

/** Cuts a long text, and says how much is missing. */
export function shortened(text: string, most = MOST_CHARACTERS): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most)}… (${text.length - most} more characters)`;
}
