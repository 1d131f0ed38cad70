/** Starts the page of `explain --html`: reads the data that stand in it, and fills its main part. */
import { config } from 'zod';
import type { PageData } from '#src/explain/pagedata.js';
import { Lesson } from './lesson.js';

config({ jitless: true }); // the page forbids code that is made from text
const data: PageData = JSON.parse(document.getElementById('data')!.textContent!);
new Lesson(data, document.getElementById('lesson')!);
