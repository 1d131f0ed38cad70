/** The page of `explain --html`, which plays the lecture on one instance. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Explanation } from '../explain/explain.js';
import type { Subject } from '../explain/subject.js';
import { html, shortened, withVisible } from './html.js';
import { LECTURE_STYLE } from './lecturestyle.js';
import { pageText } from './page.js';

/** The program of the page, as the build puts it together. */
const PROGRAM = new URL('../../page/explain.js', import.meta.url);

/**
 * Writes a page that plays the lecture on a subject: forward pass, divergence and backward pass step by step,
 * the paths of a weight, small changes. It loads nothing; `explanation` must have been made with `steps`.
 *
 * @param name what the network is called in the page, such as the path of its run
 * @example
 * ```js
 * import { explain, explanationPage, openSubject, train } from 'gradpool';
 *
 * for await (const event of train({ data: 'xor', hidden: [2] }, { out: 'runs/played' })) void event;
 * const subject = await openSubject({ path: 'runs/played' });
 * const page = await explanationPage(subject, explain(subject, { steps: true }), 'runs/played');
 * console.log(page.startsWith('<!doctype html>'), page.length < 1e6); // → true true
 * ```
 */
export async function explanationPage(
  subject: Subject,
  explanation: Explanation,
  name: string,
): Promise<string> {
  const { pageData } = await import('../explain/pagedata.js'); // with the library that places nodes
  const { parameters, origin, instance, trace } = explanation;
  const title = shortened(withVisible(name), 120);
  const verdict =
    trace.failures.length > 0
      ? { text: `Some derivatives are wrong: ${trace.failures.join('; ')}`, bad: true }
      : null;
  return pageText({
    title: `The lecture on ${title}`,
    lead: `${parameters.toLocaleString('en-US')} parameters (${origin}), ${shortened(instance)}`,
    status: verdict,
    notes: [],
    sections: [],
    footer: html`Made by gradpool explain --html. → and ← make a step, with Shift a stage.`,
    script: {
      code: readFileSync(fileURLToPath(PROGRAM), 'utf8').trim(),
      data: pageData(subject, explanation, title),
      style: LECTURE_STYLE,
      place: 'lesson',
    },
  });
}
