import type { Subject } from '../../src/explain/subject.js';
import { printNotes } from './output.js';

/** Says on stderr which network of a bag is shown. */
export function noteMember({ bag }: Pick<Subject, 'bag'>): void {
  if (bag) printNotes([`member ${bag.member} of a bag of ${bag.of} networks; --member shows another`]);
}
