/**
 * Takes a date apart into the numbers that a network can use. What comes round again (month, day of the
 * month, weekday, time of day) is a point on a circle: December is as near to January as June is to July.
 */
import { cos } from '../elementary.js';

/** What comes round, as a point on a circle. */
export const CIRCLES = ['month', 'day', 'weekday', 'hour'] as const;
/** The name of a circle. */
type Circle = (typeof CIRCLES)[number];

/** The numbers that grow with time: days since 1970-01-01, and the year. */
export const GROWING = ['days', 'year'] as const;

/** A number that is made of a date. */
export type DatePart = (typeof GROWING)[number] | `${Circle}Sin` | `${Circle}Cos`;

/** Year, month (1 to 12) and day of the month of a day since 1970-01-01, in the Gregorian calendar. */
function civil(days: number): { year: number; month: number; day: number } {
  // Years that begin in March end with the leap day, so the days before each month are one formula.
  const fromMarch = Math.floor(days) + 719_468; // days since 0000-03-01
  const era = Math.floor(fromMarch / 146_097); // 400 years
  const dayOfEra = fromMarch - era * 146_097;
  const leapDays =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const march = Math.floor((5 * dayOfYear + 2) / 153); // months since March
  const day = dayOfYear - Math.floor((153 * march + 2) / 5) + 1;
  const month = march < 10 ? march + 3 : march - 9;
  return { year: yearOfEra + 400 * era + (month <= 2 ? 1 : 0), month, day };
}

/** Returns how far round its circle a date is, from 0 up to but not including 1. Weeks begin on Monday. */
export function turnOf(circle: Circle, days: number): number {
  if (circle === 'hour') return days - Math.floor(days);
  if (circle === 'weekday') return ((((Math.floor(days) + 3) % 7) + 7) % 7) / 7; // day 0 was a Thursday
  const { month, day } = civil(days);
  return circle === 'month' ? (month - 1) / 12 : (day - 1) / 31;
}

/** Returns a part of a date that is given in days since 1970-01-01. */
export function datePart(part: DatePart, days: number): number {
  if (part === 'days') return days;
  if (part === 'year') return civil(days).year;
  const isSine = part.endsWith('Sin');
  const angle = 2 * Math.PI * turnOf(part.slice(0, -3) as Circle, days);
  return cos(isSine ? angle - Math.PI / 2 : angle);
}
