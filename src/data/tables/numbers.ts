/**
 * What text is a number: a sign, a unit before or after, digits with a decimal mark and marks between groups.
 * A column keeps one convention and one unit in all its cells.
 */
import { isPlain, type NumberFormat, PLAIN_FORMAT } from '../reading.js';

/**
 * Digits with a decimal point, perhaps an exponent, and as in many languages `_` between digits: what every
 * source may hold without a format being named.
 */
const PLAIN = /^[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)([eE][+-]?\d+)?$/;
export const isPlainNumber = (text: string): boolean => PLAIN.test(text.trim());

/**
 * Currencies stand before the number, or after it; letters alone are taken for one only if they are on this
 * list.
 */
const CURRENCY =
  '(?:[A-Z]{1,3})?\\p{Sc}|USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RON|BGN|TRY|RUB|UAH|BRL|MXN|ARS|CLP|COP|ZAR|KRW|SGD|HKD|THB|IDR|MYR|PHP|VND|ILS|AED|SAR|Rs\\.?|kr\\.?|Fr\\.?|zł|Kč|Ft';
/** Units that may touch the number; any other word needs a space before it (`36 months`). */
const TOUCHING =
  '[%‰°]|°\\s?[CF]|[kKMGT]?[bB]|[kmcµn]?m[²³23]?|[kmµ]?g|t|[mc]?[lL]|ms|s|sec|min|h|hr|hrs|ft²?|in|yd|mi|lb|lbs|oz|k?W|k?Wh|hp|PS|cc|ccm|V|mA|A|k?Hz|MHz|GHz|mph|mpg|km/h|km/l|kmpl|k?Pa|bar|psi|kcal|cal|px|ha|sqft|sqm';
const AFTER_SPACE = '[\\p{L}%‰°²³/.\\-^\\d]*\\p{L}[\\p{L}%‰°²³/.\\-^\\d]*';

const SPACE = '[ \\u00a0\\u2009\\u202f]';
/** The minus sign, the dashes and hyphens that word processors put in its place, and the full-width ones. */
const MINUS = '−–‒‐‑﹣－';
const MINUSES = new RegExp(`^[${MINUS}]`);
const NUMBER_PARTS = new RegExp(
  `^([+\\-${MINUS}]?)${SPACE}*(${CURRENCY})?${SPACE}*([+\\-${MINUS}]?)([\\d.,][\\d.,'’ \\u00a0\\u2009\\u202f]*?(?:[eE][+-]?\\d+)?)(?:${SPACE}*(${CURRENCY}|${TOUCHING})|${SPACE}+(${AFTER_SPACE}))?$`,
  'u',
);

/** A text that may be a number, taken apart. */
export interface NumberParts {
  readonly negative: boolean;
  readonly prefix: string;
  /** digits and marks, every kind of space and apostrophe written the common way */
  readonly core: string;
  readonly suffix: string;
}

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

/** A way to write numbers, and which digits and marks keep to it. */
export interface Convention extends Pick<NumberFormat, 'decimal' | 'thousands'> {
  readonly fits: RegExp;
}

function convention(decimal: '.' | ',', thousands: NumberFormat['thousands']): Convention {
  const mark = `\\${decimal}`;
  const ungrouped = `\\d+${mark}?\\d*|${mark}\\d+`;
  const exponent = '(?:[eE][+-]?\\d+)?';
  const group = thousands === ' ' ? ' ' : `\\${thousands}`;
  const grouped = thousands === '' ? '' : `|[1-9]\\d{0,2}(?:${group}\\d{2,3})*${group}\\d{3}(?:${mark}\\d+)?`;
  return { decimal, thousands, fits: new RegExp(`^(?:(?:${ungrouped})${exponent}${grouped})$`) };
}

/** The simplest come first: of several that give the same values, the first is taken. */
export const CONVENTIONS: readonly Convention[] = [
  convention('.', ''),
  convention(',', ''),
  convention('.', ','),
  convention(',', '.'),
  convention('.', ' '),
  convention(',', ' '),
  convention('.', "'"),
  convention(',', "'"),
];

/**
 * Letters that two spellings of a unit may write large or small: those of a word that is not written in mixed
 * case.
 */
const WORD = /^(\p{Lu}?\p{Ll}{2,}|\p{Lu}{3,}|kg|km|cm|lb|hr|yr)$/u;

/** What two cells of one unit share: `1 year` and `5 Years` have one, `5 MW` and `5 mW` have not. */
export function unitKey({ prefix, suffix }: Pick<NumberParts, 'prefix' | 'suffix'>): string {
  const free = WORD.test(suffix) || /^(K[gG]|K[mM]|C[mM]|L[bB])$/.test(suffix);
  return `${prefix}\n${free ? suffix.toLowerCase().replace(/(?<=..)s$/, '') : suffix}`;
}

/** The value of a shape under a convention that it fits. */
export function numberValue({ negative, core }: NumberParts, { decimal, thousands }: Convention): number {
  const digits = thousands === '' ? core : core.replaceAll(thousands, '');
  const value = Number(decimal === ',' ? digits.replace(',', '.') : digits);
  return negative ? -value : value;
}

/** Reads text as a number of this format; NaN where it is none. */
export function numberParser(format: NumberFormat): (text: string) => number {
  const shaped = shapedParser(format);
  if (!isPlain(format)) return shaped;
  return (text) => {
    const trimmed = text.trim().replace(MINUSES, '-');
    return PLAIN.test(trimmed) ? Number(trimmed.replaceAll('_', '')) : shaped(text);
  };
}

function shapedParser(format: NumberFormat): (text: string) => number {
  const unit = unitKey(format);
  const found = CONVENTIONS.find(
    ({ decimal, thousands }) => decimal === format.decimal && thousands === format.thousands,
  )!;
  return (text) => {
    const shape = splitNumber(text);
    if (shape === null || !found.fits.test(shape.core)) return Number.NaN;
    const bare = shape.prefix === '' && shape.suffix === '';
    return unitKey(shape) === unit || (bare && format.bare) ? numberValue(shape, found) : Number.NaN;
  };
}

/** Plain numbers for a column of which nothing is known. */
export const parsePlain = numberParser(PLAIN_FORMAT);

/** An example of the format, for messages: `€1,234.50`. */
export function exampleNumber({ decimal, thousands, prefix, suffix }: NumberFormat): string {
  return `${prefix}1${thousands}234${decimal}5${suffix === '' || /^[%‰°]/.test(suffix) ? suffix : ` ${suffix}`}`;
}
