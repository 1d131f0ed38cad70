/**
 * Parses dates in named formats, such as `dd/mm/yyyy`, `mmm dd, yyyy` and `hh:mm`. In every format a time of
 * day and a zone may follow the date. The value of a date is its number of days since 1970-01-01 in UTC.
 */
import { UsageError } from '../../errors.js';

/** Parses text as a date of one format; NaN if it is not one, or if there is no such day. */
type DateParser = (text: string) => number;

/** Formats that are recognised in a column, the usual ones first. */
export const DATE_FORMATS = [
  'yyyy-mm-dd',
  'yyyy/mm/dd',
  'yyyy.mm.dd',
  'dd/mm/yyyy',
  'mm/dd/yyyy',
  'dd.mm.yyyy',
  'dd-mm-yyyy',
  'mm-dd-yyyy',
  'dd/mm/yy',
  'mm/dd/yy',
  'dd.mm.yy',
  'dd-mm-yy',
  'mm-dd-yy',
  'dd mmm yyyy',
  'dd-mmm-yyyy',
  'dd/mmm/yyyy',
  'dd-mmm-yy',
  'dd mmm yy',
  'mmm dd, yyyy',
  'mmm dd yyyy',
  'mmm-dd-yyyy',
  'yyyy-mmm-dd',
  'mmm yyyy',
  'mmm-yyyy',
  'mmm-yy',
  'yyyy-mm',
  'mm/yyyy',
  'hh:mm',
] as const;
/** Formats that begin with a two-digit year; they are tried only where no other format fits all values. */
export const YEAR_FIRST = ['yy/mm/dd', 'yy-mm-dd', 'yy.mm.dd'] as const;

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MONTH_NAME =
  '(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?';
const WEEKDAY = '(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\\.?,?\\s+)?';
const CLOCK = '(\\d{1,2}):(\\d\\d)(?::(\\d\\d)(?:[.,](\\d{1,9}))?)?(?:\\s*([ap])\\.?m\\.?)?';
const ZONE = '\\s*(z|utc|gmt|[+-]\\d\\d(?::?\\d\\d)?)?';
const TOKEN = /yyyy|yy|mmm|mm|dd/g;

/** First two-digit year that means 19xx; those below it mean 20xx, as in POSIX. */
const PIVOT = 69;
const MS_A_DAY = 86_400_000;
const SECONDS_A_DAY = 86_400;

/**
 * Returns a parser for a format. Throws UsageError for a format that makes no sense.
 * @example dateParser('dd/mm/yyyy')('25/12/2020') // 18621
 */
export function dateParser(format: string): DateParser {
  return compileDateFormat(format).parse;
}

/**
 * Returns a format's parser, and a test whether text is written in the format. 2020-02-31 passes the test,
 * although there is no such day. Throws UsageError for a format that makes no sense.
 */
export function compileDateFormat(format: string): { parse: DateParser; matches: (text: string) => boolean } {
  if (/^hh:mm(:ss)?$/.test(format)) return { parse: timeOfDay, matches: (text) => TIME.test(text.trim()) };
  const tokens: readonly string[] = format.match(TOKEN) ?? [];
  checkTokens(format, tokens);
  const touching = /(yy|mm|dd)(yy|mm|dd)/.test(format.replace('yyyy', 'yy'));
  const digits = touching ? '(\\d\\d)' : '(\\d{1,2})';
  const patterns: Record<string, string> = {
    yyyy: '(\\d{4})',
    yy: '(\\d\\d)',
    mmm: MONTH_NAME,
    mm: digits,
    dd: tokens.includes('mmm') ? `${digits}(?:st|nd|rd|th)?` : digits,
  };
  const source = format
    .split(/(yyyy|yy|mmm|mm|dd)/)
    .map((part) => patterns[part] ?? separator(part))
    .join('');
  const weekday = tokens.includes('mmm') ? WEEKDAY : '';
  const pattern = new RegExp(`^${weekday}${source}(?:(?:\\s*t|,?\\s+|:)${CLOCK}${ZONE})?$`, 'i');
  const indexOf = (token: string) => tokens.indexOf(token);
  const yearIndex = Math.max(indexOf('yyyy'), indexOf('yy'));
  const monthIndex = Math.max(indexOf('mmm'), indexOf('mm'));
  const dayIndex = indexOf('dd');
  const isShortYear = tokens[yearIndex] === 'yy';
  const isMonthName = tokens[monthIndex] === 'mmm';
  const parse = (text: string) => {
    const match = pattern.exec(text.trim());
    if (match === null) return Number.NaN;
    const parts = match.slice(1);
    const y = Number(parts[yearIndex]);
    const year = isShortYear ? y + (y < PIVOT ? 2000 : 1900) : y;
    const month = isMonthName
      ? MONTHS.indexOf(parts[monthIndex].slice(0, 3).toLowerCase()) + 1
      : Number(parts[monthIndex]);
    const day = dayIndex < 0 ? 1 : Number(parts[dayIndex]);
    return (midnight(year, month, day) * SECONDS_A_DAY + clock(parts.slice(tokens.length))) / SECONDS_A_DAY;
  };
  return { parse, matches: (text) => pattern.test(text.trim()) };
}

/**
 * Returns the pattern of what stands between two parts: a space may be several, and a comma may be left out.
 */
function separator(text: string): string {
  return text
    .replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
    .replaceAll(', ', ',?\\s+')
    .replace(/^ $/, '\\s+');
}

/** Throws UsageError unless the format has one year, one month and at most one day. */
function checkTokens(format: string, tokens: readonly string[]): void {
  const rest = format.replace(TOKEN, '');
  const kinds = tokens.map((token) => token[0]);
  const once = ['y', 'm'].every((kind) => kinds.filter((other) => other === kind).length === 1);
  const days = kinds.filter((kind) => kind === 'd').length;
  if (once && days <= 1 && /^[-/., ]*$/.test(rest)) return;
  throw new UsageError(
    `date format "${format}": expected yyyy or yy, mm or mmm, and dd with what stands between them, such as dd/mm/yyyy, mm-dd-yy, "mmm dd, yyyy", yyyymmdd or hh:mm; a time after the date needs no mention`,
  );
}

const TIME = new RegExp(`^${CLOCK}$`, 'i');

function timeOfDay(text: string): number {
  const parts = TIME.exec(text.trim());
  return parts === null ? Number.NaN : clock(parts.slice(1)) / SECONDS_A_DAY;
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Returns the days from 1970-01-01 to a date; NaN if the month has no such day. */
function midnight(year: number, month: number, day: number): number {
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= MONTH_DAYS[month - 1] + Number(leap)))
    return Number.NaN;
  if (year >= 100) return Date.UTC(year, month - 1, day) / MS_A_DAY;
  const date = new Date(0); // since Date.UTC takes the year 99 for 1999
  date.setUTCFullYear(year, month - 1, day);
  return date.getTime() / MS_A_DAY;
}

/** Whether a number is a day between 1900 and 2100 written as yyyymmdd. */
export function isCalendarDay(value: number): boolean {
  if (!(value >= 19_000_101 && value <= 21_001_231) || value % 1 !== 0) return false;
  const [year, rest] = [Math.floor(value / 10_000), value % 10_000];
  return !Number.isNaN(midnight(year, Math.floor(rest / 100), rest % 100));
}

/**
 * Returns the second of the day in UTC for the matched [hours, minutes, seconds, fraction, a or p, zone], of
 * which any may be undefined; NaN if there is no such time.
 */
function clock([hours, minutes, seconds = '0', fraction = '', aOrP, zone]: (string | undefined)[]): number {
  if (hours === undefined) return 0;
  let h = Number(hours);
  if (aOrP !== undefined) {
    if (h < 1 || h > 12) return Number.NaN;
    h = (h % 12) + (aOrP.toLowerCase() === 'p' ? 12 : 0);
  }
  const [m, s] = [Number(minutes), Number(seconds)];
  if (h > 23 || m > 59 || s > 60) return Number.NaN;
  return 3600 * h + 60 * m + s + Number(`0.${fraction || 0}`) - offset(zone);
}

/** Returns a zone's offset in seconds, positive east of UTC. */
function offset(zone: string | undefined): number {
  if (zone === undefined || !/^[+-]/.test(zone)) return 0;
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  return (zone[0] === '-' ? -1 : 1) * (3600 * Number(digits.slice(0, 2)) + 60 * Number(digits.slice(2)));
}

/** Writes a number of days as a date: `2020-01-01`, with the time if it is not midnight. */
export function dayName(days: number): string {
  return new Date(days * MS_A_DAY)
    .toISOString()
    .replace(/T00:00:00\.000Z$/, '')
    .replace(/\.000Z$/, 'Z');
}
