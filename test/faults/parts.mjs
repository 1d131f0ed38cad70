/**
 * All that is tried. Each part has rows, the number of tries that a row can have, and a function that does
 * one: it says first what it tries, and returns what came of it as `as`, and as `wrong` what it must not. One
 * that makes `each` tries at once returns a list.
 */
import { accidents, flips } from './accidents.mjs';
import { calls } from './calls.mjs';
import { damages } from './damages.mjs';
import { fuzz } from './fuzz.mjs';
import { kills } from './kills.mjs';

export const PARTS = { kills, calls, accidents, flips, damages, fuzz };
