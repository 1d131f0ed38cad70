/**
 * Recognises numbers in text: a sign, a unit before or after, digits with a decimal mark and marks between
 * groups. All cells of a column keep to one convention and one unit.
 */
import { isPlain, type NumberFormat, PLAIN_FORMAT } from '../reading.js';

/**
 * Matches plain numbers: digits with a decimal point, perhaps an exponent, and perhaps `_` between digits as
 * in many programming languages. Plain numbers need no format.
 */
const PLAIN = /^[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)([eE][+-]?\d+)?$/;

/** Whether text is a number as most programming languages write it; spaces around it are allowed. */
export const isPlainNumber = (text: string): boolean => PLAIN.test(text.trim());

/** Matches currencies, which stand before or after the number. Letters alone must be on this list. */
const CURRENCY =
  '(?:[A-Z]{1,3})?\\p{Sc}|USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RON|BGN|TRY|RUB|UAH|BRL|MXN|ARS|CLP|COP|ZAR|KRW|SGD|HKD|THB|IDR|MYR|PHP|VND|ILS|AED|SAR|Rs\\.?|kr\\.?|Fr\\.?|zł|Kč|Ft';
/** Matches units that may touch the number; any other unit needs a space before it (`36 months`). */
const TOUCHING =
  '[%‰°]|°\\s?[CF]|[kKMGT]?[bB]|[kmcµn]?m[²³23]?|[kmµ]?g|t|[mc]?[lL]|ms|s|sec|min|h|hr|hrs|ft²?|in|yd|mi|lb|lbs|oz|k?W|k?Wh|hp|PS|cc|ccm|V|mA|A|k?Hz|MHz|GHz|mph|mpg|km/h|km/l|kmpl|k?Pa|bar|psi|kcal|cal|px|ha|sqft|sqm';
const AFTER_SPACE = '[\\p{L}%‰°²³/.\\-^\\d]*\\p{L}[\\p{L}%‰°²³/.\\-^\\d]*';

const SPACE = '[ \\u00a0\\u2009\\u202f]';
/** The minus sign, the dashes and hyphens that word processors put in its place, and full-width ones. */
const MINUS = '−–‒‐‑﹣－';
const MINUSES = new RegExp(`^[${MINUS}]`);
const NUMBER_PARTS = new RegExp(
  `^([+\\-${MINUS}]?)${SPACE}*(${CURRENCY})?${SPACE}*([+\\-${MINUS}]?)([\\d.,][\\d.,'’ \\u00a0\\u2009\\u202f]*?(?:[eE][+-]?\\d+)?)(?:${SPACE}*(${CURRENCY}|${TOUCHING})|${SPACE}+(${AFTER_SPACE}))?$`,
  'u',
);

/** Number parts are the parts of a text that may be a number. */
export interface NumberParts {
  readonly negative: boolean;
  /** Currency before the number. */
  readonly prefix: string;
  /** Digits and marks, with every kind of space and apostrophe replaced by the common one. */
  readonly core: string;
  /** Currency or other unit after the number. */
  readonly suffix: string;
}

/**
 * Splits text into the parts of a number; returns null for text that cannot be a number in any convention.
 */
export function splitNumber(text: string): NumberParts | null {
  const parts = NUMBER_PARTS.exec(text.trim());
  if (parts === null || (parts[1] !== '' && parts[3] !== '')) return null;
  const sign = parts[1] + parts[3];
  return {
    negative: sign !== '' && sign !== '+',
    prefix: parts[2] ?? '',
    core: parts[4].replace(/[\u00a0\u2009\u202f]/g, ' ').replaceAll('’', "'"),
    suffix: parts[5] ?? parts[6] ?? '',
  };
}

/** A convention is a way to write numbers: a decimal mark and a mark between groups of three digits. */
export interface Convention extends Pick<NumberFormat, 'decimal' | 'thousands'> {
  /** Matches digits and marks that are written in this way. */
  readonly fits: RegExp;
}

/** Makes a convention. Groups have three digits, before the last one also two, as in India (`12,34,567`). */
function conventionOf(decimal: '.' | ',', thousands: NumberFormat['thousands']): Convention {
  const mark = `\\${decimal}`;
  const ungrouped = `\\d+${mark}?\\d*|${mark}\\d+`;
  const exponent = '(?:[eE][+-]?\\d+)?';
  const group = thousands === ' ' ? ' ' : `\\${thousands}`;
  const grouped = thousands === '' ? '' : `|[1-9]\\d{0,2}(?:${group}\\d{2,3})*${group}\\d{3}(?:${mark}\\d+)?`;
  return { decimal, thousands, fits: new RegExp(`^(?:(?:${ungrouped})${exponent}${grouped})$`) };
}

/** All conventions, the simplest first; of several that give the same values, the first one is taken. */
export const CONVENTIONS: readonly Convention[] = [
  conventionOf('.', ''),
  conventionOf(',', ''),
  conventionOf('.', ','),
  conventionOf(',', '.'),
  conventionOf('.', ' '),
  conventionOf(',', ' '),
  conventionOf('.', "'"),
  conventionOf(',', "'"),
];

/** Matches units in which capitals do not matter: words that are not in mixed case, and a few short units. */
const WORD = /^(\p{Lu}?\p{Ll}{2,}|\p{Lu}{3,}|kg|km|cm|lb|hr|yr)$/u;

/**
 * Returns a key that is equal for spellings of one unit: `1 year` and `5 Years`, but not `5 MW` and `5 mW`.
 */
export function unitKey({ prefix, suffix }: Pick<NumberParts, 'prefix' | 'suffix'>): string {
  const ignoresCase = WORD.test(suffix) || /^(K[gG]|K[mM]|C[mM]|L[bB])$/.test(suffix);
  return `${prefix}\n${ignoresCase ? suffix.toLowerCase().replace(/(?<=..)s$/, '') : suffix}`;
}

/** Computes the value of a number under a convention that it fits. */
export function numberValue({ negative, core }: NumberParts, { decimal, thousands }: Convention): number {
  const digits = thousands === '' ? core : core.replaceAll(thousands, '');
  const value = Number(decimal === ',' ? digits.replace(',', '.') : digits);
  return negative ? -value : value;
}

/** Returns a parser for a format, which returns NaN for text that is not a number of that format. */
export function numberParser(format: NumberFormat): (text: string) => number {
  const parseParts = partsParser(format);
  if (!isPlain(format)) return parseParts;
  return (text) => {
    const trimmed = text.trim().replace(MINUSES, '-');
    return PLAIN.test(trimmed) ? Number(trimmed.replaceAll('_', '')) : parseParts(text);
  };
}

/** Returns a parser that splits text into parts and checks that unit and marks are those of the format. */
function partsParser(format: NumberFormat): (text: string) => number {
  const unit = unitKey(format);
  const convention = CONVENTIONS.find(
    ({ decimal, thousands }) => decimal === format.decimal && thousands === format.thousands,
  )!;
  return (text) => {
    const parts = splitNumber(text);
    if (parts === null || !convention.fits.test(parts.core)) return Number.NaN;
    const bare = parts.prefix === '' && parts.suffix === '';
    return unitKey(parts) === unit || (bare && format.bare) ? numberValue(parts, convention) : Number.NaN;
  };
}

/** Parses plain numbers, for a column about which nothing is known. */
export const parsePlain = numberParser(PLAIN_FORMAT);

/** Returns an example of a format for messages: `€1,234.5`. */
export function exampleNumber({ decimal, thousands, prefix, suffix }: NumberFormat): string {
  return `${prefix}1${thousands}234${decimal}5${suffix === '' || /^[%‰°]/.test(suffix) ? suffix : ` ${suffix}`}`;
}
